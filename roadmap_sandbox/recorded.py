"""Recorded payloads in the full shapes that the simulator serves.

Belongs here: what stands in for fields that a record of any age or origin lacks, or has of another type. Which records
are served belongs to ``replay``, what each kind's fields are to ``payloads``.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from roadmap_sandbox import payloads
from roadmap_sandbox.content import API_ROOT, HTML_ROOT, Payload

_TIMES = (
    "created_at",
    "updated_at",
    "closed_at",
    "merged_at",
    "started_at",
    "completed_at",
    "run_started_at",
    "due_on",
)

Record = Mapping[str, Any]
ParseTime = Callable[[str | None], datetime | None]


def repository(name: str, record: Record, clock: datetime) -> Payload:
    """Return a repository in the shape that its own endpoint answers, whatever little is known of it."""
    owner = _person(record.get("owner")) or payloads.user(name.partition("/")[0], 0, type="Organization")
    branch = record.get("default_branch") or "main"
    made = payloads.repository(
        name, record["id"], owner, created_at=clock, updated_at=clock, pushed_at=clock, default_branch=branch
    )
    addresses = {"url": f"{API_ROOT}/repos/{name}", "html_url": f"{HTML_ROOT}/{name}"}
    known = {"full_name": name, "name": name.partition("/")[2], "owner": owner, "default_branch": branch}
    return {**_over(made, record), **known, **addresses}


def run(home: Payload, record: Record) -> Payload:
    """Return an attempt of a run in ``home``."""
    at = record["created_at"]
    made = payloads.workflow_run(
        home,
        id=record["id"],
        run_number=0,
        workflow_id=0,
        name="",
        path="",
        head_branch=None,
        head_sha="",
        event="",
        status="completed",
        conclusion=None,
        created_at=at,
        updated_at=at,
        actor={},
        display_title="",
    )
    # no more than GitHub gave at the time
    kept = {name: value for name, value in made.items() if name in record or name in _OF_EVERY_RUN}
    people = {name: _person(record.get(name)) for name in ("actor", "triggering_actor") if name in record}
    head = record.get("head_repository")
    return {**_over(kept, record), "head_repository": _inner(head, home), "repository": home, **people}


_OF_EVERY_RUN = (
    *(
        "id",
        "run_number",
        "workflow_id",
        "head_sha",
        "event",
        "status",
        "conclusion",
        "created_at",
        "updated_at",
        "url",
    ),
    *("html_url", "name", "head_branch", "pull_requests", "head_commit"),
)


def job(home: Payload, run_id: int, record: Record) -> Payload:
    """Return job of run ``run_id`` in ``home``."""
    at = record.get("started_at") or record.get("created_at") or record.get("completed_at") or home["created_at"]
    made = payloads.job(
        home,
        id=record["id"],
        run_id=run_id,
        name="",
        workflow_name="",
        head_branch=None,
        head_sha="",
        status="completed",
        conclusion=None,
        created_at=at,
        started_at=at,
        completed_at=None,
        labels=(),
    )
    kept = {name: value for name, value in made.items() if name in record or name in _OF_EVERY_JOB}
    return {**_over(kept, record), "run_id": run_id}


_OF_EVERY_JOB = (
    "id",
    "run_id",
    "name",
    "status",
    "conclusion",
    "started_at",
    "completed_at",
    "steps",
    "url",
    "html_url",
)


def pull_request(home: Payload, record: Record) -> Payload:
    """Return a pull request of ``home``, as lists hold it."""
    at = record.get("created_at") or record.get("updated_at") or home["created_at"]
    made = payloads.pull_request(
        home,
        id=record.get("id") or record["number"],
        number=record["number"],
        title="",
        user={},
        head_ref="",
        head_sha="",
        base_ref="",
        base_sha="",
        created_at=at,
        updated_at=record.get("updated_at") or at,
    )
    head = record.get("head") or {}
    whole = {
        **_over(made, record),
        "head": {**_over(made["head"], head), "repo": _inner(head.get("repo"), home)},
        "base": {**_over(made["base"], record.get("base") or {}), "repo": home},
    }
    return _planned(whole, home, record)


def workflow(home: Payload, record: Record) -> Payload:
    """Return a workflow of ``home``."""
    made = payloads.workflow(home, id=record["id"], name="", path="", created_at=home["created_at"])
    return _over(made, record)


def commit(home: Payload, record: Record) -> Payload:
    """Return a commit of ``home``, as lists of a pull request's commits hold it."""
    git = record.get("commit") or {}
    made = payloads.commit(
        home, str(record["sha"]), message="", author={}, author_name="", email="", at=home["created_at"]
    )
    people = {name: _over(made["commit"][name], git.get(name) or {}) for name in ("author", "committer")}
    accounts = {name: _person(record.get(name)) for name in ("author", "committer")}
    whole = {**_over(made, record), "commit": {**_over(made["commit"], git), **people}, **accounts}
    return {**whole, "parents": record.get("parents") or []}


