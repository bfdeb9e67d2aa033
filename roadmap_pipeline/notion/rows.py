"""Rows of the two databases as plain values: reading all, creating, changing; their trash and bodies are offered, too.

Belongs here: the requests that carry values, which belong to ``values``. Which value belongs where is decided
elsewhere. What was written is compared with Notion's response, so a value that is reported as written is there.
"""

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

from roadmap_pipeline.notion.client import NotionClient, NotionError
from roadmap_pipeline.notion.creation import create_once
from roadmap_pipeline.notion.ids import notion_id, property_key
from roadmap_pipeline.notion.markdown import to_notion
from roadmap_pipeline.notion.page_bodies import read_body, replace_body
from roadmap_pipeline.notion.row_payloads import Row, data_source_of, encoded, may_be_range, page_or_none, row_of
from roadmap_pipeline.notion.schema import Database
from roadmap_pipeline.notion.trash import find_trashed, restore_row, trash_row
from roadmap_pipeline.notion.values import RowError, Value, canonical, is_as_written, normalised, same, shown

__all__ = [
    "Row",
    "RowError",
    "Value",
    "create_row",
    "find_trashed",
    "read_body",
    "read_row",
    "read_rows",
    "replace_body",
    "restore_row",
    "same",
    "trash_row",
    "update_row",
]

_ROOM_IN_REQUEST = 450_000
"""Bytes of a creating request (Notion takes 512,000); larger ones are created first and filled afterwards."""


def read_rows(client: NotionClient, database: Database, properties: Collection[str] | None = None) -> list[Row]:
    """Return all rows that are not in the trash, oldest first.

    Queries may lag behind writes by seconds: to prove that a row is absent, use :func:`read_row`.

    Args:
        client: The client to read with.
        database: The database.
        properties: The properties to read; None: all.

    Raises:
        IncompleteRead: Only a part can be had.
    """
    pages = client.paginate(
        "POST",
        f"data_sources/{database.data_source_id}/query",
        query=None
        if properties is None
        else {"filter_properties": [property_key(database.property_ids[name]) for name in properties]},
        # New rows come last, so none slips between two pages of the list while it is read.
        body={"sorts": [{"timestamp": "created_time", "direction": "ascending"}]},
    )
    return [row_of(client, database, page, properties) for page in pages if not page.get("in_trash")]


def read_row(client: NotionClient, database: Database, page_id: str) -> Row | None:
    """Return one row as it is now; None when it is gone or not shared, which Notion does not tell apart.

    From the trash it comes as such; after it was moved elsewhere without values (its ``data_source_id`` tells).
    """
    page = page_or_none(client, page_id)
    if page is None:
        return None
    inside = data_source_of(page) == database.data_source_id
    return row_of(client, database, page, None if inside else ())


def create_row(
    client: NotionClient,
    database: Database,
    values: Mapping[str, object],
    markdown: str | None = None,
    *,
    key_property: str | None = None,
    on_created: Callable[[str], None] | None = None,
) -> Row:
    """Create a row, and return it as Notion has it.

    When Notion's response is lost the row is looked up by its key, else by its title, and adopted, so that a row is
    never created twice.

    Args:
        client: The client to write with.
        database: The database.
        values: By our property names. They hold the title and the key; no other row bears the key, or without one the
            title.
        markdown: Becomes the page's body, in GitHub's dialect.
        key_property: The text property that identifies the row; None: its title does.
        on_created: Called with the page's id as soon as it is known, before anything is verified or completed: a row
            that is noted is never created again, whatever fails afterwards.

    Raises:
        RowError: A property cannot hold its value.
        NotionError: Notion refused it, or what was stored is not what was sent.
        AmbiguousWrite: The outcome stays open.
    """
    request, later = _creating_request(database, values, markdown, key_property)

    def look_up(committed_id: str | None) -> dict[str, Any] | None:
        if committed_id is None:
            committed_id = (
                _page_titled(client, database, values[database.schema.title_property.name])
                if key_property is None
                else _page_with_key(client, database, key_property, values[key_property])
            )
        return None if committed_id is None else page_or_none(client, committed_id)

    page, adopted = create_once(client, lambda: client.request("POST", "pages", body=request), look_up)
    if on_created is not None:
        on_created(notion_id(page["id"]))
    row = row_of(client, database, page)
    if adopted:
        # What of a lost request was carried out is not known; all of it can be repeated.
        if markdown is not None:
            replace_body(client, row.page_id, markdown)
        differing = _differing(database, values, row)
        return update_row(client, database, row.page_id, differing, current=row) if differing else row
    if later:
        return update_row(client, database, row.page_id, later, current=row)
    _verify(database, values, row)
    return row


