"""Repositories and commits. The issues and pull requests of a repository belong to ``issues``."""

from collections.abc import Sequence
from typing import Any

from roadmap_sandbox.content import Payload
from roadmap_sandbox.github.graphql.connections import connection
from roadmap_sandbox.github.graphql.people import actor
from roadmap_sandbox.github.graphql.query import Node, Query, global_id, moment
from roadmap_sandbox.github.repository_records import RepositoryRecords


def repository(records: RepositoryRecords) -> Node:
    """Return a ``Repository``; ``records`` is for the fields that lead further."""
    payload = records.payload
    return {
        "__typename": "Repository",
        "records": records,
        "id": global_id(payload),
        "databaseId": records.id,
        "name": payload["name"],
        "nameWithOwner": records.full_name,
        "owner": actor(payload["owner"]),
        "isArchived": payload["archived"],
        "isFork": payload["fork"],
        "isPrivate": payload["private"],
        "createdAt": moment(payload["created_at"]),
        "updatedAt": moment(payload["updated_at"]),
        "pushedAt": moment(payload["pushed_at"]),
        "url": payload["html_url"],
    }


def commit(query: Query, records: RepositoryRecords, payload: Payload) -> Node:
    """Return a ``Commit``."""
    details = payload["commit"]

    def parents(_info: Any, **arguments: Any) -> Node:
        return connection(query, _parents(payload), lambda sha: _parent(query, records, sha), arguments)

    return {
        "__typename": "Commit",
        "id": global_id(payload),
        "oid": payload["sha"],
        "abbreviatedOid": payload["sha"][:7],
        "message": details["message"],
        "messageHeadline": details["message"].partition("\n")[0],
        "author": _git_actor(details["author"], payload["author"]),
        "committer": _git_actor(details["committer"], payload["committer"]),
        "authoredDate": moment(details["author"]["date"]),
        "committedDate": moment(details["committer"]["date"]),
        "parents": parents,
        "url": payload["html_url"],
    }


def _parents(payload: Payload) -> Sequence[str]:
    return [parent["sha"] for parent in payload["parents"]]


def _parent(query: Query, records: RepositoryRecords, sha: str) -> Node:
    held = records.commit(sha)
    return {"__typename": "Commit", "oid": sha} if held is None else commit(query, records, held)


def _git_actor(person: Payload, account: Payload | None) -> Node:
    user = actor(account)
    return {
        "name": person["name"],
        "email": person["email"],
        "date": moment(person["date"]),
        "user": user if user is not None and user["__typename"] == "User" else None,
    }
