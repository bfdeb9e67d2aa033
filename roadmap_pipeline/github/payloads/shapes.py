"""The kind of a payload of GitHub, by its shape alone.

Belongs here: telling kinds apart and finding records inside responses of lists, webhook deliveries and other envelopes.
Files belong to ``dump``, rows to ``records``.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """The kind of a record."""

    REPOSITORY = "repository"
    WORKFLOW = "workflow"
    RUN = "run"
    JOB = "job"
    PULL_REQUEST = "pull request"
    COMMIT = "commit"
    ISSUE = "issue"
    PULL_REQUEST_VIEW = "issue view of a pull request"
    MILESTONE = "milestone"
    ISSUE_EVENT = "issue event"
    COMMENT = "comment"


def kind_of(payload: Mapping[str, Any]) -> Kind | None:
    """Return the kind of a payload of any age; None for kinds that no table holds (users, reviews, …)."""

    def has(*names: str) -> bool:
        return all(name in payload for name in names)

    if has("id", "run_number", "head_sha", "event"):
        return Kind.RUN
    if has("id", "name", "status", "started_at") and ("run_id" in payload or "run_url" in payload):
        return Kind.JOB
    if has("id", "name", "path", "state") and isinstance(payload["path"], str):
        return Kind.WORKFLOW
    if has("number", "title", "head", "base"):
        return Kind.PULL_REQUEST
    if has("sha", "commit", "parents") and isinstance(payload["commit"], dict):
        return Kind.COMMIT
    if has("number", "title", "open_issues", "closed_issues"):
        return Kind.MILESTONE
    if has("id", "number", "title", "state", "user") and "category" not in payload:  # discussions have one
        return Kind.ISSUE if payload.get("pull_request") is None else Kind.PULL_REQUEST_VIEW
    if has("id", "event", "actor", "created_at", "commit_id"):
        return Kind.ISSUE_EVENT
    if has("id", "body", "issue_url"):
        return Kind.COMMENT
    if has("id", "full_name", "owner"):
        return Kind.REPOSITORY
    return None


def find_records(value: Any) -> Iterator[tuple[Kind | None, Any]]:
    """Yield every record in a JSON value with its kind, in order; None for what is not recognised.

    Lists and envelopes are opened. Beside something recognised, what an envelope holds counts as a record only where it
    stands in a list or has an ``id``; who sent a webhook does not.
    """
    if isinstance(value, list):
        for item in value:
            yield from find_records(item)
    elif not isinstance(value, dict):
        yield None, value
    elif (kind := kind_of(value)) is not None:
        yield kind, value
    elif _is_thing(value):
        yield None, value
    else:
        yield from _opened(value)


def _opened(envelope: Mapping[str, Any]) -> Iterator[tuple[Kind | None, Any]]:
    inside = [
        (record, isinstance(value, list))
        for value in envelope.values()
        if isinstance(value, dict | list)
        for record in find_records(value)
    ]
    if any(kind is not None for (kind, _), _ in inside):
        for (kind, record), is_listed in inside:
            if (
                kind is not None
                or is_listed
                or (isinstance(record, dict) and "id" in record and not _is_account(record))
            ):
                yield kind, record
    elif "total_count" not in envelope or inside:  # an answer without items holds no record
        yield None, envelope


def _is_thing(payload: Mapping[str, Any]) -> bool:
    """Return whether it is something of its own, of a kind that isn't wanted, so that what it holds isn't either."""
    return "node_id" in payload or ("url" in payload and ("id" in payload or "sha" in payload))


def _is_account(payload: Mapping[str, Any]) -> bool:
    return "login" in payload