def issue(home: Payload, record: Record) -> Payload:
    """Return an issue of ``home``, or the issue view of a pull request."""
    at = record.get("created_at") or record.get("updated_at") or home["created_at"]
    made = payloads.issue(
        home,
        id=record.get("id") or record["number"],
        number=record["number"],
        title="",
        user={},
        created_at=at,
        updated_at=record.get("updated_at") or at,
    )
    return _planned(_over(made, record), home, record)


def milestone(home: Payload, record: Record) -> Payload:
    """Return a milestone of ``home``."""
    at = record.get("created_at") or record.get("updated_at") or home["created_at"]
    made = payloads.milestone(
        home,
        id=record.get("id") or record["number"],
        number=record["number"],
        title="",
        creator={},
        created_at=at,
        updated_at=record.get("updated_at") or at,
    )
    return {**_over(made, record), "creator": _person(record.get("creator"))}


def issue_event(home: Payload, record: Record) -> Payload:
    """Return an event of an issue or pull request of ``home``."""
    made = payloads.issue_event(home, id=record["id"], number=0, event="", actor={}, created_at=record["created_at"])
    item = record.get("issue") or {}
    return {
        **_over(made, record),
        "actor": _person(record.get("actor")),
        "issue": item if item.get("number") else None,
    }


def comment(home: Payload, number: int, record: Record) -> Payload:
    """Return a comment on issue or pull request ``number`` of ``home``."""
    at = record.get("created_at") or record.get("updated_at") or home["created_at"]
    made = payloads.comment(
        home, id=record["id"], number=number, user={}, body="", created_at=at, updated_at=record.get("updated_at") or at
    )
    return {**_over(made, record), "user": _person(record.get("user"))}


def _over(made: Record, record: Record) -> Payload:
    """Return ``record`` over ``made``, except where a value is of another type."""
    whole = dict(made)
    for name, value in record.items():
        default = made.get(name)
        is_unknown = value is None and isinstance(default, str | dict) and name not in ("created_at", "updated_at")
        if default is None or type(value) is type(default) or is_unknown:
            whole[name] = value
    return whole


def _planned(item: Payload, home: Payload, record: Record) -> Payload:
    stage = record.get("milestone")
    labels = [
        payloads.label(home, id=number, name=label) if isinstance(label, str) else {"id": number, **label}
        for number, label in enumerate(record.get("labels") or [])
    ]
    return {
        **item,
        "user": _person(record.get("user")),
        "labels": labels,
        "milestone": {"id": 0, **stage} if stage and stage.get("number") is not None else None,
        "assignees": _people(record.get("assignees")),
        "assignee": _person(record.get("assignee")),
        "state": item["state"] or "open",
    }


def _person(value: Any) -> Payload | None:
    """Return a person or organisation, None when it has no name."""
    if not isinstance(value, Mapping) or not isinstance(value.get("login"), str) or not value["login"]:
        return None
    number = value.get("id")
    known = {"id": number if type(number) is int else 0}
    return {**_over(payloads.user(value["login"], 0), value), **known}


def _people(value: Any) -> Sequence[Payload]:
    people = (_person(one) for one in value) if isinstance(value, list) else ()
    return [person for person in people if person is not None]


def _inner(value: Any, home: Payload) -> Payload | None:
    """Return a repository inside something; ``home`` itself where it is that, so that it is held once."""
    if not isinstance(value, Mapping) or not value.get("full_name") or value.get("id") is None:
        return None
    if value["id"] == home["id"]:
        return home
    owner = _person(value.get("owner")) or payloads.user(value["full_name"].partition("/")[0], 0, type="Organization")
    return {**_over(payloads.minimal_repository(value["full_name"], value["id"], owner), value), "owner": owner}


def with_api_times(item: Payload, parse_time: ParseTime) -> Payload:
    """Write the times of ``item`` as GitHub does, in place, and return it."""
    for name in _TIMES:
        value = item.get(name)
        if isinstance(value, str) and not (len(value) == len("2026-11-16T06:00:00Z") and value[-1] == "Z"):
            moment = parse_time(value)
            item[name] = None if moment is None else payloads.timestamp(moment.replace(tzinfo=UTC))
    return item
