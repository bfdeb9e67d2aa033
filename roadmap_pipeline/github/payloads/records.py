"""From GitHub's payloads to rows of the raw tables, the same for what is read by HTTP and for dumps.

Pure functions: a payload of the REST API in, a row of ``warehouse.source_tables`` out. Payloads of any age are taken:
fields that GitHub added later may be missing, times may carry an offset or milliseconds. Nothing is judged. Fields of
another type than GitHub's are converted first (``normalization``): the functions raise UnusableError for a payload that
no row can be made of, and name in ``lost`` the fields that had to be left empty.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from roadmap_pipeline.github.lenient_json import storable
from roadmap_pipeline.github.payloads.converters import UnusableError, int64, parse_time
from roadmap_pipeline.github.payloads.field_types import is_repository
from roadmap_pipeline.github.payloads.normalization import Payload, converted
from roadmap_pipeline.github.payloads.shapes import Kind
from roadmap_pipeline.github.sections import MILESTONE_SECTION, find_section

Row = dict[str, Any]

_REPOSITORY_IN_URL = re.compile(r"^https?://[^/]+(?:/api/v3)?/repos/([^/]+/[^/?#]+)(?:[/?#]|$)")
_REPOSITORY_IN_PAGE = re.compile(r"^https?://[^/]+/([^/]+/[^/?#]+)/(?:actions|runs|pull|issues|milestone)s?/")
_RUN_IN_URL = re.compile(r"/actions/runs/(\d{1,18})(?!\d)")
_NUMBER_AT_END = re.compile(r"/(\d{1,9})$")

COMPLETE, BULK = "complete", "bulk"
"""Values of ``raw.workflow_jobs.detail_state``."""
_OF_REPOSITORIES, _OF_ACCOUNTS = "archive_url", "gists_url"
"""Fields that only repositories, only accounts of people have."""
_REPOSITORY_FACTS = ("id", "node_id", "name", "full_name", "private", "fork", "default_branch", "html_url")
_ACCOUNT_FACTS = ("id", "node_id", "login", "type", "html_url")
"""The facts that are kept of a repository, of an account, inside another payload."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """The origin of a payload: when (aware) and where it was read.

    ``source`` is the API's address without its query, or the file of a dump.
    """

    read_at: datetime
    source: str
    stored_at: datetime = field(init=False, compare=False)
    """``read_at`` as the warehouse stores it, for all the rows that are made of one response."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "stored_at", naive_utc(self.read_at))


MakeRow = Callable[[Payload, str, Provenance, list[str]], Row]
"""Makes a row of a payload, its repository, how it was read, and a list that the lost fields are added to."""


