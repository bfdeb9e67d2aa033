"""Carrying out the changes of a plan.

Belongs here: writing requests and their payloads.
"""

import logging
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from roadmap_pipeline.notion.client import NotFound, NotionClient, NotionError
from roadmap_pipeline.notion.creation import create_once
from roadmap_pipeline.notion.ids import notion_id
from roadmap_pipeline.notion.layout import SCHEMAS, DatabaseSchema, Option, PropertySpec
from roadmap_pipeline.notion.schema.checking import Observed, matching_properties, resolve_database
from roadmap_pipeline.notion.schema.duplicates import is_trashed_duplicate, trash_duplicate
from roadmap_pipeline.notion.schema.model import Database, ObservedDatabase, ObservedView, SavedView
from roadmap_pipeline.notion.schema.observing import (
    child_databases_titled,
    find,
    observe_database,
    read_properties,
    read_views,
)
from roadmap_pipeline.notion.schema.planning import (
    AddOptions,
    AddProperty,
    AddView,
    ChangeView,
    CreateDatabase,
    DescribeProperties,
    RenameTitle,
    SchemaChange,
    SetDescription,
    TrashDuplicate,
)
from roadmap_pipeline.notion.schema.views import changed_body, digest, view_body

_log = logging.getLogger(__name__)


def apply(client: NotionClient, change: SchemaChange, observed: Observed) -> None:
    """Carry out one change of a plan, in its order, and bring ``observed`` up to date with Notion's response."""
    try:
        _apply(client, change, observed)
    except NotionError:
        if not _has_given_way(client, change.schema, observed):
            raise
        _apply(client, change, observed)


def _has_given_way(client: NotionClient, schema: DatabaseSchema, observed: Observed) -> bool:
    """Return whether another machine put the database into the trash meanwhile, as the younger of two.

    ``observed`` then holds the one that stayed.
    """
    database = observed.databases[schema.key]
    if database is None or not is_trashed_duplicate(client.request("GET", f"databases/{database.database_id}")):
        return False
    observed.databases[schema.key] = find(client, schema, observed.parent_page_id, thorough=True)
    return observed.databases[schema.key] is not None


def _apply(client: NotionClient, change: SchemaChange, observed: Observed) -> None:
    schema = change.schema
    if isinstance(change, CreateDatabase):
        observed.databases[schema.key] = _create_database(client, schema, observed)
        return
    database = observed.databases[schema.key]
    if database is None:
        raise ValueError(f"{change.describe()}: the database has to be created first")
    if isinstance(change, AddView):
        view_id = _add_view(client, change, database, observed.known.get(schema.key))
        if change.view in observed.own_views.get(schema.key, ()):
            database.saved_views[change.view.name] = SavedView(view_id, digest(change.view))
    elif isinstance(change, ChangeView):
        address = resolve_database(schema, database, observed.known.get(schema.key))
        client.request("PATCH", f"views/{change.view_id}", body=changed_body(change.view, address))
        database.saved_views[change.view.name] = SavedView(change.view_id, digest(change.view))
    elif isinstance(change, TrashDuplicate):
        trash_duplicate(client, change.database_id)
        database.duplicates = tuple(other for other in database.duplicates if other != change.database_id)
    elif isinstance(change, SetDescription):
        _describe(client, schema, database)
    else:
        response = client.request(
            "PATCH",
            f"data_sources/{database.data_source_id}",
            body={"properties": _property_change(change, database, observed)},
        )
        database.properties = read_properties(response)


def _describe(client: NotionClient, schema: DatabaseSchema, database: ObservedDatabase) -> None:
    text = schema.description
    if database.version:
        # What people wrote around an older version's description stays.
        former = (*schema.former_descriptions, schema.description)[database.version - 1]
        text = database.description.replace(former, schema.description)
    client.request("PATCH", f"databases/{database.database_id}", body={"description": _rich_text(text)})
    database.description, database.version, database.is_finished = text, schema.version, True


def _property_change(
    change: AddProperty | RenameTitle | AddOptions | DescribeProperties, database: ObservedDatabase, observed: Observed
) -> dict[str, dict[str, Any]]:
    if isinstance(change, AddProperty):
        return {change.spec.name: _configuration(change.spec, observed)}
    if isinstance(change, RenameTitle):
        title = change.schema.title_property
        return {
            item.id: {"name": title.name, "description": title.description}
            for item in database.properties.values()
            if item.type == "title"
        }
    known = observed.known.get(change.schema.key)
    if isinstance(change, DescribeProperties):
        return {
            matching_properties(spec, database, known)[0].id: {"description": spec.description} for spec in change.specs
        }
    (item,) = matching_properties(change.spec, database, known)
    # The list replaces the stored one: an option left out would vanish together with the rows' values.
    kept = [{"id": option_id, "name": option.name, "color": option.color} for option_id, option in item.options.items()]
    return {item.id: {"select": {"options": kept + _new_options(change.options)}}}


