"""Requests on pages and rows: making, reading, editing properties, moving, the trash."""

from typing import Any, Final
from uuid import UUID, uuid5

from roadmap_sandbox.notion import markdown
from roadmap_sandbox.notion.blocks import children_shape, nodes_of
from roadmap_sandbox.notion.content import clear, lift_title, new_body, set_trash
from roadmap_sandbox.notion.databases import COVER, ICON, chosen_properties, typed
from roadmap_sandbox.notion.errors import archived, invalid
from roadmap_sandbox.notion.objects import page_object
from roadmap_sandbox.notion.properties import number_row
from roadmap_sandbox.notion.reading import shown_value
from roadmap_sandbox.notion.records import DataSource, Json, Page, Parent, Property, encode_id
from roadmap_sandbox.notion.requests import Request, paged
from roadmap_sandbox.notion.store import Store
from roadmap_sandbox.notion.validation import (
    Check,
    Shape,
    boolean,
    dashed,
    literal,
    record,
    tagged,
    text,
    uuid,
)
from roadmap_sandbox.notion.writing import PROPERTIES, prepare, set_values

_PARENT: Final = tagged({"data_source_id": uuid, "page_id": uuid})
_TEMPLATE: Final = record({"type": literal("none")})
_CREATE: Final = record(
    {"parent": _PARENT},
    {
        "properties": PROPERTIES,
        "children": children_shape,
        "markdown": text(),
        "icon": ICON,
        "cover": COVER,
        "template": _TEMPLATE,
    },
)


def _create_shape(check: Check, path: str, value: Any, optional: bool) -> None:
    _CREATE(check, path, value, optional)
    if isinstance(value, dict) and "children" in value and "markdown" in value:
        check.fail(f"{path}.children", "not present", value["children"])


CREATE_PAGE: Final[Shape] = _create_shape
UPDATE_PAGE: Final = record(
    optional={
        "properties": PROPERTIES,
        "in_trash": boolean,
        "icon": ICON,
        "cover": COVER,
        "is_locked": boolean,
        "erase_content": boolean,
        "template": _TEMPLATE,
    }
)
MOVE_PAGE: Final = record({"parent": _PARENT})
_PAGINATED: Final = ("title", "rich_text", "relation", "people", "rollup")
_ITEM_IDS: Final = UUID("5a11d0c5-0000-4000-8000-000000000001")


def create_page(store: Store, request: Request) -> Json:
    """Carry out POST /pages: a row of a data source, or a page below a page."""
    body = request.body
    raw = body.get("properties", {})
    kind, parent = _parent(store, body["parent"])
    source = parent if isinstance(parent, DataSource) else None
    store.editable(parent)
    prepared = prepare(store, source, raw)
    nodes = markdown.read(body["markdown"]) if "markdown" in body else nodes_of(body.get("children", ()))
    title: list[Json] = []
    if "markdown" in body and all(prop.id != "title" for prop, _ in prepared):
        title, nodes = lift_title(nodes)
    page = Page(
        store.new_id(),
        Parent(kind, parent.id),
        store.stamps(),
        store.counter,
        icon=typed(body.get("icon")),
        cover=typed(body.get("cover")),
    )
    store.pages[page.id] = page
    _enter(store, parent, page)
    store.list_row(page, True)
    if title:
        page.values["title"] = title
    set_values(store, page, prepared)
    new_body(store, page, nodes)
    return page_object(store, page)


def _parent(store: Store, raw: Json) -> tuple[str, DataSource | Page]:
    if "data_source_id" in raw:
        return "data_source_id", store.data_source(dashed(raw["data_source_id"]) or "")
    return "page_id", store.page(dashed(raw["page_id"]) or "")


def _enter(store: Store, parent: DataSource | Page, page: Page) -> None:
    if isinstance(parent, DataSource):
        parent.rows.append(page.id)
        number_row(store, parent, page.id)
    else:
        parent.children.append(page.id)


def get_page(store: Store, request: Request) -> Json:
    """Answer GET /pages/{id}, also of one in the trash."""
    page = store.page(request.params["page_id"])
    return page_object(store, page, _chosen(store, page, request))


