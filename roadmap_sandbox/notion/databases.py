"""Requests on databases and data sources: their making, their schema, and queries for rows."""

from typing import Any, Final

from roadmap_sandbox.notion.errors import ApiError, archived, invalid, not_found
from roadmap_sandbox.notion.filters import SORTS, compile_filter, filter_shape, sort_rows
from roadmap_sandbox.notion.objects import data_source_object, database_object, page_object
from roadmap_sandbox.notion.properties import (
    CONFIGS,
    add_property,
    add_schema,
    change_property,
    check_config,
    check_new_schema,
    default_title,
    delete_property,
    new_database_title,
    new_schema,
    schema_changes,
)
from roadmap_sandbox.notion.records import Database, DataSource, Json, Page, Parent, Property, View
from roadmap_sandbox.notion.requests import Request, listed, page_size
from roadmap_sandbox.notion.richtext import RICH_TEXT, normalise
from roadmap_sandbox.notion.store import Store
from roadmap_sandbox.notion.validation import (
    Shape,
    boolean,
    dashed,
    literal,
    nullable,
    record,
    tag,
    tagged,
    text,
    uuid,
    whole_number,
)

_FILE = record({"url": text(least=1, most=2000)})
ICON: Final[Shape] = nullable(tagged({"emoji": text(least=1), "external": _FILE}))
COVER: Final[Shape] = nullable(tagged({"external": _FILE}))

CREATE_DATABASE: Final = record(
    {"parent": tagged({"page_id": uuid})},
    {
        "title": RICH_TEXT,
        "description": RICH_TEXT,
        "icon": ICON,
        "cover": COVER,
        "is_inline": boolean,
        "initial_data_source": record(optional={"properties": new_schema}),
    },
)
UPDATE_DATABASE: Final = record(
    optional={
        "parent": tagged({"page_id": uuid}),
        "title": RICH_TEXT,
        "description": RICH_TEXT,
        "icon": ICON,
        "cover": COVER,
        "is_inline": boolean,
        "is_locked": boolean,
        "in_trash": boolean,
    }
)
CREATE_DATA_SOURCE: Final = record(
    {"parent": tagged({"database_id": uuid}), "properties": new_schema}, {"title": RICH_TEXT, "icon": ICON}
)
UPDATE_DATA_SOURCE: Final = record(
    optional={"title": RICH_TEXT, "icon": ICON, "properties": schema_changes, "in_trash": boolean}
)
QUERY: Final = record(
    optional={
        "filter": filter_shape,
        "sorts": SORTS,
        "start_cursor": text(),
        "page_size": whole_number(least=1),
        "result_type": literal("page", "data_source"),
    }
)


def typed(value: Json | None) -> Json | None:
    """Return an icon or cover with its ``type``."""
    if value is None:
        return None
    kind = tag(value, {"emoji": None, "external": None})
    return {"type": kind, kind: value[kind]}


# ---------------------------------------------------------------- databases


def create_database(store: Store, request: Request) -> Json:
    """Carry out POST /databases: a database, its data source, a table view; 404 without the parent page."""
    body = request.body
    parent = store.page(dashed(body["parent"]["page_id"]) or "")
    store.editable(parent)
    schema = body.get("initial_data_source", {}).get("properties") or default_title()
    check_new_schema(store, schema)
    database = Database(
        store.new_id(),
        Parent("page_id", parent.id),
        store.stamps(),
        normalise(body.get("title", ())) or new_database_title(),
        normalise(body.get("description", ())),
        icon=typed(body.get("icon")),
        cover=typed(body.get("cover")),
        is_inline=body.get("is_inline", False),
    )
    store.databases[database.id] = database
    parent.children.append(database.id)
    store.touch(parent)
    source = _new_source(store, database, database.title, schema)
    view = View(
        store.new_id(), database.id, source.id, store.stamps(), "Default view", "table", configuration={"type": "table"}
    )
    store.views[view.id] = view
    database.views.append(view.id)
    return database_object(store, database)


