"""Records as the API answers them (without ``request_id``)."""

import re
from typing import Final

from roadmap_sandbox.notion.blocks import living_children
from roadmap_sandbox.notion.dates import minute, precise
from roadmap_sandbox.notion.properties import property_object
from roadmap_sandbox.notion.reading import value_object
from roadmap_sandbox.notion.records import Block, Database, DataSource, Json, Page, Parent, Property, Stamps, View
from roadmap_sandbox.notion.richtext import plain
from roadmap_sandbox.notion.store import Store

_SITE: Final = "https://app.notion.com/p/"


def page_url(store: Store, page: Page) -> str:
    """Return ``https://app.notion.com/p/<Title-slug>-<32 hex digits>``."""
    slug = re.sub(r"[^A-Za-z0-9]+", "-", store.title(page)).strip("-")
    return _SITE + (f"{slug}-" if slug else "") + page.id.replace("-", "")


def database_url(id_: str) -> str:
    """Return a database's address, which its data sources share."""
    return _SITE + id_.replace("-", "")


def _times(stamps: Stamps) -> Json:
    return {
        "created_time": minute(stamps.created),
        "last_edited_time": minute(stamps.edited),
        "created_by": {"object": "user", "id": stamps.created_by},
        "last_edited_by": {"object": "user", "id": stamps.edited_by},
    }


def parent_object(store: Store, parent: Parent) -> Json:
    """Return the place where something stands; rows name both their data source and its database."""
    if parent.kind == "workspace":
        return {"type": "workspace", "workspace": True}
    shown: Json = {"type": parent.kind, parent.kind: parent.id}
    if parent.kind == "data_source_id":
        shown["database_id"] = store.data_sources[parent.id].database_id
    return shown


def _order(prop: Property) -> tuple[bool, str]:
    return prop.id == "title", prop.id


def page_object(store: Store, page: Page, chosen: set[str] | None = None) -> Json:
    """Return a page with its properties (those with ids in ``chosen``; default: all), by decoded id, the title last."""
    properties = sorted(store.schema(page).values(), key=_order)
    return {
        "object": "page",
        "id": page.id,
        **_times(page.stamps),
        "parent": parent_object(store, page.parent),
        "is_archived": False,
        "is_locked": page.is_locked,
        "properties": {
            prop.name: value_object(store, page, prop) for prop in properties if chosen is None or prop.id in chosen
        },
        "icon": page.icon,
        "cover": page.cover,
        "url": page_url(store, page),
        "public_url": None,
        "in_trash": store.in_trash(page),
    }


def database_object(store: Store, database: Database) -> Json:
    """Return a database, without a schema."""
    return {
        "object": "database",
        "id": database.id,
        "title": database.title,
        "description": database.description,
        "parent": parent_object(store, database.parent),
        "is_inline": database.is_inline,
        "is_locked": database.is_locked,
        "created_time": precise(database.stamps.created),
        "last_edited_time": precise(database.stamps.edited),
        "data_sources": [
            {"id": id_, "name": plain(store.data_sources[id_].title)}
            for id_ in database.data_sources
            if not store.data_sources[id_].in_trash
        ],
        "icon": database.icon,
        "cover": database.cover,
        "url": database_url(database.id),
        "public_url": None,
        "in_trash": store.in_trash(database),
    }


def data_source_object(store: Store, source: DataSource) -> Json:
    """Return a data source with its schema."""
    database = store.databases[source.database_id]
    return {
        "object": "data_source",
        "id": source.id,
        **_times(source.stamps),
        "title": source.title,
        "description": database.description,
        "is_inline": database.is_inline,
        "properties": {prop.name: property_object(store, source, prop) for prop in source.properties.values()},
        "parent": {"type": "database_id", "database_id": database.id},
        "database_parent": parent_object(store, database.parent),
        "icon": source.icon,
        "cover": None,
        "url": database_url(database.id),
        "public_url": None,
        "in_trash": store.in_trash(source),
    }


def view_object(view: View) -> Json:
    """Return a saved view."""
    return {
        "object": "view",
        "id": view.id,
        "parent": {"type": "database_id", "database_id": view.database_id},
        "data_source_id": view.data_source_id,
        "name": view.name,
        "type": view.type,
        "created_time": precise(view.stamps.created),
        "last_edited_time": precise(view.stamps.edited),
        "created_by": {"object": "user", "id": view.stamps.created_by},
        "last_edited_by": {"object": "user", "id": view.stamps.edited_by},
        "url": f"{database_url(view.database_id)}?v={view.id.replace('-', '')}",
        "filter": view.filter,
        "sorts": view.sorts,
        "quick_filters": view.quick_filters,
        "configuration": view.configuration,
    }


def block_object(store: Store, record: Block | Page | Database) -> Json:
    """Return a block; pages and databases show as ``child_page`` and ``child_database``."""
    if isinstance(record, Block):
        kind, content, children = record.type, record.data, bool(living_children(store, record))
    elif isinstance(record, Page):
        kind, content = "child_page", {"title": store.title(record)}
        children = bool(living_children(store, record))
    else:
        kind, content, children = "child_database", {"title": plain(record.title)}, False
    return {
        "object": "block",
        "id": record.id,
        "parent": parent_object(store, record.parent),
        **_times(record.stamps),
        "has_children": children,
        "in_trash": store.in_trash(record),
        "type": kind,
        kind: content,
    }
