"""Recorded payloads in the full shapes that the simulator serves.

Belongs here: what stands in for fields that a record of any age or origin lacks, or has of another type. Which records
are served belongs to ``replay``, what each kind's fields are to ``payloads``.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from roadmap_pipeline.github.payloads import records
from roadmap_pipeline.github.payloads.normalization import parse_time
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

Told = Mapping[str, Any]


def repository(name: str, told: Told, clock: datetime) -> Payload:
    """A repository in the shape that its own endpoint answers, whatever little is known of it."""
    owner = _person(told.get("owner")) or payloads.user(name.partition("/")[0], 0, type="Organization")
    branch = told.get("default_branch") or "main"
    made = payloads.repository(
        name, told["id"], owner, created_at=clock, updated_at=clock, pushed_at=clock, default_branch=branch
    )
    addresses = {"url": f"{API_ROOT}/repos/{name}", "html_url": f"{HTML_ROOT}/{name}"}
    known = {"full_name": name, "name": name.partition("/")[2], "owner": owner, "default_branch": branch}
    return {**_over(made, told), **known, **addresses}


def run(home: Payload, told: Told) -> Payload:
    """An attempt of a run in ``home``."""
    at = told["created_at"]
    made = payloads.workflow_run(
        home,
        id=told["id"],
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
    kept = {name: value for name, value in made.items() if name in told or name in _OF_EVERY_RUN}
    people = {name: _person(told.get(name)) for name in ("actor", "triggering_actor") if name in told}
    head = told.get("head_repository")
    whole = {**_over(kept, told), "head_repository": _inner(head, home), "repository": home, **people}
    return _timed(whole)


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


def job(home: Payload, told: Told) -> Payload:
    """A job of a run in ``home``."""
    at = told.get("started_at") or told.get("created_at") or told.get("completed_at") or home["created_at"]
    made = payloads.job(
        home,
        id=told["id"],
        run_id=records.run_id_of(told),
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
    kept = {name: value for name, value in made.items() if name in told or name in _OF_EVERY_JOB}
    return _timed({**_over(kept, told), "run_id": made["run_id"]})


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


def pull_request(home: Payload, told: Told) -> Payload:
    """A pull request of ``home``, as lists hold it."""
    at = told.get("created_at") or told.get("updated_at") or home["created_at"]
    made = payloads.pull_request(
        home,
        id=told.get("id") or told["number"],
        number=told["number"],
        title="",
        user={},
        head_ref="",
        head_sha="",
        base_ref="",
        base_sha="",
        created_at=at,
        updated_at=told.get("updated_at") or at,
    )
    head = told.get("head") or {}
    whole = {
        **_over(made, told),
        "head": {**_over(made["head"], head), "repo": _inner(head.get("repo"), home)},
        "base": {**_over(made["base"], told.get("base") or {}), "repo": home},
    }
    return _planned(whole, home, told)


def workflow(home: Payload, told: Told) -> Payload:
    """A workflow of ``home``."""
    made = payloads.workflow(home, id=told["id"], name="", path="", created_at=home["created_at"])
    return _timed(_over(made, told))


def commit(home: Payload, told: Told) -> Payload:
    """A commit of ``home``, as lists of a pull request's commits hold it."""
    git = told.get("commit") or {}
    made = payloads.commit(
        home, str(told["sha"]), message="", author={}, author_name="", email="", at=home["created_at"]
    )
    people = {name: _over(made["commit"][name], git.get(name) or {}) for name in ("author", "committer")}
    accounts = {name: _person(told.get(name)) for name in ("author", "committer")}
    whole = {**_over(made, told), "commit": {**_over(made["commit"], git), **people}, **accounts}
    return {**whole, "parents": told.get("parents") or []}


