"""Requests on saved views, and queries through them."""

from collections.abc import Iterator
from typing import Any, Final

from roadmap_sandbox.notion.databases import matching_rows
from roadmap_sandbox.notion.errors import invalid
from roadmap_sandbox.notion.filters import SORTS, compile_filter, filter_shape, sort_rows
from roadmap_sandbox.notion.objects import view_object
from roadmap_sandbox.notion.records import DataSource, Json, Page, View
from roadmap_sandbox.notion.requests import Request, paged
from roadmap_sandbox.notion.store import Store
from roadmap_sandbox.notion.validation import (
    Check,
    Shape,
    array,
    dashed,
    literal,
    mapping,
    nullable,
    record,
    text,
    uuid,
)
from roadmap_sandbox.notion.view_shapes import TYPES, configuration_shape

_DATES: Final = ("date", "created_time", "last_edited_time", "formula", "rollup")

_FILTERS: Final[dict[str, Shape]] = {
    "filter": nullable(filter_shape),
    "sorts": nullable(SORTS),
    "quick_filters": nullable(mapping(lambda *_: None)),
}
_PLACE: Final = record({"type": literal("start", "end", "after_view")}, {"view_id": uuid})
CREATE_VIEW: Final = record(
    {"data_source_id": uuid, "database_id": uuid, "name": text(), "type": literal(*TYPES)},
    {**_FILTERS, "configuration": configuration_shape, "position": _PLACE},
)
_BY_PROPERTY: Final = nullable(array(record({"property": text()}, {"direction": literal("ascending", "descending")})))
"""Sorts of a change: other than a new view's, they take no timestamps."""
UPDATE_VIEW: Final = record(
    optional={**_FILTERS, "sorts": _BY_PROPERTY, "name": text(), "configuration": configuration_shape}
)


def create_view(store: Store, request: Request) -> Json:
    """Carry out POST /views in a database (the sandbox makes no dashboard widgets and no linked databases)."""
    body = request.body
    database = store.database(dashed(body["database_id"]) or "")
    source = store.data_source(dashed(body["data_source_id"]) or "")
    store.editable(database)
    if source.database_id != database.id:
        raise invalid(f"The data source {source.id} is not part of the database {database.id}.")
    configuration = body.get("configuration", {"type": body["type"]})
    check = Check()
    configuration_shape(check, "body.configuration", configuration, False)
    if configuration["type"] != body["type"]:
        check.fail("body.configuration.type", f"`{body['type']}`", configuration["type"])
    error = check.error()
    if error is not None:
        raise error
    _fits(store, source, body, configuration)
    at = _place(database.views, body.get("position", {"type": "end"}))
    view = View(
        store.new_id(),
        database.id,
        source.id,
        store.stamps(),
        body["name"],
        body["type"],
        configuration,
        body.get("filter"),
        body.get("sorts"),
        body.get("quick_filters"),
    )
    store.views[view.id] = view
    database.views.insert(at, view.id)
    return view_object(view)


def _place(views: list[str], position: Json) -> int:
    if position["type"] == "start":
        return 0
    if position["type"] == "end":
        return len(views)
    after = dashed(position.get("view_id", "")) or ""
    if after not in views:
        raise invalid(f"The view to place this one after is not part of the database: {after}")
    return views.index(after) + 1


def _fits(store: Store, source: DataSource, body: Json, configuration: Json) -> None:
    """Raise 400 unless filter, sorts and configuration name properties of the data source, of fitting types."""
    compile_filter(store, source, body.get("filter"))
    sort_rows(store, source, [], body.get("sorts"))
    for key, id_ in _property_ids(configuration):
        prop = source.find(str(id_))
        if prop is None:
            raise invalid(f"Could not find property with name or id: {id_}")
        if key == "date_property_id" and prop.type not in _DATES:
            raise invalid(f"{prop.name} is expected to be date.")
    group: Json = configuration.get("group_by") or {}
    grouped = source.find(group["property_id"]) if group else None
    if grouped is not None and grouped.type != group["type"]:
        raise invalid(f"{grouped.name} is expected to be {group['type']}.")


def _property_ids(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, list):
        for one in value:
            yield from _property_ids(one)
    elif isinstance(value, dict):
        for key, one in value.items():
            if key.endswith("property_id"):
                yield from [(key, one)] if one is not None else []
            else:
                yield from _property_ids(one)


def get_view(store: Store, request: Request) -> Json:
    """Answer GET /views/{id}."""
    return view_object(store.view(request.params["view_id"]))


def update_view(store: Store, request: Request) -> Json:
    """Carry out PATCH /views/{id}: name, filter, sorts, quick filters, configuration; the type stays."""
    body = request.body
    view = store.view(request.params["view_id"])
    store.editable(store.databases[view.database_id])
    changed = body.get("configuration", view.configuration)
    if changed["type"] != view.type:
        raise invalid(f"The type of a view can't be changed from {view.type} to {changed['type']}.")
    # What isn't named stays, null clears.
    configuration = {key: value for key, value in {**view.configuration, **changed}.items() if value is not None}
    _fits(store, store.data_sources[view.data_source_id], body, configuration)
    view.configuration = configuration
    for key in ("name", "filter", "sorts", "quick_filters"):
        if key in body:
            setattr(view, key, body[key])
    store.touch(view)
    return view_object(view)


def delete_view(store: Store, request: Request) -> Json:
    """Carry out DELETE /views/{id}; 400 for the last one of a database."""
    view = store.view(request.params["view_id"])
    database = store.databases[view.database_id]
    store.editable(database)
    if len(database.views) == 1:
        raise invalid("Cannot delete the last view of a database.")
    database.views.remove(view.id)
    del store.views[view.id]
    parent = {"type": "database_id", "database_id": database.id}
    return {"object": "view", "id": view.id, "parent": parent, "type": view.type}


def list_views(store: Store, request: Request) -> Json:
    """Answer GET /views?database_id= or ?data_source_id=: ids only."""
    database_id, source_id = request.one("database_id"), request.one("data_source_id")
    if database_id is not None:
        database = store.database(dashed(database_id) or "")
        ids = database.views
    elif source_id is not None:
        source = store.data_source(dashed(source_id) or "")
        ids = [id_ for id_ in store.databases[source.database_id].views if store.views[id_].data_source_id == source.id]
    else:
        raise invalid("query failed validation: query.database_id or query.data_source_id should be defined.")
    return paged(request, "view", ids, lambda index: {"object": "view", "id": ids[index]})


def rows_of(store: Store, view: View) -> list[Page]:
    """Return the rows a view shows, in its order (also to people, so whether or not it is shared)."""
    source = store.data_sources[view.data_source_id]
    return matching_rows(store, source, view.filter, view.sorts)