def _create_database(client: NotionClient, schema: DatabaseSchema, observed: Observed) -> ObservedDatabase:
    body = {
        "parent": {"type": "page_id", "page_id": notion_id(observed.parent_page_id)},
        "title": _rich_text(schema.title),
        "initial_data_source": {
            "properties": {spec.name: _configuration(spec, observed) for spec in schema.properties}
        },
    }

    def look_up(_committed_id: str | None) -> dict[str, Any] | None:
        # Whatever id Notion names for a lost answer (database or data source): the page's children tell.
        database = find(client, schema, observed.parent_page_id)
        return None if database is None else client.request("GET", f"databases/{database.database_id}")

    payload, _ = create_once(client, lambda: client.request("POST", "databases", body=body), look_up)
    created = observe_database(client, schema, payload, thorough=True)
    return _settle_duplicates(client, schema, created, observed.parent_page_id)


def _settle_duplicates(
    client: NotionClient, schema: DatabaseSchema, created: ObservedDatabase, parent_page_id: str
) -> ObservedDatabase:
    """Return the database that stays: the created one, unless another machine made one a moment before."""
    if len(child_databases_titled(client, schema, parent_page_id)) < 2:
        return created
    kept = find(client, schema, parent_page_id, thorough=True)
    if kept is None or not kept.duplicates:
        return created
    for duplicate in kept.duplicates:
        _log.warning(
            "%s was made twice at the same time: %s stays, %s is put into the trash",
            schema.title,
            kept.database_id,
            duplicate,
        )
        trash_duplicate(client, duplicate)
    kept.duplicates = ()
    return kept


def _add_view(client: NotionClient, change: AddView, database: ObservedDatabase, known: Database | None) -> str:
    """Save a view, unless another machine did; return its id."""
    body = {
        "database_id": database.database_id,
        "data_source_id": database.data_source_id,
        "name": change.view.name,
        "type": change.view.type,
        **view_body(change.view, resolve_database(change.schema, database, known)),
    }

    def look_up(_committed_id: str | None) -> dict[str, Any] | None:
        database.views = read_views(client, database.database_id)
        return next(({"id": view.id} for view in _same_views(change, database)), None)

    if not _same_views(change, database):
        created, _ = create_once(client, lambda: client.request("POST", "views", body=body), look_up)
        database.views = read_views(client, database.database_id, database.views or ())
        for view in _doubles(change, database, created["id"]):
            _delete_view(client, database, view.id)
    if change.replaces is not None:
        _delete_view(client, database, change.replaces)
    return _same_views(change, database)[0].id


def _same_views(change: AddView, database: ObservedDatabase) -> list[ObservedView]:
    """Return the views of that name and type, the oldest first."""
    named = [view for view in database.views_named(change.view.name) if view.type == change.view.type]
    return sorted(named, key=lambda view: (view.created_time, view.id))


def _doubles(change: AddView, database: ObservedDatabase, created_id: str) -> list[ObservedView]:
    """Return the views that another machine and ours made of one: all but the oldest, and none that people touched."""
    same = _same_views(change, database)
    integration = next((view.created_by for view in same if view.id == created_id), "")
    return [view for view in same if {view.created_by, view.last_edited_by} == {integration}][1:]


def _delete_view(client: NotionClient, database: ObservedDatabase, view_id: str) -> None:
    with suppress(NotFound):
        client.request("DELETE", f"views/{view_id}")
    database.views = [view for view in database.views or () if view.id != view_id]


def _configuration(spec: PropertySpec, observed: Observed) -> dict[str, Any]:
    """Return the property as the API takes it when it is created."""
    details: dict[str, Any] = {}
    if spec.format:
        details["format"] = spec.format
    if spec.options:
        details["options"] = _new_options(spec.options)
    if spec.relation_to:
        target = observed.databases[spec.relation_to]
        if target is None:
            raise ValueError(f"{spec.name} points to {SCHEMAS[spec.relation_to].title}, which has to be created first")
        details = {"data_source_id": target.data_source_id, "type": "single_property", "single_property": {}}
    return {spec.type: details, "description": spec.description}


def _new_options(options: Iterable[Option]) -> list[dict[str, str]]:
    return [{"name": option.name, "color": option.color} for option in options]


def _rich_text(text: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": {"content": text}}]
