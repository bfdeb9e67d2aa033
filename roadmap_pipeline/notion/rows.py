"""Rows of the two databases as plain values: reading all, creating, changing, and a page's body.

Belongs here: values ⇄ property payloads, and the requests that carry them. Which value belongs where is decided
elsewhere. What was written is compared with Notion's answer, so a value that is reported as written is there.

A value is ``str`` (title, text, select, url; a date as ``YYYY-MM-DD``), ``float`` (number), ``list[str]`` (page ids of
a relation) or None. Empty text is None, an empty relation is ``[]``.
"""

import json
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any
from urllib.parse import quote

from roadmap_pipeline.errors import RoadmapError
from roadmap_pipeline.notion.client import NotFound, NotionClient, NotionError
from roadmap_pipeline.notion.creation import create_once
from roadmap_pipeline.notion.ids import notion_id, property_key
from roadmap_pipeline.notion.layout import PropertySpec
from roadmap_pipeline.notion.markdown import split_utf16, to_notion
from roadmap_pipeline.notion.schema import Database

Value = str | float | list[str] | None

DECIMALS = 6
"""Places to which numbers are rounded before they are written or compared."""

TEXT_OBJECTS = 100
"""Most text objects that Notion takes in one property."""

_URL_UNITS = 2000
_RELATIONS = 100
_ROOM_IN_REQUEST = 450_000
"""Bytes of a creating request (Notion takes 512,000); larger ones are created first and filled afterwards."""
_SHOWN = 80


class RowError(RoadmapError):
    """A value that a property cannot hold; nothing was written."""


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


# --- values -----------------------------------------------------------------------------------------------------------


def canonical(spec: PropertySpec, value: object) -> Value:
    """``value`` as the plain value of its property. Takes dates, integers and decimals too; raises RowError."""
    if spec.type == "relation":
        return _page_ids(spec, value)
    if value is None or value == "":
        return None
    if spec.type == "number":
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or not isfinite(value):
            raise RowError(f"{spec.name} takes a finite number, not {_shown(value)}")
        # Adding zero turns -0.0 into 0.0.
        return round(float(value), DECIMALS) + 0.0
    if spec.type == "date":
        return _day(spec, value)
    if not isinstance(value, str):
        raise RowError(f"{spec.name} takes text, not {_shown(value)}")
    if spec.type == "select" and "," in value:
        raise RowError(f"{spec.name} takes an option name without comma, not {_shown(value)}")
    if spec.type == "url" and _units(value) > _URL_UNITS:
        raise RowError(f"{spec.name} takes a URL of at most {_URL_UNITS} UTF-16 units: {_shown(value)}")
    return value


def encode(spec: PropertySpec, value: object) -> dict[str, Any]:
    """The payload that sets a property to ``value``. Raises RowError for what it cannot hold.

    Text is cut into objects of at most 2,000 UTF-16 units whose concatenation is the text.
    """
    plain = canonical(spec, value)
    if spec.type in {"title", "rich_text"}:
        pieces = split_utf16(plain) if isinstance(plain, str) else []
        if len(pieces) > TEXT_OBJECTS:
            raise RowError(
                f"{spec.name} takes {TEXT_OBJECTS} pieces of 2,000 UTF-16 units, not {len(pieces)}: shorten the text"
            )
        return {spec.type: [{"type": "text", "text": {"content": piece}} for piece in pieces]}
    if spec.type == "relation":
        return {"relation": [{"id": page} for page in plain]} if isinstance(plain, list) else {"relation": []}
    if plain is None:
        return {spec.type: None}
    if spec.type == "select":
        return {"select": {"name": plain}}
    if spec.type == "date":
        return {"date": {"start": plain}}
    return {spec.type: plain}


def decode(payload: Mapping[str, Any]) -> Value:
    """The plain value of a property as a page carries it. Of a date with time or a range: the day it starts.

    Raises NotionError for a type that the two databases don't have.
    """
    kind = payload["type"]
    content = payload[kind]
    if kind in {"title", "rich_text"}:
        return "".join(item["plain_text"] for item in content) or None
    if kind == "relation":
        return [notion_id(item["id"]) for item in content]
    if kind not in {"number", "select", "date", "url"}:
        raise NotionError(f"Notion: no value is known for properties of type {kind}", code="unknown_type")
    if content is None or content == "":
        return None
    if kind == "number":
        return round(float(content), DECIMALS) + 0.0
    return str(content["name"] if kind == "select" else content["start"][:10] if kind == "date" else content)


