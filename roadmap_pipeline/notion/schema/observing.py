"""Finding the two databases in Notion, and reading what they look like.

Belongs here: requests that only read. What is wrong with what they find belongs to ``checking``.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.notion.client import NotFound, NotionClient, NotionError
from roadmap_pipeline.notion.ids import name_key, notion_id, property_key
from roadmap_pipeline.notion.layout import SCHEMAS, DatabaseSchema, Option, ViewSpec
from roadmap_pipeline.notion.schema.checking import Observed
from roadmap_pipeline.notion.schema.duplicates import description_of, is_trashed_duplicate, keep_one
from roadmap_pipeline.notion.schema.model import (
    Database,
    ObservedDatabase,
    ObservedProperty,
    ObservedView,
    SchemaError,
    SchemaProblem,
)
from roadmap_pipeline.notion.schema.views import must_be_read


def observe(
    client: NotionClient,
    parent_page_id: str,
    database_ids: Mapping[str, str | None] | None = None,
    known: Mapping[str, Database] | None = None,
    own_views: Mapping[str, Sequence[ViewSpec]] | None = None,
    *,
    thorough: bool = False,
) -> Observed:
    """Read both databases.

    Args:
        client: The client to read with.
        parent_page_id: The page under which they are.
        database_ids: Which they are, by key, e.g. from the environment.
        known: Which they were before, where ``database_ids`` doesn't say.
        own_views: The views of one's own, by key.
        thorough: Whether to read the views also of databases that are finished.

    Raises:
        ConfigurationError, NotionError, SchemaError: As :func:`find` does.
    """
    databases: dict[str, ObservedDatabase | None] = {}
    children: list[tuple[str, str]] | None = None
    still_known: dict[str, Database] = {}
    for key, schema in SCHEMAS.items():
        configured, previous = (database_ids or {}).get(key), (known or {}).get(key)
        wanted = configured or (previous.database_id if previous else None)
        if not configured and wanted and is_trashed_duplicate(_get(client, schema, wanted)):
            wanted = None
        if not wanted and children is None:
            # One list for both: of those that another machine is making, never the second one without the first.
            children = _child_databases(client, parent_page_id)
        databases[key] = database = find(client, schema, parent_page_id, wanted, children, thorough=thorough)
        # Ids of properties hold for their own database only.
        if previous is not None and database is not None and database.database_id == previous.database_id:
            still_known[key] = previous
        if database is not None:
            _read_for_own_views(client, database, (own_views or {}).get(key, ()), still_known.get(key))
    return Observed(parent_page_id, databases, still_known, own_views or {})


def _read_for_own_views(
    client: NotionClient, database: ObservedDatabase, own: Sequence[ViewSpec], known: Database | None
) -> None:
    """Read what a comparison of one's own views needs, where one is to be saved or changed."""
    database.saved_views = {} if known is None else dict(known.views)
    if own and (database.is_thorough or must_be_read(own, {} if known is None else known.views)):
        if database.views is None:
            database.views = read_views(client, database.database_id)
        database.integration = database.integration or client.request("GET", "users/me")["id"]


def find(
    client: NotionClient,
    schema: DatabaseSchema,
    parent_page_id: str,
    database_id: str | None = None,
    children: Sequence[tuple[str, str]] | None = None,
    *,
    thorough: bool = False,
) -> ObservedDatabase | None:
    """Return the database of ``schema``, or None when there is none.

    It is the one with ``database_id``, else the parent page's child of that title, else the child with that description
    (renamed). Of several that were made at the same time one stays, and names the others as its duplicates. Notion's
    search is never used: it lags. ``children`` are the page's databases, where they were listed before.

    Raises:
        ConfigurationError: The parent page cannot be seen.
        NotionError: The database cannot be seen or is in the trash.
        SchemaError: Several could be meant.
    """
    if database_id is not None:
        return _retrieve(client, schema, database_id, thorough=thorough)
    if children is None:
        children = _child_databases(client, parent_page_id)
    same_title = [child for child, title in children if name_key(title) == name_key(schema.title)]
    if len(same_title) == 1:
        return _retrieve(client, schema, same_title[0], thorough=thorough)
    payloads = {child: _database_or_none(client, child) for child in same_title or [child for child, _ in children]}
    candidates = {child: payload for child, payload in payloads.items() if payload is not None}
    choice = keep_one(client, schema, list(candidates.values())) if len(same_title) > 1 else None
    if choice is not None:
        kept = _retrieve(client, schema, choice[0], thorough=thorough)
        kept.duplicates = choice[1]
        return kept
    described = [child for child, payload in candidates.items() if schema.version_of(description_of(payload))]
    if len(described) == 1:
        return _retrieve(client, schema, described[0], thorough=thorough)
    if not same_title and not described:
        return None
    several = ", ".join(described or same_title)
    raise SchemaError(
        [
            SchemaProblem(
                schema.title,
                None,
                f"exists several times under the parent page: {several}",
                f"name the right one in {schema.environment}, or delete the others",
            )
        ]
    )


def child_databases_titled(client: NotionClient, schema: DatabaseSchema, parent_page_id: str) -> list[str]:
    """Return the ids of the parent page's databases that bear the title of ``schema``."""
    children = _child_databases(client, parent_page_id)
    return [child for child, title in children if name_key(title) == name_key(schema.title)]


def _database_or_none(client: NotionClient, child: str) -> dict[str, Any] | None:
    try:
        return client.request("GET", f"databases/{child}")
    except NotFound:
        # A linked view of a database is listed like one, but is none.
        return None


