"""The actions of people in the application, past the API: no limits of the API, no journal entry, another author.

Each action takes JSON arguments, so that it can be kept beside the requests and replayed. ``state`` offers them.
"""

from collections.abc import Callable
from copy import deepcopy
from functools import partial
from itertools import count
from typing import Any, Final

from roadmap_sandbox.notion.content import page_markdown, replace_body, set_trash
from roadmap_sandbox.notion.databases import update_data_source
from roadmap_sandbox.notion.errors import INTEGRATION_ID, invalid
from roadmap_sandbox.notion.pages import create_page, move_page
from roadmap_sandbox.notion.records import PERSON_ID, Database, DataSource, Json, Page, Property
from roadmap_sandbox.notion.requests import Request
from roadmap_sandbox.notion.richtext import from_plain
from roadmap_sandbox.notion.store import Store
from roadmap_sandbox.notion.writing import Prepared, prepare, set_values

_LISTS: Final = ("title", "rich_text", "multi_select", "relation", "people", "files")


def api_value(prop: Property, value: Any) -> Json:
    """Return a plain value in the API's form.

    Text for title, rich_text, url, select and status; a number; a bool; an ISO day or time (or the API's object) for a
    date; a list of names for multi_select, of ids for relation and people; None for empty. A dict that holds the
    type's key is taken as it is.
    """
    if isinstance(value, dict) and prop.type in value:
        return value
    kept: Any = value
    if value is None:
        kept = [] if prop.type in _LISTS else False if prop.type == "checkbox" else None
    elif prop.type in ("title", "rich_text"):
        kept = from_plain(value)
    elif prop.type in ("select", "status"):
        kept = {"name": value}
    elif prop.type == "multi_select":
        kept = [{"name": name} for name in value]
    elif prop.type in ("relation", "people"):
        kept = [{"id": id_} for id_ in value]
    elif prop.type == "date" and isinstance(value, str):
        kept = {"start": value}
    return {prop.type: kept}


def _source(store: Store, id_: str) -> DataSource:
    if id_ in store.databases:
        return store.data_sources[store.databases[id_].data_sources[0]]
    if id_ not in store.data_sources:
        raise invalid(f"There is no database or data source {id_}.")
    return store.data_sources[id_]


def _page(store: Store, id_: str) -> Page:
    if id_ not in store.pages or not store.visible(store.pages[id_]):
        raise invalid(f"There is no page {id_}.")
    return store.pages[id_]


def _property(schema: dict[str, Property], name: str) -> Property:
    prop = next((prop for prop in schema.values() if prop.name == name), None)
    if prop is None:
        raise invalid(
            f"{name} is not a property that exists: choose one of {', '.join(p.name for p in schema.values())}."
        )
    return prop


def set_property(store: Store, page_id: str, name: str, value: Any) -> None:
    """Change one value of a page."""
    page = _page(store, page_id)
    store.editable(page)
    above = store.parent_of(page)
    prop = _property(store.schema(page), name)
    source = above if isinstance(above, DataSource) else None
    set_values(store, page, prepare(store, source, {prop.name: api_value(prop, value)}))
    store.touch(page)


def add_row(store: Store, data_source_id: str, values: Json, markdown: str = "") -> str:
    """Add a row; its id."""
    source = _source(store, data_source_id)
    properties = {name: api_value(_property(source.properties, name), value) for name, value in values.items()}
    # The body's first heading would become a missing title: a person's row stays untitled.
    properties = {_title(source).name: {"title": []}, **properties}
    body = {"parent": {"data_source_id": source.id}, "properties": properties, "markdown": markdown}
    return str(create_page(store, Request({}, body=body))["id"])


def _title(source: DataSource) -> Property:
    return source.properties["title"]


def write_body(store: Store, page_id: str, markdown: str) -> None:
    """Replace a page's body."""
    page = _page(store, page_id)
    store.editable(page)
    replace_body(store, page, markdown, allow_deleting=True)
    store.touch(page)


def _change_schema(store: Store, data_source_id: str, changes: Json) -> None:
    source = _source(store, data_source_id)
    update_data_source(store, Request({"data_source_id": source.id}, body={"properties": changes}))


def rename_property(store: Store, data_source_id: str, name: str, new_name: str) -> None:
    """Rename a column; its id stays."""
    _property(_source(store, data_source_id).properties, name)
    _change_schema(store, data_source_id, {name: {"name": new_name}})


def delete_property(store: Store, data_source_id: str, name: str) -> None:
    """Delete a column with its values."""
    _property(_source(store, data_source_id).properties, name)
    _change_schema(store, data_source_id, {name: None})


def add_property(store: Store, data_source_id: str, name: str, kind: str) -> None:
    """Add a column of a type that needs no configuration."""
    _change_schema(store, data_source_id, {name: {kind: {}}})


def retype_property(store: Store, data_source_id: str, name: str, kind: str) -> None:
    """Make a column one of another type, which empties it."""
    _property(_source(store, data_source_id).properties, name)
    _change_schema(store, data_source_id, {name: {kind: {}}})


