"""The ways into the store: nodes by their global ids, a repository by its name, who is asking, what is left."""

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from roadmap_sandbox.content import Payload
from roadmap_sandbox.github.graphql import checks, issues, people, problems, repositories
from roadmap_sandbox.github.graphql.query import Node, Query
from roadmap_sandbox.github.repository_records import RepositoryRecords

MAX_IDS = 100
_ID = re.compile(r"([A-Z]+)_kwDO([A-Za-z0-9_-]{12})\Z")
_Lookup = Callable[[RepositoryRecords, str, int | None], Payload | None]
_Make = Callable[[Query, RepositoryRecords, Payload], Node]


def node(_source: Any, info: Any, *, id: str) -> Node:
    """Return the object of a global id."""
    return _node(info.context, id)


def nodes(_source: Any, info: Any, *, ids: list[str]) -> list[Node | Exception]:
    """Return the objects of global ids in their order; in the place of one that isn't there stands its problem."""
    if len(ids) > MAX_IDS:
        message = f"You may not provide more than {MAX_IDS} node ids; you provided {len(ids)}."
        raise problems.Problem(message, "ARGUMENT_LIMIT")
    given: list[Node | Exception] = []
    for node_id in ids:
        try:
            given.append(_node(info.context, node_id))
        except problems.Problem as problem:
            given.append(problem)
    return given


def repository(_source: Any, info: Any, *, owner: str, name: str, followRenames: bool = True) -> Node:  # noqa: N803
    """Return a repository by its present name, or a former one."""
    query: Query = info.context
    full_name = f"{owner}/{name}"
    records = query.store.repository(full_name)
    if records is None and followRenames:
        records = query.store.moved(full_name)
    if records is None or not query.sees(records):
        raise problems.no_repository(full_name)
    query.check(records, ())
    query.visit(1)
    return repositories.repository(records)


def viewer(_source: Any, info: Any) -> Node:
    """Return who is asking."""
    return people.viewer(info.context.request.user())


def rate_limit(_source: Any, info: Any) -> Node:
    """Return what this query costs and what is left."""
    left: Node = info.context.rate_limit
    return left


def _run(records: RepositoryRecords, node_id: str, number: int | None) -> Payload | None:
    run = None if number is None else records.runs.latest(number)
    return run if run is not None and run["node_id"] == node_id else None


def _held(table: Callable[[RepositoryRecords], Mapping[int, Payload] | Iterable[Payload]]) -> _Lookup:
    """Return a lookup by the number within an id, or by the id itself where a recorded payload has another form."""

    def find(records: RepositoryRecords, node_id: str, number: int | None) -> Payload | None:
        items = table(records)
        if isinstance(items, Mapping):
            if number is not None:
                item = items.get(number)
                return item if item is not None and item["node_id"] == node_id else None
            items = items.values()
        return next((item for item in items if item["node_id"] == node_id), None)

    return find


def _issue(records: RepositoryRecords, node_id: str, _number: int | None) -> Payload | None:
    plain = (item for number, item in records.issues.items() if number not in records.pulls)
    return next((item for item in plain if item["node_id"] == node_id), None)


def _milestone(_query: Query, _records: RepositoryRecords, payload: Payload) -> Node:
    return people.milestone(payload) or {}


_KINDS: dict[str, tuple[_Lookup, _Make, tuple[str, ...]]] = {
    "CS": (lambda records, node_id, _: records.runs.of_suite(node_id), checks.check_suite, checks.AREA),
    "CR": (_held(lambda records: records.jobs), checks.check_run, checks.AREA),
    "WFR": (_run, checks.workflow_run, checks.AREA),
    "PR": (_held(lambda records: records.pulls.values()), issues.pull_request, issues.PULLS),
    "I": (_issue, issues.issue, issues.ISSUES),
    "IC": (_held(lambda records: records.comments), issues.comment, issues.ISSUES),
    "MI": (_held(lambda records: records.milestones.values()), _milestone, issues.ISSUES),
}
"""By the letters that a global id starts with: how to look it up, how to show it, and the permissions it needs."""


def _node(query: Query, node_id: str) -> Node:
    query.visit(1)
    kind, number = node_id.partition("_")[0], _number(node_id)
    for records in query.store.repositories:
        if kind == "R" and records.payload["node_id"] == node_id and query.sees(records):
            query.check(records, ())
            return repositories.repository(records)
        if kind in _KINDS:
            look_up, make, area = _KINDS[kind]
            payload = look_up(records, node_id, number)
            if payload is not None and query.sees(records):
                query.check(records, area)
                return make(query, records, payload)
    raise problems.no_node(node_id)


def _number(node_id: str) -> int | None:
    match = _ID.match(node_id)
    if match is None:
        return None
    try:
        return int.from_bytes(base64.urlsafe_b64decode(match[2]), "big")
    except binascii.Error:
        return None