def issue(home: Payload, told: Told, pull: Payload | None = None) -> Payload:
    """An issue of ``home``; with ``pull`` the issue view of that pull request."""
    at = told.get("created_at") or told.get("updated_at") or home["created_at"]
    made = payloads.issue(
        home,
        id=told.get("id") or told["number"],
        number=told["number"],
        title="",
        user={},
        created_at=at,
        updated_at=told.get("updated_at") or at,
        pull_request=pull,
    )
    return _planned(_over(made, told), home, told)


def milestone(home: Payload, told: Told) -> Payload:
    """A milestone of ``home``."""
    at = told.get("created_at") or told.get("updated_at") or home["created_at"]
    made = payloads.milestone(
        home,
        id=told.get("id") or told["number"],
        number=told["number"],
        title="",
        creator={},
        created_at=at,
        updated_at=told.get("updated_at") or at,
    )
    return _timed({**_over(made, told), "creator": _person(told.get("creator"))})


def issue_event(home: Payload, told: Told) -> Payload:
    """An event of an issue or pull request of ``home``."""
    made = payloads.issue_event(home, id=told["id"], number=0, event="", actor={}, created_at=told["created_at"])
    item = told.get("issue") or {}
    whole = {**_over(made, told), "actor": _person(told.get("actor")), "issue": item if item.get("number") else None}
    return _timed(whole)


def comment(home: Payload, number: int, told: Told) -> Payload:
    """A comment on issue or pull request ``number`` of ``home``."""
    at = told.get("created_at") or told.get("updated_at") or home["created_at"]
    made = payloads.comment(
        home, id=told["id"], number=number, user={}, body="", created_at=at, updated_at=told.get("updated_at") or at
    )
    return _timed({**_over(made, told), "user": _person(told.get("user"))})


def _over(made: Told, told: Told) -> Payload:
    """What is ``told`` over what is ``made``, except where it is of another type."""
    whole = dict(made)
    for name, value in told.items():
        default = made.get(name)
        is_unknown = value is None and isinstance(default, str | dict) and name not in ("created_at", "updated_at")
        if default is None or type(value) is type(default) or is_unknown:
            whole[name] = value
    return whole


def _planned(item: Payload, home: Payload, told: Told) -> Payload:
    stage = told.get("milestone")
    labels = [
        payloads.label(home, id=number, name=label) if isinstance(label, str) else {"id": number, **label}
        for number, label in enumerate(told.get("labels") or [])
    ]
    whole = {
        **item,
        "user": _person(told.get("user")),
        "labels": labels,
        "milestone": {"id": 0, **stage} if stage and stage.get("number") is not None else None,
        "assignees": _people(told.get("assignees")),
        "assignee": _person(told.get("assignee")),
        "state": item["state"] or "open",
    }
    return _timed(whole)


def _person(told: Any) -> Payload | None:
    """A person or organisation, None when it has no name."""
    if not isinstance(told, Mapping) or not isinstance(told.get("login"), str) or not told["login"]:
        return None
    number = told.get("id")
    known = {"id": number if type(number) is int else 0}
    return {**_over(payloads.user(told["login"], 0), told), **known}


def _people(told: Any) -> Sequence[Payload]:
    found = (_person(one) for one in told) if isinstance(told, list) else ()
    return [one for one in found if one is not None]


def _inner(told: Any, home: Payload) -> Payload | None:
    """A repository inside something; ``home`` itself where it is that, so that it is held once."""
    if not isinstance(told, Mapping) or not told.get("full_name") or told.get("id") is None:
        return None
    if told["id"] == home["id"]:
        return home
    owner = _person(told.get("owner")) or payloads.user(told["full_name"].partition("/")[0], 0, type="Organization")
    return {**_over(payloads.minimal_repository(told["full_name"], told["id"], owner), told), "owner": owner}


def _timed(item: Payload) -> Payload:
    """The times of an item as GitHub writes them."""
    for name in _TIMES:
        value = item.get(name)
        if isinstance(value, str) and not (len(value) == len("2026-11-16T06:00:00Z") and value[-1] == "Z"):
            moment = parse_time(value)
            item[name] = None if moment is None else payloads.timestamp(moment.replace(tzinfo=UTC))
    return item