def add_option(store: Store, data_source_id: str, name: str, option: str) -> None:
    """Add an option to a select, multi-select or status."""
    prop = _property(_source(store, data_source_id).properties, name)
    options = [{"id": one["id"]} for one in prop.config["options"]]
    _change_schema(store, data_source_id, {name: {prop.type: {"options": [*options, {"name": option}]}}})


def rename_option(store: Store, data_source_id: str, name: str, option: str, new_name: str) -> None:
    """Rename an option; rows keep it."""
    prop = _property(_source(store, data_source_id).properties, name)
    options = [
        {"id": one["id"], "name": new_name if one["name"] == option else one["name"]} for one in prop.config["options"]
    ]
    _change_schema(store, data_source_id, {name: {prop.type: {"options": options}}})


def delete_option(store: Store, data_source_id: str, name: str, option: str) -> None:
    """Delete an option; rows that had it become empty."""
    prop = _property(_source(store, data_source_id).properties, name)
    options = [{"id": one["id"]} for one in prop.config["options"] if one["name"] != option]
    _change_schema(store, data_source_id, {name: {prop.type: {"options": options}}})


def rename(store: Store, id_: str, title: str) -> None:
    """Give a database or a page another title."""
    record = store.databases.get(id_) or _page(store, id_)
    store.editable(record)
    if isinstance(record, Database):
        record.title = from_plain(title)
    else:
        set_values(store, record, prepare(store, None, {"title": {"title": from_plain(title)}}))
    store.touch(record)


def trash(store: Store, id_: str) -> None:
    """Put a page or database into the trash."""
    record = store.databases.get(id_) or _page(store, id_)
    store.editable(record)
    set_trash(store, record, True)


def restore(store: Store, id_: str) -> None:
    """Take a page or database out of the trash."""
    set_trash(store, store.databases.get(id_) or _page(store, id_), False)


def delete(store: Store, id_: str) -> None:
    """Delete a page or database for good, as from the trash: nobody sees it again."""
    record = store.databases.get(id_) or _page(store, id_)
    if not record.in_trash:
        set_trash(store, record, True)
    store.deleted.add(id_)


def duplicate(store: Store, page_id: str) -> str:
    """Copy a row with all its values and its body; the title gets a number after it. Return the copy's id."""
    page = _page(store, page_id)
    source = store.parent_of(page)
    if not isinstance(source, DataSource):
        raise invalid(f"The page {page_id} is no row.")
    copy_id = add_row(store, source.id, {}, page_markdown(store, page)["markdown"])
    values = {id_: value for id_, value in page.values.items() if source.properties[id_].type != "unique_id"}
    number = next(
        n for n in count(1) if f"{store.title(page)} ({n})" not in {store.title(p) for p in _rows(store, source)}
    )
    values["title"] = from_plain(f"{store.title(page)} ({number})")
    copies: Prepared = [(source.properties[id_], partial(deepcopy, value)) for id_, value in values.items()]
    set_values(store, store.pages[copy_id], copies)
    return copy_id


def _rows(store: Store, source: DataSource) -> list[Page]:
    return [store.pages[id_] for id_ in source.rows]


def move(store: Store, page_id: str, parent_id: str) -> None:
    """Move a page below another page, or into another database."""
    key, id_ = ("page_id", parent_id) if parent_id in store.pages else ("data_source_id", _source(store, parent_id).id)
    move_page(store, Request({"page_id": page_id}, body={"parent": {key: id_}}))


def rename_view(store: Store, view_id: str, name: str) -> None:
    """Give a view another name."""
    if view_id not in store.views:
        raise invalid(f"There is no view {view_id}.")
    store.views[view_id].name = name
    store.touch(store.views[view_id])


def unshare(store: Store, id_: str) -> None:
    """Take a page or database (and what is in it) away from the integration; looks like deleting it for good."""
    if id_ not in store.databases:
        _page(store, id_)
    store.hidden.add(id_)


def share(store: Store, id_: str) -> None:
    """Share it again."""
    store.hidden.discard(id_)


ACTIONS: Final[dict[str, Callable[..., Any]]] = {
    action.__name__: action
    for action in (
        set_property,
        add_row,
        write_body,
        rename_property,
        delete_property,
        add_property,
        retype_property,
        add_option,
        rename_option,
        delete_option,
        rename,
        trash,
        restore,
        delete,
        duplicate,
        move,
        rename_view,
        unshare,
        share,
    )
}


def act(store: Store, name: str, arguments: Json) -> Any:
    """Carry out an action as a person, who sees everything.

    Raises:
        ApiError: the application would refuse it too (no such thing, in the trash, wrong type); nothing is changed.
    """
    hidden, counter = set(store.hidden), store.counter
    store.actor = PERSON_ID
    if name not in ("unshare", "share"):
        store.hidden.clear()
    try:
        return ACTIONS[name](store, **arguments)
    except BaseException:
        store.counter = counter
        raise
    finally:
        store.actor = INTEGRATION_ID
        if name not in ("unshare", "share"):
            store.hidden.update(hidden)
