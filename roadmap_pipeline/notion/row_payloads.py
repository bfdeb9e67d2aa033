"""Rows as plain values ⇄ pages and properties as Notion gives and takes them.

Belongs here: what a page says of a row, and the payloads that change one. Requests belong to ``rows`` and ``trash``,
single values to ``values``.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from roadmap_pipeline.notion.client import NotFound, NotionClient, NotionError
from roadmap_pipeline.notion.ids import notion_id, property_key
from roadmap_pipeline.notion.layout import PropertySpec
from roadmap_pipeline.notion.schema import Database
from roadmap_pipeline.notion.values import Value, decode, encode, encode_range, range_of

DUPLICATE = " (duplicate)"
"""After the title of a row that was put into the trash because it doubled another."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its page's id and URL, values by our property names, and Notion's time of the last edit.

    Times are floored to the minute: never decide by ``last_edited_time``; where ``created_time`` decides, ties go by id
    (:attr:`age`). ``data_source_id`` is where the page is now (None: outside any database). ``created_by`` and
    ``last_edited_by`` are ids of users, also of the integration. ``ranges`` are the date properties that hold a range:
    start and end as Notion writes them; the value of such a property is the day of its end. ``is_duplicate``: it is in
    the trash because it doubled another row, so no person put it there.
    """

    page_id: str
    url: str
    values: Mapping[str, Value]
    last_edited_time: str
    in_trash: bool = False
    data_source_id: str | None = None
    created_time: str = ""
    created_by: str = ""
    last_edited_by: str = ""
    ranges: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    is_duplicate: bool = False

    @property
    def age(self) -> tuple[str, str]:
        """The order in which rows were created, the same for all who ask: of two for one milestone the older stays."""
        return self.created_time, self.page_id


def page_or_none(client: NotionClient, page_id: str) -> dict[str, Any] | None:
    """Return a page as Notion gives it; None when it is gone or not shared."""
    try:
        return client.request("GET", f"pages/{notion_id(page_id)}")
    except NotFound:
        return None


def row_of(
    client: NotionClient, database: Database, page: Mapping[str, Any], properties: Collection[str] | None = None
) -> Row:
    """Return the row that a page stands for; reads a long relation from its own address.

    Args:
        client: The client to read with.
        database: The database.
        page: The page as Notion gives it.
        properties: The properties to take; None: all.

    Raises:
        NotionError: A property was deleted or retyped meanwhile.
    """
    page_id = notion_id(page["id"])
    by_key = {property_key(payload["id"]): payload for payload in page["properties"].values()}
    values: dict[str, Value] = {}
    ranges = {}
    for spec in database.schema.properties:
        if (properties is not None and spec.name not in properties) or spec.name not in database.property_ids:
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
        value = decode(payload, has_time=spec.has_time)
        if spec.type == "select" and value is not None:
            value = _our_option(database, spec.name, payload["select"])
        if (date_range := range_of(payload)) is not None:
            ranges[spec.name] = date_range
        values[spec.name] = value
    return Row(
        page_id=page_id,
        url=page["url"],
        values=values,
        last_edited_time=page["last_edited_time"],
        in_trash=bool(page.get("in_trash")),
        data_source_id=data_source_of(page),
        created_time=page["created_time"],
        created_by=page["created_by"]["id"],
        last_edited_by=page["last_edited_by"]["id"],
        ranges=ranges,
        is_duplicate=bool(page.get("in_trash")) and _is_called_duplicate(page),
    )


def data_source_of(page: Mapping[str, Any]) -> str | None:
    """Return the id of the data source in which a page is; None: it is in none."""
    parent = page["parent"].get("data_source_id")
    return notion_id(parent) if parent else None


def _is_called_duplicate(page: Mapping[str, Any]) -> bool:
    title = next((payload for payload in page["properties"].values() if payload["type"] == "title"), None)
    return title is not None and str(decode(title) or "").endswith(DUPLICATE)


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


def may_be_range(spec: PropertySpec) -> bool:
    """Return whether people may give the property a range of days."""
    return spec.type == "date" and not spec.has_time


def encoded(
    database: Database, values: Mapping[str, object], ranges: Mapping[str, tuple[str, str]] | None = None
) -> dict[str, Any]:
    """Return the payloads that set properties to the given values.

    Args:
        database: The database.
        values: By our property names.
        ranges: The ranges of days that the row holds.

    Raises:
        RowError: A property cannot hold its value.
    """
    properties = {}
    for name, value in values.items():
        spec = database.schema.property(name)
        if spec.type == "select" and isinstance(value, str):
            value = database.option_names.get(name, {}).get(value, value)
        date_range = (ranges or {}).get(name) if may_be_range(spec) else None
        payload = encode(spec, value) if date_range is None else encode_range(spec, value, date_range)
        properties[database.property_ids[name]] = payload
    return properties