def _creating_request(
    database: Database, values: Mapping[str, object], markdown: str | None, key_property: str | None
) -> tuple[dict[str, Any], dict[str, object]]:
    """Return the body of the creating request, and the values for which it has no room."""
    title = database.schema.title_property
    for name in dict.fromkeys((title.name, key_property or title.name)):
        if not normalised(str(canonical(database.schema.property(name), values.get(name)) or "")):
            raise RowError(f"A row of {database.schema.title} needs a {name}")
    properties = encoded(database, values)
    body = None if markdown is None else to_notion(markdown)
    later: dict[str, object] = {}
    if _size(properties) + _size(body) > _ROOM_IN_REQUEST:
        later = {name: value for name, value in values.items() if name not in (title.name, key_property)}
        properties = encoded(database, {name: value for name, value in values.items() if name not in later})
    request: dict[str, Any] = {
        "parent": {"type": "data_source_id", "data_source_id": database.data_source_id},
        "properties": properties,
    }
    if body:
        request["markdown"] = body
    return request, later


def update_row(
    client: NotionClient,
    database: Database,
    page_id: str,
    values: Mapping[str, object],
    *,
    current: Row | None = None,
) -> Row:
    """Set the given properties, leave all others, and return the row as Notion then has it.

    Without values nothing is written. Of a date range the end is set; its start stays unless the new end doesn't come
    after it. Text counts as written when Notion has it normalised: the row returned says how.

    Args:
        client: The client to write with.
        database: The database.
        page_id: The row's page.
        values: By our property names.
        current: The row as it was just read, for its date ranges; without it the row is read where a date is written.

    Raises:
        RowError: A property cannot hold its value.
        NotionError: Notion refused it, or what was stored is not what was sent.
        NotFound: The row is gone or not shared.
    """
    path = f"pages/{notion_id(page_id)}"
    if not values:
        return row_of(client, database, client.request("GET", path))
    ranges: Mapping[str, tuple[str, str]] = {}
    if current is not None:
        ranges = current.ranges
    elif any(may_be_range(database.schema.property(name)) and value for name, value in values.items()):
        ranges = row_of(client, database, client.request("GET", path), values.keys()).ranges
    page = client.request("PATCH", path, body={"properties": encoded(database, values, ranges)})
    row = row_of(client, database, page)
    _verify(database, values, row)
    return row


def _page_titled(client: NotionClient, database: Database, title: object) -> str | None:
    """Return the id of the page of that title; None when there is none."""
    name = database.schema.title_property.name
    wanted = normalised(str(title))
    pages = [
        row.page_id for row in read_rows(client, database, [name]) if normalised(str(row.values[name] or "")) == wanted
    ]
    if len(pages) > 1:
        raise NotionError(
            f"{database.schema.title} has {len(pages)} rows named {shown(wanted)}: delete all but one",
            code="duplicate",
        )
    return pages[0] if pages else None


def _page_with_key(client: NotionClient, database: Database, key_property: str, key: object) -> str | None:
    """Return the id of the oldest page with that key; None when there is none."""
    pages = client.paginate(
        "POST",
        f"data_sources/{database.data_source_id}/query",
        query={"filter_properties": [property_key(database.property_ids[key_property])]},
        body={"filter": {"property": database.property_ids[key_property], "rich_text": {"equals": str(key)}}},
    )
    rows = [row_of(client, database, page, [key_property]) for page in pages if not page.get("in_trash")]
    keyed = [row for row in rows if row.values[key_property] == key]
    return min(keyed, key=lambda row: row.age).page_id if keyed else None


def _differing(database: Database, values: Mapping[str, object], row: Row) -> dict[str, object]:
    return {
        name: value
        for name, value in values.items()
        if not is_as_written(spec := database.schema.property(name), canonical(spec, value), row.values[name])
    }


def _verify(database: Database, values: Mapping[str, object], row: Row) -> None:
    differing = _differing(database, values, row)
    if differing:
        name, value = next(iter(differing.items()))
        raise NotionError(
            f"{database.schema.title}: {name} was written as {shown(value)} but Notion has"
            f" {shown(row.values[name])} ({row.url}); run again",
            code="not_as_written",
        )


def _size(part: object) -> int:
    return len(json.dumps(part, ensure_ascii=False).encode("utf-8", "surrogatepass"))
