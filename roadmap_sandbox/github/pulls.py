"""Pull requests, their commits and files. Their comments, labels and state are those of the issue view."""

from collections.abc import Callable
from hashlib import sha1
from typing import Any

from roadmap_sandbox.content import Payload
from roadmap_sandbox.github.issues import BODY_LIMIT, TITLE_LIMIT
from roadmap_sandbox.github.messages import (
    ApiError,
    Request,
    Response,
    invalid,
    json_response,
    no_commit,
    not_found,
    text,
)
from roadmap_sandbox.github.paging import listed
from roadmap_sandbox.github.repository_records import RepositoryRecords
from roadmap_sandbox.github.routing import Router
from roadmap_sandbox.github.search_dates import normalised
from roadmap_sandbox.github.store import Store

routes = Router()

COMMITS_LISTED = 250
"""A pull request's commits beyond these are not listed."""
_STATES = ("open", "closed", "all")
_ONLY_ALONE = frozenset(
    {
        "merged",
        "mergeable",
        "rebaseable",
        "mergeable_state",
        "merged_by",
        "comments",
        "review_comments",
        "maintainer_can_modify",
        "commits",
        "additions",
        "deletions",
        "changed_files",
    }
)
"""Fields that a pull request has when asked for alone, and not in a list."""


def _simple(records: RepositoryRecords, pull: Payload) -> Payload:
    return {name: value for name, value in records.with_milestone(pull).items() if name not in _ONLY_ALONE}


def _full(records: RepositoryRecords, pull: Payload) -> Payload:
    files = records.files.get(pull["number"], [])
    known = pull["state"] == "open" and pull["number"] in records.asked_for_merge
    return {
        "merged": pull["merged_at"] is not None,
        "mergeable": True if known else None,
        "rebaseable": True if known else None,
        "mergeable_state": "clean" if known else "unknown",
        "merged_by": None,
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": len(records.commits_of_pull(pull["number"])),
        "additions": sum(file["additions"] for file in files),
        "deletions": sum(file["deletions"] for file in files),
        "changed_files": len(files),
        **records.with_milestone(pull),
        "comments": records.issues[pull["number"]]["comments"],
    }


_SORT_KEYS: dict[str, Callable[[RepositoryRecords, Payload], Any]] = {
    "created": lambda _, pull: (normalised(pull["created_at"]), pull["number"]),
    "updated": lambda _, pull: (normalised(pull["updated_at"]), pull["number"]),
    "popularity": lambda records, pull: (records.issues[pull["number"]]["comments"], pull["number"]),
    "long-running": lambda _, pull: (normalised(pull["created_at"]), pull["number"]),
}


@routes.add("GET", "pulls")
def list_pulls(_store: Store, request: Request, records: RepositoryRecords) -> Response:
    query = request.query
    state, sort = query.get("state") or "open", query.get("sort") or "created"
    if state not in _STATES:
        raise invalid("PullRequest", "state", "invalid", value=state)
    if sort not in _SORT_KEYS:
        raise invalid("PullRequest", "sort", "invalid", value=sort)
    pulls = [pull for pull in records.pulls.values() if state in ("all", pull["state"])]
    if query.get("head"):
        pulls = [pull for pull in pulls if pull["head"]["label"] == query["head"]]
    if query.get("base"):
        pulls = [pull for pull in pulls if pull["base"]["ref"] == query["base"]]
    direction = query.get("direction") or ("desc" if sort == "created" else "asc")
    pulls.sort(key=lambda pull: _SORT_KEYS[sort](records, pull), reverse=direction == "desc")
    return listed(request, records.path("pulls"), pulls, show=lambda pull: _simple(records, pull))


@routes.add("GET", "pulls/{number:int}")
def get_pull(_store: Store, _request: Request, records: RepositoryRecords, number: int) -> Response:
    if number not in records.pulls:
        raise not_found()
    result = json_response(_full(records, records.pulls[number]))
    # Whether it can be merged is worked out in the background, because somebody asked.
    records.asked_for_merge.add(number)
    return result