def same(one: Value, other: Value) -> bool:
    """Whether two plain values say the same: text up to Unicode composition and line ends, relations in any order."""
    if isinstance(one, list) and isinstance(other, list):
        return set(one) == set(other)
    if isinstance(one, str) and isinstance(other, str):
        return _comparable(one) == _comparable(other)
    return one == other or (not one and not other and not isinstance(one, float) and not isinstance(other, float))


def _comparable(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n"))


def _day(spec: PropertySpec, value: object) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError:
            pass
    raise RowError(f"{spec.name} takes a day (YYYY-MM-DD), not {_shown(value)}")


def _page_ids(spec: PropertySpec, value: object) -> list[str]:
    if value is None or value == "":
        return []
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise RowError(f"{spec.name} takes a list of page ids, not {_shown(value)}")
    try:
        pages = list(dict.fromkeys(notion_id(str(page)) for page in value))
    except ValueError as error:
        raise RowError(f"{spec.name}: {error}") from None
    if len(pages) > _RELATIONS:
        raise RowError(f"{spec.name} takes at most {_RELATIONS} pages, not {len(pages)}")
    return pages


def _units(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


# --- rows -------------------------------------------------------------------------------------------------------------


def read_rows(client: NotionClient, database: Database, properties: Collection[str] | None = None) -> list[Row]:
    """All rows that are not in the trash, oldest first; with the values of ``properties`` only, where given.

    Queries may lag behind writes by seconds: to prove that a row is absent, use :func:`read_row`. Raises IncompleteRead
    rather than giving a part.
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
    """One row as it is now; None when it is gone or not shared, which Notion does not tell apart.

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
    """Create a row and give it as Notion has it. ``markdown``, in GitHub's dialect, becomes the page's body.

    ``values`` must hold the title, which no other row bears: when Notion's answer is lost the row is looked up by it
    and adopted, so that a row is never created twice. Raises RowError, NotionError (also when what was stored is not
    what was sent), AmbiguousWrite when the outcome stays open.
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
    """Set the given properties, leave all others, and give the row as Notion then has it.

    Without values nothing is written. Raises RowError, NotionError (also when what was stored is not what was sent),
    NotFound.
    """
    if not values:
        return _row(client, database, client.request("GET", f"pages/{notion_id(page_id)}"))
    page = client.request("PATCH", f"pages/{notion_id(page_id)}", body={"properties": _encoded(database, values)})
    row = _row(client, database, page)
    _verify(database, values, row)
    return row


def restore_row(client: NotionClient, page_id: str) -> None:
    """Take a row out of the trash; its values and body are as they were. Raises NotFound, NotionError."""
    client.request("PATCH", f"pages/{notion_id(page_id)}", body={"in_trash": False})


def _page_of(client: NotionClient, database: Database, title: object, page_id: str | None) -> dict[str, Any] | None:
    """The page of a row that may have been created: the one Notion named, else the one of that title."""
    name = database.schema.title_property.name
    wanted = canonical(database.schema.title_property, title)
    if page_id is None:
        pages = [row.page_id for row in read_rows(client, database, [name]) if same(row.values[name], wanted)]
        if len(pages) > 1:
            raise NotionError(
                f"{database.schema.title} has {len(pages)} rows named {_shown(wanted)}: delete all but one",
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
    """Our name of an option, also when people call it something else by now."""
    for ours, option_id in database.option_ids.get(name, {}).items():
        if option_id == option["id"]:
            return ours
    return str(option["name"])


def _whole_relation(client: NotionClient, page_id: str, key: str) -> Value:
    """A page carries only 25 ids; the rest is behind the property's own address."""
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
            f"{database.schema.title}: {name} was written as {_shown(value)} but Notion has"
            f" {_shown(row.values[name])} ({row.url}); run again",
            code="not_as_written",
        )


def _size(part: object) -> int:
    return len(json.dumps(part, ensure_ascii=False).encode("utf-8", "surrogatepass"))


# --- bodies -----------------------------------------------------------------------------------------------------------


def replace_body(client: NotionClient, page_id: str, markdown: str) -> None:
    """Put ``markdown``, in GitHub's dialect, in place of the page's whole body.

    Pages and databases that people put inside are never deleted: Notion then refuses. Raises NotionError when Notion
    did not take all of it.
    """
    answer = client.request(
        "PATCH",
        f"pages/{notion_id(page_id)}/markdown",
        body={"type": "replace_content", "replace_content": {"new_str": to_notion(markdown)}},
    )
    _whole_body(answer, page_id)


def read_body(client: NotionClient, page_id: str) -> str:
    """The page's body in Notion's dialect, as Notion normalised it; never compare it with what was written.

    Raises NotionError when Notion gives only a part of it.
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
