"""Rows of the two databases as plain values: reading all, creating, changing, and a page's body.

Belongs here: the requests that carry values, which belong to ``values``. Which value belongs where is decided
elsewhere. What was written is compared with Notion's response, so a value that is reported as written is there.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from roadmap_pipeline.notion.client import NotFound, NotionClient, NotionError
from roadmap_pipeline.notion.creation import create_once
from roadmap_pipeline.notion.ids import notion_id, property_key
from roadmap_pipeline.notion.markdown import to_notion
from roadmap_pipeline.notion.schema import Database
from roadmap_pipeline.notion.values import RowError, Value, canonical, decode, encode, same, shown

__all__ = [
    "Row",
    "RowError",
    "Value",
    "create_row",
    "read_body",
    "read_row",
    "read_rows",
    "replace_body",
    "restore_row",
    "same",
    "update_row",
]

_ROOM_IN_REQUEST = 450_000
"""Bytes of a creating request (Notion takes 512,000); larger ones are created first and filled afterwards."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its page's id and URL, values by our property names, and Notion's time of the last edit.

    ``last_edited_time`` is floored to the minute: never decide by it. ``data_source_id`` is where the page is now
    (None: outside any database).
    """

    page_id: str
    url: str
    values: Mapping[str, Value]
    last_edited_time: str
    in_trash: bool = False
    data_source_id: str | None = None


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
    return [_row(client, database, page, properties) for page in pages if not page.get("in_trash")]


def read_row(client: NotionClient, database: Database, page_id: str) -> Row | None:
    """Return one row as it is now; None when it is gone or not shared, which Notion does not tell apart.

    From the trash it comes as such; after it was moved elsewhere without values (its ``data_source_id`` tells).
    """
    try:
        page = client.request("GET", f"pages/{notion_id(page_id)}")
    except NotFound:
        return None
    inside = _data_source_of(page) == database.data_source_id
    return _row(client, database, page, None if inside else ())


def create_row(
    client: NotionClient, database: Database, values: Mapping[str, object], markdown: str | None = None
) -> Row:
    """Create a row, and return it as Notion has it.

    When Notion's response is lost the row is looked up by its title and adopted, so that a row is never created twice.

    Args:
        client: The client to write with.
        database: The database.
        values: By our property names. They hold the title, which no other row bears.
        markdown: Becomes the page's body, in GitHub's dialect.

    Raises:
        RowError: A property cannot hold its value.
        NotionError: Notion refused it, or what was stored is not what was sent.
        AmbiguousWrite: The outcome stays open.
    """
    title = database.schema.title_property
    if canonical(title, values.get(title.name)) is None:
        raise RowError(f"A row of {database.schema.title} needs a {title.name}")
    properties = _encoded(database, values)
    body = None if markdown is None else to_notion(markdown)
    later = {}
    if _size(properties) + _size(body) > _ROOM_IN_REQUEST:
        later = {name: value for name, value in values.items() if name != title.name}
        properties = _encoded(database, {title.name: values[title.name]})
    request: dict[str, Any] = {
        "parent": {"type": "data_source_id", "data_source_id": database.data_source_id},
        "properties": properties,
    }
    if body:
        request["markdown"] = body

    def look_up(committed_id: str | None) -> dict[str, Any] | None:
        return _page_of(client, database, values[title.name], committed_id)

    page, adopted = create_once(client, lambda: client.request("POST", "pages", body=request), look_up)
    row = _row(client, database, page)
    if adopted:
        # What of a lost request was carried out is not known; all of it can be repeated.
        if markdown is not None:
            replace_body(client, row.page_id, markdown)
        differing = _differing(database, values, row)
        return update_row(client, database, row.page_id, differing) if differing else row
    if later:
        return update_row(client, database, row.page_id, later)
    _verify(database, values, row)
    return row


def update_row(client: NotionClient, database: Database, page_id: str, values: Mapping[str, object]) -> Row:
    """Set the given properties, leave all others, and return the row as Notion then has it.

    Without values nothing is written.

    Raises:
        RowError: A property cannot hold its value.
        NotionError: Notion refused it, or what was stored is not what was sent.
        NotFound: The row is gone or not shared.
    """
    if not values:
        return _row(client, database, client.request("GET", f"pages/{notion_id(page_id)}"))
    page = client.request("PATCH", f"pages/{notion_id(page_id)}", body={"properties": _encoded(database, values)})
    row = _row(client, database, page)
    _verify(database, values, row)
    return row


def restore_row(client: NotionClient, page_id: str) -> None:
    """Take a row out of the trash; its values and body are as they were."""
    client.request("PATCH", f"pages/{notion_id(page_id)}", body={"in_trash": False})


def _page_of(client: NotionClient, database: Database, title: object, page_id: str | None) -> dict[str, Any] | None:
    """Return the page of a row that may have been created: the one Notion named, else the one of that title."""
    name = database.schema.title_property.name
    wanted = canonical(database.schema.title_property, title)
    if page_id is None:
        pages = [row.page_id for row in read_rows(client, database, [name]) if same(row.values[name], wanted)]
        if len(pages) > 1:
            raise NotionError(
                f"{database.schema.title} has {len(pages)} rows named {shown(wanted)}: delete all but one",
                code="duplicate",
            )
        if not pages:
            return None
        page_id = pages[0]
    try:
        return client.request("GET", f"pages/{notion_id(page_id)}")
    except NotFound:
        return None


def _encoded(database: Database, values: Mapping[str, object]) -> dict[str, Any]:
    properties = {}
    for name, value in values.items():
        spec = database.schema.property(name)
        if spec.type == "select" and isinstance(value, str):
            value = database.option_names.get(name, {}).get(value, value)
        properties[database.property_ids[name]] = encode(spec, value)
    return properties


def _row(
    client: NotionClient, database: Database, page: Mapping[str, Any], properties: Collection[str] | None = None
) -> Row:
    page_id = notion_id(page["id"])
    by_key = {property_key(payload["id"]): payload for payload in page["properties"].values()}
    values = {}
    for spec in database.schema.properties:
        if properties is not None and spec.name not in properties:
            continue
        key = property_key(database.property_ids[spec.name])
        payload = by_key.get(key)
        if payload is None or payload["type"] != spec.type:
            raise NotionError(
                f"{database.schema.title}: {spec.name} was deleted or retyped while rows were read;"
                " restore it in Notion",
                code="schema_changed",
            )
        if spec.type == "relation" and payload.get("has_more"):
            values[spec.name] = _whole_relation(client, page_id, key)
            continue
        value = decode(payload)
        if spec.type == "select" and value is not None:
            value = _our_option(database, spec.name, payload["select"])
        values[spec.name] = value
    return Row(
        page_id=page_id,
        url=page["url"],
        values=values,
        last_edited_time=page["last_edited_time"],
        in_trash=bool(page.get("in_trash")),
        data_source_id=_data_source_of(page),
    )


def _data_source_of(page: Mapping[str, Any]) -> str | None:
    parent = page["parent"].get("data_source_id")
    return notion_id(parent) if parent else None


def _our_option(database: Database, name: str, option: Mapping[str, Any]) -> str:
    """Return our name of an option, also when people call it something else by now."""
    for ours, option_id in database.option_ids.get(name, {}).items():
        if option_id == option["id"]:
            return ours
    return str(option["name"])


def _whole_relation(client: NotionClient, page_id: str, key: str) -> Value:
    """Read a relation from its own address: a page carries only 25 ids."""
    items = client.paginate("GET", f"pages/{page_id}/properties/{quote(key, safe='')}")
    return [notion_id(item["relation"]["id"]) for item in items]


def _differing(database: Database, values: Mapping[str, object], row: Row) -> dict[str, object]:
    return {
        name: value
        for name, value in values.items()
        if not same(canonical(database.schema.property(name), value), row.values[name])
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


def replace_body(client: NotionClient, page_id: str, markdown: str) -> None:
    """Put ``markdown``, in GitHub's dialect, in place of the page's whole body.

    Pages and databases that people put inside are never deleted: Notion then refuses.

    Raises:
        NotionError: Notion did not take all of it.
    """
    answer = client.request(
        "PATCH",
        f"pages/{notion_id(page_id)}/markdown",
        body={"type": "replace_content", "replace_content": {"new_str": to_notion(markdown)}},
    )
    _whole_body(answer, page_id)


def read_body(client: NotionClient, page_id: str) -> str:
    """Return the page's body in Notion's dialect, as Notion normalised it; never compare it with what was written.

    Raises:
        NotionError: Notion gives only a part of it.
    """
    return _whole_body(client.request("GET", f"pages/{notion_id(page_id)}/markdown"), page_id)


def _whole_body(answer: Mapping[str, Any], page_id: str) -> str:
    if answer.get("truncated") or answer.get("unknown_block_ids"):
        unknown = len(answer.get("unknown_block_ids") or ())
        raise NotionError(
            f"Notion: the body of page {page_id} is not whole (cut off: {bool(answer.get('truncated'))},"
            f" blocks that cannot be shown: {unknown}); make the report shorter",
            code="body_incomplete",
        )
    return str(answer["markdown"])
