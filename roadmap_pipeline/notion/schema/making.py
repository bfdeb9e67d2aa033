"""Carrying out the changes of a plan.

Belongs here: writing requests and their payloads.
"""

from collections.abc import Iterable
from typing import Any

from roadmap_pipeline.notion.client import NotionClient
from roadmap_pipeline.notion.creation import create_once
from roadmap_pipeline.notion.ids import name_key, notion_id
from roadmap_pipeline.notion.layout import SCHEMAS, DatabaseSchema, Option, PropertySpec, ViewSpec
from roadmap_pipeline.notion.schema.checking import Observed, matching_properties, resolve_database
from roadmap_pipeline.notion.schema.model import Database, ObservedDatabase
from roadmap_pipeline.notion.schema.observing import find, observe_database, read_properties, read_views
from roadmap_pipeline.notion.schema.planning import (
    AddOptions,
    AddProperty,
    AddView,
    CreateDatabase,
    DescribeProperties,
    RenameTitle,
    SchemaChange,
    SetDescription,
)


def apply(client: NotionClient, change: SchemaChange, observed: Observed) -> None:
    """Carry out one change of a plan, in its order, and bring ``observed`` up to date with Notion's response."""
    schema = change.schema
    if isinstance(change, CreateDatabase):
        observed.databases[schema.key] = _create_database(client, schema, observed)
        return
    database = observed.databases[schema.key]
    if database is None:
        raise ValueError(f"{change.describe()}: the database has to be created first")
    if isinstance(change, AddView):
        _add_view(client, change, database, observed.known.get(schema.key))
    elif isinstance(change, SetDescription):
        client.request(
            "PATCH", f"databases/{database.database_id}", body={"description": _rich_text(schema.description)}
        )
        database.description, database.is_finished = schema.description, True
    else:
        response = client.request(
            "PATCH",
            f"data_sources/{database.data_source_id}",
            body={"properties": _property_change(change, database, observed)},
        )
        database.properties = read_properties(response)


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
    return observe_database(client, schema, payload, thorough=True)


def _add_view(client: NotionClient, change: AddView, database: ObservedDatabase, known: Database | None) -> None:
    body = _view_body(change.view, database, resolve_database(change.schema, database, known))

    def look_up(_committed_id: str | None) -> dict[str, Any] | None:
        view_id = read_views(client, database.database_id).get(name_key(change.view.name))
        return None if view_id is None else {"id": view_id}

    view, _ = create_once(client, lambda: client.request("POST", "views", body=body), look_up)
    database.views = {**(database.views or {}), name_key(change.view.name): view["id"]}


def _view_body(view: ViewSpec, database: ObservedDatabase, resolved: Database) -> dict[str, Any]:
    ids = resolved.property_ids
    configuration: dict[str, Any] = {"type": view.type}
    if view.group_by:
        configuration["group_by"] = {"type": "select", "property_id": ids[view.group_by], "sort": {"type": "manual"}}
    if view.date:
        configuration["date_property_id"] = ids[view.date]
        configuration["preference"] = {"zoom_level": "month"}
    if view.columns:
        configuration["properties"] = [{"property_id": ids[name], "visible": True} for name in view.columns]
    body: dict[str, Any] = {
        "database_id": database.database_id,
        "data_source_id": database.data_source_id,
        "name": view.name,
        "type": view.type,
        "configuration": configuration,
    }
    if view.number_filter:
        name, condition, number = view.number_filter
        body["filter"] = {"property": ids[name], "number": {condition: number}}
    if view.newest_first:
        key = "timestamp" if view.newest_first == "last_edited_time" else "property"
        body["sorts"] = [{key: ids.get(view.newest_first, view.newest_first), "direction": "descending"}]
    return body


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