def _child_databases(client: NotionClient, parent_page_id: str) -> list[tuple[str, str]]:
    """Return (id, title) of the databases that are blocks of the page, in order."""
    try:
        page = notion_id(parent_page_id)
    except ValueError as error:
        raise ConfigurationError(f"NOTION_PARENT_PAGE_ID: {error}") from None
    try:
        blocks = client.paginate("GET", f"blocks/{page}/children")
    except NotFound as error:
        raise ConfigurationError(
            f"NOTION_PARENT_PAGE_ID: Notion knows no page {page} that the integration may see ({error.code});"
            " share the page with the integration (page menu → Connections) or correct the id"
        ) from None
    return [
        (notion_id(block["id"]), block["child_database"]["title"])
        for block in blocks
        if block["type"] == "child_database" and not block.get("in_trash")
    ]


def _get(client: NotionClient, schema: DatabaseSchema, database_id: str) -> dict[str, Any]:
    """Return the database of that id, also from the trash."""
    try:
        wanted = notion_id(database_id)
    except ValueError as error:
        raise ConfigurationError(f"{schema.environment}: {error}") from None
    try:
        return client.request("GET", f"databases/{wanted}")
    except NotFound as error:
        raise NotionError(
            f"The Notion database {schema.title} ({wanted}) was deleted or is not shared with the integration:"
            f" share it again, or name another one in {schema.environment}",
            status=error.status,
            code=error.code,
        ) from None


def _retrieve(client: NotionClient, schema: DatabaseSchema, database_id: str, *, thorough: bool) -> ObservedDatabase:
    database = _get(client, schema, database_id)
    if database.get("in_trash"):
        raise NotionError(
            f"The Notion database {schema.title} ({notion_id(database_id)}) is in the trash: restore it in Notion,"
            f" or name another one in {schema.environment}",
            code="in_trash",
        )
    return observe_database(client, schema, database, thorough=thorough)


def observe_database(
    client: NotionClient, schema: DatabaseSchema, database: Mapping[str, Any], *, thorough: bool
) -> ObservedDatabase:
    """Return the database that Notion gave, with its data source read, and its views unless it is finished.

    Raises:
        SchemaError: It has several data sources, and it is not clear which is meant.
    """
    sources = [
        client.request("GET", f"data_sources/{reference['id']}") for reference in database.get("data_sources") or ()
    ]
    if len(sources) > 1:
        wanted = name_key(schema.title_property.name)
        sources = [
            source
            for source in sources
            if any(item["type"] == "title" and name_key(item["name"]) == wanted for item in _configurations(source))
        ]
    if len(sources) != 1:
        raise SchemaError(
            [
                SchemaProblem(
                    schema.title,
                    None,
                    f"has {len(database.get('data_sources') or ())} data sources, not one of which is clearly meant",
                    f"keep one with the title property {schema.title_property.name}",
                )
            ]
        )
    observed = ObservedDatabase(
        database_id=notion_id(database["id"]),
        data_source_id=notion_id(sources[0]["id"]),
        url=database.get("url") or "",
        title=_plain(database.get("title")),
        description=description_of(database),
        version=schema.version_of(description_of(database)),
        is_finished=schema.version_of(description_of(database)) == schema.version,
        properties=read_properties(sources[0]),
        is_thorough=thorough,
    )
    if thorough or not observed.is_finished:
        observed.views = read_views(client, observed.database_id)
    if 0 < observed.version < schema.version:
        observed.integration = client.request("GET", "users/me")["id"]
    return observed


def read_views(client: NotionClient, database_id: str, known: Iterable[ObservedView] = ()) -> list[ObservedView]:
    """Return the views of a database; those that are ``known`` are not read again."""
    kept = {view.id: view for view in known}
    references = client.paginate("GET", "views", query={"database_id": database_id})
    return [
        kept.get(reference["id"]) or _observed_view(client.request("GET", f"views/{reference['id']}"))
        for reference in references
    ]


def _observed_view(view: Mapping[str, Any]) -> ObservedView:
    return ObservedView(
        id=view["id"],
        name=view["name"],
        type=view["type"],
        created_by=_user_id(view, "created_by"),
        last_edited_by=_user_id(view, "last_edited_by"),
        created_time=str(view.get("created_time") or ""),
        definition={key: view.get(key) for key in ("filter", "sorts", "configuration")},
    )


def _user_id(view: Mapping[str, Any], key: str) -> str:
    return str((view.get(key) or {}).get("id") or "")


def _configurations(source: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """Return the properties that Notion gives of a data source, each with its name."""
    return ({**configuration, "name": name} for name, configuration in source["properties"].items())


def read_properties(source: Mapping[str, Any]) -> dict[str, ObservedProperty]:
    """Return the properties that Notion gives of a data source, by their keys."""
    properties = {}
    for item in _configurations(source):
        details = item.get(item["type"]) or {}
        target = details.get("data_source_id") if item["type"] == "relation" else None
        properties[property_key(item["id"])] = ObservedProperty(
            id=item["id"],
            name=item["name"],
            type=item["type"],
            description=item.get("description") or "",
            options={option["id"]: Option(option["name"], option["color"]) for option in details.get("options") or ()},
            target=notion_id(target) if target else None,
        )
    return properties


def _plain(rich_text: Sequence[Mapping[str, Any]] | None) -> str:
    return "".join(item["plain_text"] for item in rich_text or ())
