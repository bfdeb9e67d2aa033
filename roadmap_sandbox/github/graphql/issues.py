"""Issues and pull requests with their comments, files and commits, and their lists in a repository."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from roadmap_sandbox import payloads
from roadmap_sandbox.content import Payload
from roadmap_sandbox.github.graphql.connections import connection
from roadmap_sandbox.github.graphql.people import actor, label, milestone
from roadmap_sandbox.github.graphql.problems import no_numbered
from roadmap_sandbox.github.graphql.query import Node, Query, enum, global_id, moment
from roadmap_sandbox.github.graphql.repositories import commit, repository
from roadmap_sandbox.github.graphql.timeline import timeline
from roadmap_sandbox.github.pulls import COMMITS_LISTED
from roadmap_sandbox.github.repository_records import RepositoryRecords
from roadmap_sandbox.github.search_dates import normalised

ISSUES = ("issues", "pull_requests")
PULLS = ("pull_requests",)
"""Permissions of which an installation needs one."""

_CHANGE_TYPES = {"added": "ADDED", "removed": "DELETED", "renamed": "RENAMED", "copied": "COPIED", "changed": "CHANGED"}


def _common(query: Query, records: RepositoryRecords, view: Payload) -> Node:
    """Return the fields of an issue or pull request, from its issue view."""
    number = view["number"]

    def comments(_info: Any, **arguments: Any) -> Node:
        held = _comments(records, number)
        order = arguments.get("orderBy") or {}
        if order.get("direction") == "DESC":
            held = held[::-1]
        return connection(query, held, lambda payload: comment(query, records, payload), arguments)

    def labels(_info: Any, **arguments: Any) -> Node:
        return connection(query, view["labels"], label, arguments)

    def assignees(_info: Any, **arguments: Any) -> Node:
        return connection(query, view["assignees"], lambda user: actor(user) or {}, arguments)

    def timeline_items(_info: Any, **arguments: Any) -> Node:
        nodes = [(payload, comment(query, records, payload)) for payload in _comments(records, number)]
        return timeline(query, records, view, nodes, arguments)

    return {
        "number": number,
        "title": view["title"],
        "body": view["body"] or "",
        "author": actor(view["user"]),
        "authorAssociation": view["author_association"],
        "closed": view["state"] == "closed",
        "closedAt": moment(view["closed_at"]),
        "createdAt": moment(view["created_at"]),
        "updatedAt": moment(view["updated_at"]),
        "locked": view["locked"],
        "url": view["html_url"],
        "comments": comments,
        "labels": labels,
        "assignees": assignees,
        "timelineItems": timeline_items,
        "milestone": milestone(records.with_milestone(view)["milestone"]),
        "repository": lambda _info: repository(records),
    }


def issue(query: Query, records: RepositoryRecords, payload: Payload) -> Node:
    """Return an ``Issue``."""

    def state_reason(_info: Any, *, enableDuplicate: bool = False) -> str | None:  # noqa: N803 - GitHub's name
        reason = enum(payload.get("state_reason"))
        return "NOT_PLANNED" if reason == "DUPLICATE" and not enableDuplicate else reason

    return {
        "__typename": "Issue",
        **_common(query, records, payload),
        "id": global_id(payload),
        "databaseId": payload["id"],
        "fullDatabaseId": payload["id"],
        "state": enum(payload["state"]),
        "stateReason": state_reason,
    }


def pull_request(query: Query, records: RepositoryRecords, pull: Payload) -> Node:
    """Return a ``PullRequest``."""
    number = pull["number"]
    changed = records.files.get(number, [])

    def files(_info: Any, **arguments: Any) -> Node:
        return connection(query, changed, _file, arguments)

    def commits(_info: Any, **arguments: Any) -> Node:
        held = records.commits_of_pull(number)[:COMMITS_LISTED]
        return connection(query, held, lambda payload: _pull_request_commit(query, records, pull, payload), arguments)

    def merge_commit(_info: Any) -> Node | None:
        return commit(query, records, _merge_commit(records, pull)) if pull["merged_at"] else None

    head, base = pull["head"], pull["base"]
    return {
        "__typename": "PullRequest",
        **_common(query, records, records.issues[number]),
        "id": global_id(pull),
        "databaseId": pull["id"],
        "fullDatabaseId": pull["id"],
        "state": "MERGED" if pull["merged_at"] else enum(pull["state"]),
        "merged": pull["merged_at"] is not None,
        "mergedAt": moment(pull["merged_at"]),
        "mergeCommit": merge_commit,
        "isDraft": pull["draft"],
        "isCrossRepository": head["repo"] is None or head["repo"]["id"] != records.id,
        "headRefName": head["ref"],
        "headRefOid": head["sha"],
        "baseRefName": base["ref"],
        "baseRefOid": base["sha"],
        "url": pull["html_url"],
        "additions": sum(file["additions"] for file in changed),
        "deletions": sum(file["deletions"] for file in changed),
        "changedFiles": len(changed),
        "totalCommentsCount": records.issues[number]["comments"],
        "files": files,
        "commits": commits,
    }


def comment(query: Query, records: RepositoryRecords, payload: Payload) -> Node:
    """Return an ``IssueComment``."""
    number = records.issue_number_of(payload)
    return {
        "__typename": "IssueComment",
        "id": global_id(payload),
        "databaseId": payload["id"],
        "fullDatabaseId": payload["id"],
        "author": actor(payload["user"]),
        "authorAssociation": payload["author_association"],
        "body": payload["body"],
        "createdAt": moment(payload["created_at"]),
        "updatedAt": moment(payload["updated_at"]),
        "url": payload["html_url"],
        "issue": lambda _info: issue(query, records, records.issues[number]),
        "pullRequest": lambda _info: (
            pull_request(query, records, records.pulls[number]) if number in records.pulls else None
        ),
        "repository": lambda _info: repository(records),
    }


def _merge_commit(records: RepositoryRecords, pull: Payload) -> Payload:
    sha = pull["merge_commit_sha"]
    login = (pull["user"] or records.payload["owner"])["login"]
    return records.commit(sha) or payloads.commit(
        records.payload,
        sha,
        message=f"{pull['title']} (#{pull['number']})",
        author=pull["user"],
        author_name=login,
        email=f"{login}@users.noreply.github.com",
        at=pull["merged_at"],
        parents=[pull["base"]["sha"]],
    )


def _comments(records: RepositoryRecords, number: int) -> list[Payload]:
    return [records.comments[comment_id] for comment_id in records.comments_of.get(number, ())]


def _file(file: Payload) -> Node:
    return {
        "path": file["filename"],
        "additions": file["additions"],
        "deletions": file["deletions"],
        "changeType": _CHANGE_TYPES.get(file["status"], "MODIFIED"),
    }


def _pull_request_commit(query: Query, records: RepositoryRecords, pull: Payload, payload: Payload) -> Node:
    return {
        "__typename": "PullRequestCommit",
        "id": f"PURC_{pull['id']}_{payload['sha']}",
        "url": f"{pull['html_url']}/commits/{payload['sha']}",
        "commit": commit(query, records, payload),
        "pullRequest": lambda _info: pull_request(query, records, pull),
    }


def numbered_pull_request(source: Node, info: Any, *, number: int) -> Node:
    """Return the pull request of a number."""
    records: RepositoryRecords = source["records"]
    info.context.check(records, PULLS)
    if number not in records.pulls:
        raise no_numbered("a PullRequest", number)
    return pull_request(info.context, records, records.pulls[number])


def numbered_issue(source: Node, info: Any, *, number: int) -> Node:
    """Return the issue of a number, which no pull request has."""
    records: RepositoryRecords = source["records"]
    info.context.check(records, ISSUES)
    if number in records.pulls or number not in records.issues:
        raise no_numbered("an Issue", number)
    return issue(info.context, records, records.issues[number])


def issue_or_pull_request(source: Node, info: Any, *, number: int) -> Node:
    """Return the issue or the pull request of a number."""
    records: RepositoryRecords = source["records"]
    if number not in records.issues:
        raise no_numbered("an issue or pull request", number)
    return (numbered_pull_request if number in records.pulls else numbered_issue)(source, info, number=number)


def list_pull_requests(source: Node, info: Any, **arguments: Any) -> Node:
    """Return a page of a repository's pull requests."""
    records: RepositoryRecords = source["records"]
    query: Query = info.context
    query.check(records, PULLS)
    pulls = list(records.pulls.values())
    if arguments.get("states") is not None:
        pulls = [pull for pull in pulls if _state(pull) in arguments["states"]]
    for argument, end in (("baseRefName", "base"), ("headRefName", "head")):
        if arguments.get(argument) is not None:
            pulls = [pull for pull in pulls if pull[end]["ref"] == arguments[argument]]
    return _listed(query, records, pulls, lambda pull: pull_request(query, records, pull), arguments)