def naive_utc(moment: datetime) -> datetime:
    """Return an aware time as the warehouse stores it."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def repository_of(payload: Payload) -> str | None:
    """Return the repository (owner/name) a payload belongs to; None if it doesn't tell.

    As it says itself, else as its addresses do: a run's ``repository``, a pull request's ``base.repo``, a repository's
    own ``full_name``, then ``repository_url``, ``url``, ``run_url``, ``issue_url`` and at last the page's address.
    """
    base = payload.get("base")
    for holder in (payload.get("repository"), base.get("repo") if isinstance(base, Mapping) else None, payload):
        name = holder.get("full_name") if isinstance(holder, Mapping) else None
        if isinstance(name, str) and is_repository(name):
            return name
    for key in ("repository_url", "url", "run_url", "issue_url"):
        match = _REPOSITORY_IN_URL.match(str(payload.get(key) or ""))
        if match:
            return match[1]
    match = _REPOSITORY_IN_PAGE.match(str(payload.get("html_url") or ""))
    return match[1] if match else None


def repository_row(payload: Payload, provenance: Provenance, lost: list[str] | None = None) -> Row:
    """Return the row of ``raw.repositories``."""
    payload = converted(Kind.REPOSITORY, payload, lost)
    properties = payload.get("custom_properties")
    return {
        "repo": payload["full_name"],
        "repository_id": payload.get("id"),
        "default_branch": payload.get("default_branch"),
        "is_archived": payload.get("archived"),
        "topics": payload.get("topics"),
        "custom_properties": None if properties is None else _json(properties),
        "html_url": payload.get("html_url"),
        **_read(payload, provenance),
    }


def workflow_row(payload: Payload, repo: str, provenance: Provenance, lost: list[str] | None = None) -> Row:
    """Return the row of ``raw.workflows``, without ``removed_at``: that depends on what was known before."""
    payload = converted(Kind.WORKFLOW, payload, lost)
    return {
        "repo": repo,
        "workflow_id": payload["id"],
        "name": payload.get("name"),
        "path": _without_ref(payload.get("path")),
        "state": payload.get("state"),
        "created_at": parse_time(payload.get("created_at")),
        "updated_at": parse_time(payload.get("updated_at")),
        "deleted_at": parse_time(payload.get("deleted_at")),
        **_read(payload, provenance),
    }


def run_row(
    payload: Payload,
    repo: str,
    provenance: Provenance,
    lost: list[str] | None = None,
    *,
    is_as_given: bool = False,
) -> Row:
    """Return the row of ``raw.workflow_runs``: one attempt of a run.

    Args:
        is_as_given: It is known of the payload that there is nothing to convert (:func:`~.are_as_given`).
    """
    original = payload
    payload = payload if is_as_given else converted(Kind.RUN, payload, lost)
    attempt = payload.get("run_attempt") or 1
    commit = payload.get("head_commit") or {}
    # Of an account or a fork that was deleted GitHub says null.
    actor, triggering_actor = payload.get("actor") or {}, payload.get("triggering_actor") or {}
    head_repository = payload.get("head_repository") or {}
    is_untold = original.get("run_started_at") in (None, "")  # as it was before 2021
    started_at = payload.get("created_at") if is_untold and attempt == 1 else payload.get("run_started_at")
    return {
        "repo": repo,
        "run_id": payload["id"],
        "run_attempt": attempt,
        "workflow_id": payload.get("workflow_id"),
        "workflow_path": _without_ref(payload.get("path")),
        "workflow_name": payload.get("name"),
        "run_number": payload.get("run_number"),
        "display_title": payload.get("display_title"),
        "event": payload.get("event"),
        "status": payload.get("status"),
        "conclusion": payload.get("conclusion") or None,
        "head_branch": payload.get("head_branch"),
        "head_sha": payload.get("head_sha"),
        "head_repo": head_repository.get("full_name"),
        "head_repository_id": head_repository.get("id"),
        "head_commit_message": commit.get("message"),
        "head_commit_author": (commit.get("author") or {}).get("name"),
        "head_commit_committer": (commit.get("committer") or {}).get("name"),
        "actor": actor.get("login"),
        "actor_type": actor.get("type"),
        "triggering_actor": triggering_actor.get("login"),
        "triggering_actor_type": triggering_actor.get("type"),
        "pull_request_numbers": _own_pull_requests(payload),
        "created_at": parse_time(payload.get("created_at")),
        "run_started_at": parse_time(started_at),
        "updated_at": parse_time(payload.get("updated_at")),
        "html_url": payload.get("html_url"),
        **_read(payload, provenance),
    }


def job_row(payload: Payload, repo: str, provenance: Provenance, lost: list[str] | None = None) -> Row:
    """Return the row of ``raw.workflow_jobs``."""
    payload = converted(Kind.JOB, payload, lost)
    steps = payload.get("steps") or []
    return {
        "repo": repo,
        "job_id": payload["id"],
        "run_id": run_id_of(payload),
        "run_attempt": payload.get("run_attempt") or 1,
        "name": payload.get("name"),
        "workflow_name": payload.get("workflow_name"),
        "head_branch": payload.get("head_branch"),
        "head_sha": payload.get("head_sha"),
        "status": payload.get("status"),
        "conclusion": payload.get("conclusion") or None,
        "created_at": parse_time(payload.get("created_at")),
        "started_at": parse_time(payload.get("started_at")),
        "completed_at": parse_time(payload.get("completed_at")),
        "runner_name": payload.get("runner_name"),
        "labels": list(payload.get("labels") or []),
        "failed_steps": [step.get("name") for step in steps if step.get("conclusion") == "failure"],
        "steps": _json([_step(step) for step in steps]),
        "html_url": payload.get("html_url"),
        "detail_state": COMPLETE,
        **_read(payload, provenance),
    }


def run_id_of(job: Payload) -> int:
    """Return the run a job belongs to.

    Raises:
        UnusableError: The payload doesn't say.
    """
    try:
        run_id = int64(job.get("run_id"))
    except UnusableError:
        run_id = None
    if run_id:
        return run_id
    for key in ("run_url", "html_url"):
        match = _RUN_IN_URL.search(str(job.get(key) or ""))
        if match:
            return int(match[1])
    raise UnusableError("it has no run_id")


def pull_request_row(
    payload: Payload,
    repo: str,
    provenance: Provenance,
    lost: list[str] | None = None,
    *,
    changed_files: Iterable[str] | None = None,
) -> Row:
    """Return the row of ``raw.pull_requests``; ``changed_files`` None where they were not read."""
    payload = converted(Kind.PULL_REQUEST, payload, lost)
    head, base = payload.get("head") or {}, payload.get("base") or {}
    return {
        "repo": repo,
        "number": payload["number"],
        "pull_request_id": payload.get("id"),
        "title": payload.get("title"),
        "state": payload.get("state"),
        "is_draft": payload.get("draft"),
        **_person("author", payload.get("user")),
        "base_branch": base.get("ref"),
        "head_branch": head.get("ref"),
        "head_sha": head.get("sha"),
        **_head_repository(head.get("repo")),
        "merge_commit_sha": payload.get("merge_commit_sha"),
        **_milestone(payload),
        "labels": _labels(payload),
        "body": payload.get("body"),
        "changed_files": None if changed_files is None else list(changed_files),
        "created_at": parse_time(payload.get("created_at")),
        "updated_at": parse_time(payload.get("updated_at")),
        "closed_at": parse_time(payload.get("closed_at")),
        "merged_at": parse_time(payload.get("merged_at")),
        "is_locked": payload.get("locked"),
        "lock_reason": payload.get("active_lock_reason"),
        "html_url": payload.get("html_url"),
        **_read(payload, provenance),
    }


def commit_row(
    payload: Payload,
    repo: str,
    provenance: Provenance,
    lost: list[str] | None = None,
    *,
    pull_requests: Iterable[int] = (),
) -> Row:
    """Return the row of ``raw.commits``; ``pull_requests`` are those it is known to be a commit of."""
    payload = converted(Kind.COMMIT, payload, lost)
    commit = payload.get("commit") or {}
    author, committer = commit.get("author") or {}, commit.get("committer") or {}
    return {
        "repo": repo,
        "sha": payload["sha"],
        "pull_request_numbers": sorted(pull_requests),
        "parents": [parent["sha"] for parent in payload.get("parents") or []],
        **_person("author", payload.get("author")),
        "author_name": author.get("name"),
        **_person("committer", payload.get("committer")),
        "committer_name": committer.get("name"),
        "message": commit.get("message"),
        "authored_at": parse_time(author.get("date")),
        "committed_at": parse_time(committer.get("date")),
        "html_url": payload.get("html_url"),
        "read_at": provenance.stored_at,
        "source": provenance.source,
    }


def issue_row(payload: Payload, repo: str, provenance: Provenance, lost: list[str] | None = None) -> Row:
    """Return the row of ``raw.issues``; not for the issue view of a pull request (:func:`is_pull_request_view`)."""
    payload = converted(Kind.ISSUE, payload, lost)
    section = find_section(payload.get("body") or "", MILESTONE_SECTION)
    return {
        "repo": repo,
        "number": payload["number"],
        "issue_id": payload.get("id"),
        "title": payload.get("title"),
        "state": payload.get("state"),
        "state_reason": payload.get("state_reason"),
        "author": (payload.get("user") or {}).get("login"),
        **_milestone(payload),
        "labels": _labels(payload),
        "created_at": parse_time(payload.get("created_at")),
        "updated_at": parse_time(payload.get("updated_at")),
        "closed_at": parse_time(payload.get("closed_at")),
        "html_url": payload.get("html_url"),
        "tracks_milestone": None if section is None else section.marker.key,
        **_read(payload, provenance),
    }


def is_pull_request_view(issue: Any) -> bool:
    """Return whether an item of an issue list is a pull request: GitHub lists them as issues too."""
    return isinstance(issue, Mapping) and issue.get("pull_request") is not None


def milestone_row(payload: Payload, repo: str, provenance: Provenance, lost: list[str] | None = None) -> Row:
    """Return the row of ``raw.milestones``."""
    payload = converted(Kind.MILESTONE, payload, lost)
    return {
        "repo": repo,
        "number": payload["number"],
        "milestone_id": payload.get("id"),
        "node_id": payload.get("node_id"),
        "title": payload.get("title"),
        "state": payload.get("state"),
        "description": payload.get("description"),
        "open_issues": payload.get("open_issues"),
        "closed_issues": payload.get("closed_issues"),
        "due_on": parse_time(payload.get("due_on")),
        "created_at": parse_time(payload.get("created_at")),
        "updated_at": parse_time(payload.get("updated_at")),
        "closed_at": parse_time(payload.get("closed_at")),
        "html_url": payload.get("html_url"),
        **_read(payload, provenance),
    }


def issue_event_row(payload: Payload, repo: str, provenance: Provenance, lost: list[str] | None = None) -> Row:
    """Return the row of ``raw.issue_events``."""
    payload = converted(Kind.ISSUE_EVENT, payload, lost)
    return {
        "repo": repo,
        "event_id": payload["id"],
        "issue_number": (payload.get("issue") or {}).get("number"),
        "event": payload.get("event"),
        "actor": (payload.get("actor") or {}).get("login"),
        "label": (payload.get("label") or {}).get("name"),
        "milestone_title": (payload.get("milestone") or {}).get("title"),
        "commit_id": payload.get("commit_id"),
        "created_at": parse_time(payload.get("created_at")),
        **_read(payload, provenance),
    }


def issue_number_of(comment: Payload) -> int | None:
    """Return the issue or pull request that a comment stands under."""
    match = _NUMBER_AT_END.search(str(comment.get("issue_url") or ""))
    return int(match[1]) if match else None


def _read(payload: Payload, provenance: Provenance) -> Row:
    try:
        text = _json(_slim(payload))
    except (TypeError, RecursionError):  # bottomless nesting
        text = _json(_slim(storable(payload)))
    return {"read_at": provenance.stored_at, "source": provenance.source, "payload": text}


def _slim(payload: Payload) -> Row:
    """Return ``payload`` with the people and repositories inside it cut to what tells them.

    GitHub repeats dozens of their addresses in everything, four fifths of a run's 12 kB.
    """
    slim = dict(payload)
    for key, value in payload.items():
        kind = type(value)
        if (kind is dict or kind is list) and value:
            slim[key] = _slim_value(value)
    return slim


def _slim_value(value: Any) -> Any:
    if type(value) is dict:
        if _OF_REPOSITORIES in value:
            return {key: value[key] for key in _REPOSITORY_FACTS if key in value}
        if _OF_ACCOUNTS in value:
            return {key: value[key] for key in _ACCOUNT_FACTS if key in value}
        return _slim(value)
    return [_slim_value(item) for item in value] if type(value) is list else value


def _person(name: str, user: Payload | None) -> Row:
    user = user or {}  # null once the account was deleted
    return {name: user.get("login"), f"{name}_type": user.get("type")}


def _head_repository(repository: Payload | None) -> Row:
    repository = repository or {}  # null once the fork was deleted
    return {"head_repo": repository.get("full_name"), "head_repository_id": repository.get("id")}


def _milestone(payload: Payload) -> Row:
    milestone = payload.get("milestone") or {}
    return {"milestone_number": milestone.get("number"), "milestone_title": milestone.get("title")}


def _labels(payload: Payload) -> list[str]:
    return [label if isinstance(label, str) else label["name"] for label in payload.get("labels") or []]


def _own_pull_requests(run: Payload) -> list[int]:
    """Return the numbers in ``pull_requests``, without those of other repositories that have the same commit."""
    own_id = (run.get("repository") or {}).get("id")
    return [
        entry["number"]
        for entry in run.get("pull_requests") or []
        if own_id is not None
        and entry.get("number") is not None
        and ((entry.get("base") or {}).get("repo") or {}).get("id") == own_id
    ]


def _without_ref(path: str | None) -> str | None:
    return path.partition("@")[0] if path else path


def _step(step: Payload) -> Row:
    return {
        "number": step.get("number"),
        "name": step.get("name"),
        "status": step.get("status"),
        "conclusion": step.get("conclusion") or None,
        "started_at": _utc_text(step.get("started_at")),
        "completed_at": _utc_text(step.get("completed_at")),
    }


def _utc_text(text: str | None) -> str | None:
    moment = parse_time(text)
    return None if moment is None else f"{moment.isoformat()}Z"


def _json(value: Any) -> str:
    import orjson

    return orjson.dumps(value).decode()