@routes.add("PATCH", "pulls/{number:int}")
def change_pull(store: Store, request: Request, records: RepositoryRecords, number: int) -> Response:
    actor = request.user()
    if number not in records.pulls:
        raise not_found()
    data = request.json()
    before = records.pulls[number]
    changes: dict[str, Any] = {}
    title = text(data, "title", "PullRequest", limit=TITLE_LIMIT)
    if title is not None:
        if not title.strip():
            raise invalid("PullRequest", "title", "missing_field")
        changes["title"] = title
    if "body" in data:
        changes["body"] = text(data, "body", "PullRequest", limit=BODY_LIMIT)
    state = text(data, "state", "PullRequest")
    if state is not None:
        if state not in ("open", "closed"):
            raise invalid("PullRequest", "state", "invalid", value=state)
        if before["merged_at"] is not None and state == "open":
            raise invalid("PullRequest", "state", "invalid", "state cannot be changed. The pull request was merged.")
        changes["state"] = state
    base = text(data, "base", "PullRequest")
    if base is not None and base != before["base"]["ref"]:
        label = f"{before['base']['user']['login']}:{base}"
        moved = {**before["base"], "ref": base, "label": label}
        records.pulls[number] = {**before, "base": moved, "updated_at": store.now()}
        store.tell_of_issue(records, number, "edited", actor, {"changes": {"base": {"ref": before["base"]["ref"]}}})
    store.change_issue(records, number, actor, changes)
    return json_response(_full(records, records.pulls[number]))


@routes.add("PUT", "pulls/{number:int}/merge")
def merge_pull(store: Store, request: Request, records: RepositoryRecords, number: int) -> Response:
    actor = request.user()
    if number not in records.pulls:
        raise not_found()
    if records.pulls[number]["state"] != "open":
        raise ApiError(405, "Pull Request is not mergeable")
    sha = sha1(f"merge of {records.full_name}#{number}".encode()).hexdigest()  # noqa: S324
    merged = {"merged_at": store.now()}
    records.pulls[number] = {**records.pulls[number], **merged, "merge_commit_sha": sha}
    view = {**records.issues[number]["pull_request"], **merged}
    store.change_issue(records, number, actor, {"state": "closed", "pull_request": view})
    return json_response({"sha": sha, "merged": True, "message": "Pull Request successfully merged"})


@routes.add("GET", "pulls/{number:int}/files")
def list_files(_store: Store, request: Request, records: RepositoryRecords, number: int) -> Response:
    if number not in records.pulls:
        raise not_found()
    return listed(request, records.path(f"pulls/{number}/files"), records.files.get(number, []))


@routes.add("GET", "pulls/{number:int}/commits")
def list_commits(_store: Store, request: Request, records: RepositoryRecords, number: int) -> Response:
    if number not in records.pulls:
        raise not_found()
    commits = records.commits_of_pull(number)[:COMMITS_LISTED]
    return listed(request, records.path(f"pulls/{number}/commits"), commits)


@routes.add("GET", "commits/{sha}")
def get_commit(_store: Store, _request: Request, records: RepositoryRecords, sha: str) -> Response:
    commit = records.commit(sha)
    if commit is None:
        raise no_commit(sha)
    return json_response({**commit, "stats": {"total": 2, "additions": 1, "deletions": 1}, "files": []})


@routes.add("GET", "commits/{sha}/pulls")
def list_pulls_of_commit(_store: Store, request: Request, records: RepositoryRecords, sha: str) -> Response:
    if not (records.runs.newest_first() or records.pulls):
        raise ApiError(409, "Git Repository is empty.")
    if not records.knows_commit(sha):
        raise no_commit(sha)
    # A commit on the default branch belongs to the merged pull request that brought it there.
    merged = [pull for pull in records.pulls.values() if pull["merged_at"] and pull["merge_commit_sha"] == sha]
    pulls = merged or [pull for pull in records.pulls.values() if pull["head"]["sha"] == sha]
    return listed(request, records.path(f"commits/{sha}/pulls"), pulls, show=lambda pull: _simple(records, pull))