def _source(store: Store, page: Page) -> DataSource | None:
    return store.data_sources[page.parent.id] if page.parent.kind == "data_source_id" else None


def _chosen(store: Store, page: Page, request: Request) -> set[str] | None:
    return chosen_properties(_source(store, page), store.schema(page), request.all("filter_properties"))


def update_page(store: Store, request: Request) -> Json:
    """Carry out PATCH /pages/{id}: named properties only; of a page in the trash, only with ``in_trash: false``."""
    body = request.body
    page = store.page(request.params["page_id"])
    chosen = _chosen(store, page, request)
    if page.in_trash and body.get("in_trash") is not False:
        raise archived()
    above = store.parent_of(page)
    if above is not None:
        store.editable(above)
    prepared = prepare(store, _source(store, page), body.get("properties", {}))
    if "in_trash" in body:
        set_trash(store, page, body["in_trash"])
    set_values(store, page, prepared)
    for key in ("icon", "cover"):
        if key in body:
            setattr(page, key, typed(body[key]))
    if "is_locked" in body:
        page.is_locked = body["is_locked"]
    if body.get("erase_content"):
        page.children = clear(store, page)
    if body:
        store.touch(page)
    return page_object(store, page, chosen)


def move_page(store: Store, request: Request) -> Json:
    """Carry out POST /pages/{id}/move: a row keeps the values whose properties have the same name and type."""
    page = store.page(request.params["page_id"])
    store.editable(page)
    kind, target = _parent(store, request.body["parent"])
    store.editable(target)
    if any(one.id == page.id for one in store.line(target)):
        raise invalid("A page can't be moved below itself.")
    before = store.schema(page)
    old = store.parent_of(page)
    if isinstance(old, DataSource):
        old.rows.remove(page.id)
    elif isinstance(old, Page):
        old.children.remove(page.id)
    set_values(store, page, [(prop, list) for prop in before.values() if prop.type == "relation"])
    page.parent = Parent(kind, target.id)
    after = {(prop.name, prop.type): prop.id for prop in store.schema(page).values() if prop.type not in _BOUND}
    values = {}
    for id_, value in page.values.items():
        prop = before.get(id_)
        if id_ == "title":
            values[id_] = value
        elif prop is not None and (prop.name, prop.type) in after:
            values[after[prop.name, prop.type]] = value
    page.values = values
    _enter(store, target, page)
    store.touch(page)
    return page_object(store, page)


_BOUND: Final = ("select", "multi_select", "status", "relation", "unique_id")
"""Types whose values mean something in their own data source only."""


def get_property(store: Store, request: Request) -> Json:
    """Answer GET /pages/{id}/properties/{pid}: a value, or a list of its parts for types that may be long."""
    page = store.page(request.params["page_id"])
    schema = store.schema(page)
    wanted = request.params["property_id"]
    prop = schema.get(wanted) or next((one for one in schema.values() if encode_id(one.id) == wanted), None)
    if prop is None:
        raise invalid(f"Could not find property with name or id: {wanted}")
    value = shown_value(store, page, prop)
    item: Json = {"object": "property_item", "id": encode_id(prop.id), "type": prop.type}
    if prop.type not in _PAGINATED:
        return {**item, prop.type: value}
    parts, summary = _parts(prop, value)
    ids = [str(uuid5(_ITEM_IDS, f"{page.id}/{prop.id}/{index}")) for index in range(len(parts))]
    property_item = {"id": encode_id(prop.id), "next_url": None, "type": prop.type, prop.type: summary}
    page_of_parts = paged(request, "property_item", ids, lambda index: {**item, **parts[index]})
    if page_of_parts["next_cursor"] is not None:
        path = f"/v1/pages/{page.id}/properties/{encode_id(prop.id)}"
        property_item["next_url"] = f"https://api.notion.com{path}?start_cursor={page_of_parts['next_cursor']}"
    return {**page_of_parts, "property_item": property_item}


def _parts(prop: Property, value: Any) -> tuple[list[Json], Json]:
    if prop.type == "rollup":
        items = value["array"] if value["type"] == "array" else []
        return [{"type": item["type"], item["type"]: item[item["type"]]} for item in items], value
    return [{prop.type: item} for item in value], {}