def _new_source(store: Store, database: Database, title: list[Json], schema: Json) -> DataSource:
    source = DataSource(store.new_id(), database.id, store.stamps(), title, {})
    store.data_sources[source.id] = source
    database.data_sources.append(source.id)
    add_schema(store, source, schema)
    return source


def get_database(store: Store, request: Request) -> Json:
    """Answer GET /databases/{id}."""
    return database_object(store, store.database(request.params["database_id"]))


def update_database(store: Store, request: Request) -> Json:
    """Carry out PATCH /databases/{id}; of one in the trash only ``in_trash: false`` is taken."""
    body = request.body
    database = store.database(request.params["database_id"])
    if database.in_trash and body.get("in_trash") is not False:
        raise archived()
    above = store.parent_of(database)
    assert isinstance(above, Page)
    store.editable(above)
    if "parent" in body:
        target = store.page(dashed(body["parent"]["page_id"]) or "")
        store.editable(target)
        above.children.remove(database.id)
        target.children.append(database.id)
        database.parent = Parent("page_id", target.id)
    for key in ("title", "description"):
        if key in body:
            setattr(database, key, normalise(body[key]))
    for key in ("icon", "cover"):
        if key in body:
            setattr(database, key, typed(body[key]))
    for key in ("is_inline", "is_locked", "in_trash"):
        if key in body:
            setattr(database, key, body[key])
    if set(body) - {"icon", "cover"}:
        store.touch(database)
    return database_object(store, database)


# ---------------------------------------------------------------- data sources


def create_data_source(store: Store, request: Request) -> Json:
    """Carry out POST /data_sources: another schema in a database."""
    database = store.database(dashed(request.body["parent"]["database_id"]) or "")
    store.editable(database)
    check_new_schema(store, request.body["properties"])
    title = normalise(request.body.get("title", ())) or new_database_title()
    source = _new_source(store, database, title, request.body["properties"])
    source.icon = typed(request.body.get("icon"))
    return data_source_object(store, source)


def get_data_source(store: Store, request: Request) -> Json:
    """Answer GET /data_sources/{id}."""
    return data_source_object(store, store.data_source(request.params["data_source_id"]))


def update_data_source(store: Store, request: Request) -> Json:
    """Carry out PATCH /data_sources/{id}: title, icon, trash, and changes of the schema, all or none of them."""
    body = request.body
    source = store.data_source(request.params["data_source_id"])
    store.editable(store.databases[source.database_id])
    if source.in_trash and body.get("in_trash") is not False:
        raise archived()
    changes = _checked_changes(store, source, body.get("properties", {}))
    for prop, name, raw in changes:
        if prop is None:
            add_property(store, source, raw.get("name", name), raw)
        elif raw is None:
            delete_property(store, source, prop)
        else:
            change_property(store, source, prop, raw)
    if "title" in body:
        source.title = normalise(body["title"])
    if "icon" in body:
        source.icon = typed(body["icon"])
    if "in_trash" in body:
        source.in_trash = body["in_trash"]
    if body.get("properties") or set(body) - {"properties"}:
        store.touch(source)
    return data_source_object(store, source)


def _checked_changes(store: Store, source: DataSource, raw: Json) -> list[tuple[Property | None, str, Any]]:
    """Return what to do with which property (None: make it); 400 when the schema can't become so."""
    changes = [(source.find(name), name, change) for name, change in raw.items()]
    fresh = {change.get("name", name): change for prop, name, change in changes if prop is None and change is not None}
    names = {id_: prop.name for id_, prop in source.properties.items()}
    for prop, name, change in changes:
        kinds = [kind for kind in CONFIGS if change is not None and kind in change]
        if prop is None and not kinds:
            raise invalid(f"{name} is not a property that exists.")
        if prop is None and kinds[0] == "title":
            raise invalid("A data source has exactly one property of type title.")
        if prop is not None and prop.type == "title" and change is None:
            raise invalid("Cannot delete the title property.")
        if prop is not None and kinds and (prop.type == "title") != (kinds[0] == "title"):
            raise invalid("Cannot convert a property to or from the title property.")
        if kinds:
            check_config(store, name, change, fresh, source)
        if prop is not None and change is None:
            del names[prop.id]
        elif prop is not None:
            names[prop.id] = change.get("name", prop.name)
    final = [*names.values(), *fresh]
    twice = sorted({name for name in final if final.count(name) > 1})
    if twice:
        raise invalid(f"Cannot create property with existing name: {', '.join(twice)}.")
    return changes


