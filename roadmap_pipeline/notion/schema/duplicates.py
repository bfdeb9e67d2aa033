"""A database that was made twice: which one stays, and how the other goes to the trash.

Two machines may make a database at the same time, since Notion has no way to make one only if there is none. Belongs
here: telling our own duplicates from databases of people, which are never touched. Finding a database belongs to
``observing``.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from roadmap_pipeline.notion.client import NotionClient, NotionError
from roadmap_pipeline.notion.ids import name_key, notion_id
from roadmap_pipeline.notion.layout import DatabaseSchema

_MARK = "Duplicate, put into the trash by roadmap_pipeline."


def keep_one(
    client: NotionClient, schema: DatabaseSchema, databases: Sequence[Mapping[str, Any]]
) -> tuple[str, tuple[str, ...]] | None:
    """Return which of several databases of one title stays, and the others of ours, which double it.

    The one in which people wrote stays, else the one that is finished, else the oldest (ties by id): every machine
    comes to the same answer.

    Args:
        client: The client to read with.
        schema: What the databases are made by.
        databases: All databases of that title below the parent page, as Notion gives them.

    Returns:
        The ids; None when it isn't clear: fewer than two are ours, people wrote in several, or one that isn't ours
        bears our description (a copy that a person made).
    """
    integration = client.request("GET", "users/me")["id"]
    ours = [database for database in databases if _is_ours(client, schema, database, integration)]
    others = [database for database in databases if database not in ours]
    if len(ours) < 2 or any(schema.version_of(description_of(database)) for database in others):
        return None
    in_use = {database["id"] for database in ours if _is_in_use(client, database, integration)}
    if len(in_use) > 1:
        return None

    def rank(database: Mapping[str, Any]) -> tuple[bool, int, str, str]:
        version = schema.version_of(description_of(database))
        return database["id"] not in in_use, -version, database["created_time"], database["id"]

    ids = [notion_id(database["id"]) for database in sorted(ours, key=rank)]
    return ids[0], tuple(ids[1:])


def trash_duplicate(client: NotionClient, database_id: str) -> None:
    """Put a database that doubles another into the trash, with a description that says so.

    Raises:
        NotionError: Notion refused it.
    """
    path = f"databases/{database_id}"
    mark = [{"type": "text", "text": {"content": _MARK}}]
    try:
        client.request("PATCH", path, body={"description": mark, "in_trash": True})
    except NotionError:
        # Another machine may have been faster, or the response to a first attempt got lost.
        if not client.request("GET", path).get("in_trash"):
            raise


def is_trashed_duplicate(database: Mapping[str, Any]) -> bool:
    """Return whether a database is in the trash because it doubled another one: no person put it there."""
    return bool(database.get("in_trash")) and _MARK in description_of(database)


def description_of(database: Mapping[str, Any]) -> str:
    """Return the description of a database as Notion gives it, as plain text."""
    return "".join(item["plain_text"] for item in database.get("description") or ())


def _is_ours(client: NotionClient, schema: DatabaseSchema, database: Mapping[str, Any], integration: str) -> bool:
    """Return whether the integration made the database by ``schema``; a database itself doesn't name its author."""
    sources = database.get("data_sources") or []
    if len(sources) != 1:
        return False
    source = client.request("GET", f"data_sources/{sources[0]['id']}")
    names = {name_key(name) for name in source["properties"]}
    is_made_by_schema = all(name_key(spec.name) in names for spec in schema.properties if spec.since == 1)
    return bool(source["created_by"]["id"] == integration) and is_made_by_schema


def _is_in_use(client: NotionClient, database: Mapping[str, Any], integration: str) -> bool:
    rows = client.paginate("POST", f"data_sources/{database['data_sources'][0]['id']}/query")
    authors = {row[role]["id"] for row in rows for role in ("created_by", "last_edited_by")}
    return bool(authors - {integration})
