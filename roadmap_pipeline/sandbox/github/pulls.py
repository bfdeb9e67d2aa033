"""Pull requests and their files. Their comments, labels and state are those of the issue view."""

from collections.abc import Callable
from hashlib import sha1
from typing import Any

from roadmap_pipeline.sandbox.content import Payload
from roadmap_pipeline.sandbox.github.calls import Answer, ApiError, Call, Router, answer, invalid, not_found
from roadmap_pipeline.sandbox.github.paging import listed
from roadmap_pipeline.sandbox.github.search_dates import normalised
from roadmap_pipeline.sandbox.github.store import RepositoryRecords, Store

routes = Router()

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
    return {
        "merged": pull["merged_at"] is not None,
        "mergeable": None,
        "rebaseable": None,
        "mergeable_state": "unknown",
        "merged_by": None,
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": 1,
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
def list_pulls(_store: Store, call: Call, records: RepositoryRecords) -> Answer:
    query = call.query
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
    return listed(call, records.path("pulls"), pulls, show=lambda pull: _simple(records, pull))


@routes.add("GET", "pulls/{number:int}")
def get_pull(_store: Store, _call: Call, records: RepositoryRecords, number: int) -> Answer:
    if number not in records.pulls:
        raise not_found()
    return answer(_full(records, records.pulls[number]))


@routes.add("PUT", "pulls/{number:int}/merge")
def merge_pull(store: Store, call: Call, records: RepositoryRecords, number: int) -> Answer:
    actor = call.user()
    if number not in records.pulls:
        raise not_found()
    if records.pulls[number]["state"] != "open":
        raise ApiError(405, "Pull Request is not mergeable")
    store.change_issue(records, number, actor, {"state": "closed"})
    pull = records.pulls[number]
    sha = sha1(f"merge of {records.full_name}#{number}".encode()).hexdigest()  # noqa: S324
    records.pulls[number] = {**pull, "merged_at": pull["closed_at"], "merge_commit_sha": sha}
    return answer({"sha": sha, "merged": True, "message": "Pull Request successfully merged"})


@routes.add("GET", "pulls/{number:int}/files")
def list_files(_store: Store, call: Call, records: RepositoryRecords, number: int) -> Answer:
    if number not in records.pulls:
        raise not_found()
    return listed(call, records.path(f"pulls/{number}/files"), records.files.get(number, []))


@routes.add("GET", "commits/{sha}/pulls")
def list_pulls_of_commit(_store: Store, call: Call, records: RepositoryRecords, sha: str) -> Answer:
    # A commit on the default branch belongs to the merged pull request that brought it there.
    merged = [pull for pull in records.pulls.values() if pull["merged_at"] and pull["merge_commit_sha"] == sha]
    pulls = merged or [pull for pull in records.pulls.values() if pull["head"]["sha"] == sha]
    return listed(call, records.path(f"commits/{sha}/pulls"), pulls, show=lambda pull: _simple(records, pull))