def list_issues(source: Node, info: Any, **arguments: Any) -> Node:
    """Return a page of a repository's issues without its pull requests."""
    records: RepositoryRecords = source["records"]
    query: Query = info.context
    query.check(records, ISSUES)
    plain = [payload for number, payload in records.issues.items() if number not in records.pulls]
    if arguments.get("states") is not None:
        plain = [payload for payload in plain if enum(payload["state"]) in arguments["states"]]
    return _listed(query, records, plain, lambda payload: issue(query, records, payload), arguments)


def _state(pull: Payload) -> str:
    return "MERGED" if pull["merged_at"] else str(enum(pull["state"]))


def _listed(
    query: Query,
    records: RepositoryRecords,
    items: Sequence[Payload],
    make: Callable[[Payload], Node],
    arguments: Mapping[str, Any],
) -> Node:
    labels = arguments.get("labels")
    if labels is not None:
        items = [item for item in items if any(held["name"] in labels for held in item["labels"])]
    order = arguments.get("orderBy") or {"field": "CREATED_AT", "direction": "ASC"}

    def key(item: Payload) -> Any:
        if order["field"] == "COMMENTS":
            return records.issues[item["number"]]["comments"], item["number"]
        return normalised(item["updated_at" if order["field"] == "UPDATED_AT" else "created_at"]), item["number"]

    return connection(query, sorted(items, key=key, reverse=order["direction"] == "DESC"), make, arguments)
