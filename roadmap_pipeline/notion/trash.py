"""Rows in Notion's trash: putting them there, taking them out, and finding those that people put there.

Belongs here: the requests. Whether a row has to go there or to come back is decided elsewhere.
"""

from collections.abc import Callable
from typing import Any

from roadmap_pipeline.notion.client import NotionClient, NotionError
from roadmap_pipeline.notion.ids import notion_id
from roadmap_pipeline.notion.row_payloads import DUPLICATE, Row, data_source_of, encoded, page_or_none, row_of
from roadmap_pipeline.notion.schema import Database

_TRASH_SEARCHED = 2_000
"""Most objects of the workspace's trash that are looked through."""


def trash_row(
    client: NotionClient, page_id: str, *, database: Database | None = None, key_property: str | None = None
) -> None:
    """Put a row into the trash.

    A row that only doubles another is named as a duplicate and loses its key, in the same request: so it is never taken
    for one that a person put there (:func:`find_trashed` leaves it out).

    Args:
        client: The client to write with.
        page_id: The row's page.
        database: Its database, if it is a duplicate.
        key_property: The text property that identifies the rows of that database.
    """
    path = f"pages/{notion_id(page_id)}"
    properties: dict[str, Any] = {}
    if database is not None:
        title = database.schema.title_property
        name = row_of(client, database, client.request("GET", path), [title.name]).values[title.name] or ""
        properties = encoded(database, {title.name: str(name).removesuffix(DUPLICATE) + DUPLICATE})
        if key_property is not None:
            properties |= encoded(database, {key_property: None})
    try:
        client.request("PATCH", path, body={"in_trash": True, **({"properties": properties} if properties else {})})
    except NotionError:
        # Notion refuses to edit what is in the trash: when a lost response is why it was sent again, it is there.
        page = page_or_none(client, page_id)
        if page is not None and not page.get("in_trash"):
            raise


def restore_row(client: NotionClient, page_id: str) -> None:
    """Take a row out of the trash; its values and body are as they were."""
    client.request("PATCH", f"pages/{notion_id(page_id)}", body={"in_trash": False})


def find_trashed(
    client: NotionClient, database: Database, *, is_wanted: Callable[[Row], bool] | None = None
) -> list[Row]:
    """Return the rows that people put into the trash, oldest first. Queries never list them.

    Notion's search names them, and lags: each is confirmed by reading its page. The search looks through the whole
    workspace and ends after a bounded number of objects, those trashed last first, so a row that is not returned may be
    in the trash all the same.

    Args:
        client: The client to read with.
        database: The database; what was in another one is left out, and so are duplicates (:func:`trash_row`).
        is_wanted: Says of a row as the search names it whether to read it at all; default: every row.
    """
    rows = []
    for hit in _search_trash(client):
        if data_source_of(hit) != database.data_source_id:
            continue
        if is_wanted is not None and not is_wanted(row_of(client, database, hit)):
            continue
        page = page_or_none(client, hit["id"])
        if page is None or data_source_of(page) != database.data_source_id:
            continue
        row = row_of(client, database, page)
        if row.in_trash and not row.is_duplicate:
            rows.append(row)
    return sorted(rows, key=lambda row: row.age)


def _search_trash(client: NotionClient) -> list[dict[str, Any]]:
    return client.paginate(
        "POST",
        "search",
        body={
            "filter": {"property": "object", "value": "page", "in_trash": True},
            "sort": {"timestamp": "last_edited_time", "direction": "descending"},
        },
        most=_TRASH_SEARCHED,
    )