# ---------------------------------------------------------------- queries


def chosen_properties(source: DataSource | None, schema: dict[str, Property], names: list[str]) -> set[str] | None:
    """Return the ids of the properties that ``filter_properties`` names (by name or decoded id); None without it."""
    if not names:
        return None
    chosen: set[str] = set()
    for name in names:
        property_id = next((prop.id for prop in schema.values() if name in (prop.name, prop.id)), None)
        if property_id is None:
            raise invalid(
                "The schema for the data source with the following ID is malformed: "
                f"{source.id if source else ''}. "
                f"The provided `filter_properties` contains an invalid attribute: {name}."
            )
        chosen.add(property_id)
    return chosen


def is_listed(store: Store, page: Page) -> bool:
    """Return whether queries and search show the page, given how far they lag behind."""
    shown = not page.in_trash
    if store.query_lag:
        known = [listed for since, listed in page.listed if since <= store.clock - store.query_lag]
        shown = bool(known and known[-1])
    above = store.parent_of(page)
    return shown and store.visible(page) and not (above and store.in_trash(above))


def is_listed_as_trashed(store: Store, page: Page) -> bool:
    """Return whether a search of the trash shows the page: one that was restored a moment ago still, too."""
    above = store.parent_of(page)
    shown = store.in_trash(page)
    if store.query_lag and not (above and store.in_trash(above)):
        known = [listed for since, listed in page.listed if since <= store.clock - store.query_lag]
        shown = bool(known) and not known[-1]
    return shown and store.visible(page)


def matching_rows(store: Store, source: DataSource, condition: Json | None, sorts: list[Json] | None) -> list[Page]:
    """Return the rows that a query shows, in its order; 400 when filter or sorts don't fit the schema."""
    test = compile_filter(store, source, condition)
    rows = [page for id_ in source.rows if is_listed(store, page := store.pages[id_]) and test(page)]
    return sort_rows(store, source, rows, sorts)


def query(store: Store, request: Request) -> Json:
    """Answer POST /data_sources/{id}/query: full pages, at most 10,000 over all pages of one scan."""
    body = request.body
    source = store.data_sources.get(request.params["data_source_id"])
    if source is None or not store.visible(source):
        raise ApiError(404, "object_not_found", "Could not find the requested database.", _not_found_data())
    chosen = chosen_properties(source, source.properties, request.all("filter_properties"))
    query_key = repr((source.id, body.get("filter"), body.get("sorts")))
    if "start_cursor" in body:
        scan, first = store.scans.resume(body["start_cursor"], query_key)
    else:
        rows = matching_rows(store, source, body.get("filter"), body.get("sorts"))
        if body.get("result_type") == "data_source":
            rows = []
        scan, first = store.scans.start([page.id for page in rows], query_key), 0
    last = first + page_size(request)
    cut = last >= store.query_cap and len(scan.ids) > store.query_cap
    ids = scan.ids[first : min(last, store.query_cap)]
    next_cursor = None if cut or last >= len(scan.ids) else f"s:{scan.id}:{scan.ids[last]}"
    results = [page_object(store, page, chosen) for id_ in ids if is_listed(store, page := store.pages[id_])]
    incomplete = {"type": "incomplete", "incomplete_reason": "query_result_limit_reached"}
    more = {"request_status": incomplete} if cut else {}
    return listed("page_or_data_source", results, next_cursor, **more)


def _not_found_data() -> Json | None:
    return not_found("data_source", "").additional_data
