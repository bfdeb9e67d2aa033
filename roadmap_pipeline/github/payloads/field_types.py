"""The fields of GitHub's payloads that are used, the type of each, and those that a row can't do without.

Belongs here: declarations by kind of payload. How a value is converted belongs to ``converters``.
"""

import re
from typing import Any

from roadmap_pipeline.github.payloads.converters import (
    Converter,
    UnusableError,
    boolean,
    int32,
    int64,
    list_of,
    object_of,
    text,
    timestamp,
)
from roadmap_pipeline.github.payloads.shapes import Kind

_REPOSITORY = re.compile(r"[^/\s]+/[^/\s]+")


def is_repository(name: str) -> bool:
    """Return whether a name is one of a repository, as owner/name."""
    return _REPOSITORY.fullmatch(name) is not None


def _label(value: Any, lost: list[str]) -> Any:
    # the API takes labels as plain strings and some tools write them so
    if isinstance(value, str):
        return value
    label = _LABEL(value, lost)
    if label is None or label.get("name") is None:
        raise UnusableError
    return label


def _parent(value: Any, lost: list[str]) -> Any:
    parent = _PARENT(value, lost)
    if parent is None or parent.get("sha") is None:
        raise UnusableError
    return parent


def _full_name(value: Any, lost: list[str]) -> str:  # noqa: ARG001
    if not isinstance(value, str) or not is_repository(value):
        raise UnusableError
    return value


_LABEL, _PARENT = object_of(name=text), object_of(sha=text)
_PERSON = object_of(login=text, type=text)
_AUTHOR = object_of(name=text)
_SIGNATURE = object_of(name=text, date=timestamp)
_INNER_REPOSITORY = object_of(id=int64, full_name=text, default_branch=text)
_BRANCH = object_of(ref=text, sha=text, repo=_INNER_REPOSITORY)
_STEP = object_of(number=int64, name=text, status=text, conclusion=text, started_at=timestamp, completed_at=timestamp)
_MILESTONE = object_of(number=int32, title=text)
_ADDRESSES: dict[str, Converter] = {
    "repository": _INNER_REPOSITORY,
    "html_url": text,
}
_PLAN: dict[str, Converter] = {
    "id": int64,
    "number": int32,
    "title": text,
    "state": text,
    "created_at": timestamp,
    "updated_at": timestamp,
    "closed_at": timestamp,
    **_ADDRESSES,
}
_ISSUE = object_of(
    **_PLAN,
    state_reason=text,
    user=_PERSON,
    milestone=_MILESTONE,
    labels=list_of(_label),
    body=text,
    pull_request=object_of(merged_at=timestamp),
)
FIELD_TYPES: dict[Kind, Converter] = {
    Kind.REPOSITORY: object_of(
        id=int64,
        full_name=_full_name,
        topics=list_of(text),
        custom_properties=object_of(),
        owner=_PERSON,
        default_branch=text,
        archived=boolean,
        html_url=text,
        created_at=timestamp,
        updated_at=timestamp,
        pushed_at=timestamp,
    ),
    Kind.RUN: object_of(
        id=int64,
        run_attempt=int32,
        workflow_id=int64,
        path=text,
        name=text,
        run_number=int64,
        display_title=text,
        event=text,
        status=text,
        conclusion=text,
        head_branch=text,
        head_sha=text,
        head_repository=_INNER_REPOSITORY,
        head_commit=object_of(message=text, author=_AUTHOR, committer=_AUTHOR),
        actor=_PERSON,
        triggering_actor=_PERSON,
        pull_requests=list_of(object_of(number=int32, base=object_of(repo=object_of(id=int64)))),
        created_at=timestamp,
        run_started_at=timestamp,
        updated_at=timestamp,
        **_ADDRESSES,
    ),
    Kind.JOB: object_of(
        id=int64,
        run_id=int64,
        run_attempt=int32,
        name=text,
        workflow_name=text,
        head_branch=text,
        head_sha=text,
        status=text,
        conclusion=text,
        created_at=timestamp,
        started_at=timestamp,
        completed_at=timestamp,
        runner_name=text,
        labels=list_of(text),
        steps=list_of(_STEP),
        **_ADDRESSES,
    ),
    Kind.PULL_REQUEST: object_of(
        **_PLAN,
        draft=boolean,
        locked=boolean,
        active_lock_reason=text,
        user=_PERSON,
        head=_BRANCH,
        base=_BRANCH,
        merge_commit_sha=text,
        milestone=_MILESTONE,
        labels=list_of(_label),
        body=text,
        merged_at=timestamp,
    ),
    Kind.WORKFLOW: object_of(
        id=int64,
        name=text,
        path=text,
        state=text,
        created_at=timestamp,
        updated_at=timestamp,
        deleted_at=timestamp,
        **_ADDRESSES,
    ),
    Kind.COMMIT: object_of(
        sha=text,
        commit=object_of(message=text, author=_SIGNATURE, committer=_SIGNATURE),
        author=_PERSON,
        committer=_PERSON,
        parents=list_of(_parent),
        **_ADDRESSES,
    ),
    Kind.ISSUE: _ISSUE,
    Kind.PULL_REQUEST_VIEW: _ISSUE,
    Kind.MILESTONE: object_of(
        **_PLAN, node_id=text, description=text, open_issues=int32, closed_issues=int32, due_on=timestamp
    ),
    Kind.ISSUE_EVENT: object_of(
        id=int64,
        issue=object_of(number=int32),
        event=text,
        actor=_PERSON,
        label=_LABEL,
        milestone=object_of(title=text),
        commit_id=text,
        created_at=timestamp,
        **_ADDRESSES,
    ),
    Kind.COMMENT: object_of(
        id=int64, body=text, user=_PERSON, created_at=timestamp, updated_at=timestamp, **_ADDRESSES
    ),
}
REQUIRED_FIELDS = {
    Kind.REPOSITORY: ("id", "full_name"),
    Kind.RUN: ("id", "created_at"),
    Kind.JOB: ("id",),
    Kind.PULL_REQUEST: ("number",),
    Kind.WORKFLOW: ("id",),
    Kind.COMMIT: ("sha",),
    Kind.ISSUE: ("number",),
    Kind.PULL_REQUEST_VIEW: ("number",),
    Kind.MILESTONE: ("number",),
    Kind.ISSUE_EVENT: ("id", "created_at"),
    Kind.COMMENT: ("id",),
}
