"""Issues with what hangs on them: labels, milestones, events, comments."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from roadmap_sandbox.content import Payload
from roadmap_sandbox.payloads.basics import REACTIONS, Time, node_id, node_id_within, optional_timestamp, timestamp


def label(repository: Payload, *, id: int, name: str, color: str = "ededed", description: str | None = None) -> Payload:
    """Return a *label*; ``color`` is six hexadecimal digits without ``#``."""
    return {
        "id": id,
        "node_id": node_id("LA", id),
        "url": f"{repository['url']}/labels/{quote(name, safe='')}",
        "name": name,
        "color": color,
        "default": False,
        "description": description,
        "archived_at": None,
        "archived_by": None,
    }


def milestone(
    repository: Payload,
    *,
    id: int,
    number: int,
    title: str,
    creator: Payload,
    created_at: Time,
    updated_at: Time,
    state: str = "open",
    description: str | None = None,
    due_on: Time | None = None,
    closed_at: Time | None = None,
    open_issues: int = 0,
    closed_issues: int = 0,
) -> Payload:
    """Return a *milestone*. The simulator counts open and closed issues itself, pull requests included."""
    url = f"{repository['url']}/milestones/{number}"
    return {
        "url": url,
        "html_url": f"{repository['html_url']}/milestone/{number}",
        "labels_url": f"{url}/labels",
        "id": id,
        "node_id": node_id_within("MI", repository["id"], id),
        "number": number,
        "title": title,
        "description": description,
        "creator": creator,
        "open_issues": open_issues,
        "closed_issues": closed_issues,
        "state": state,
        "created_at": timestamp(created_at),
        "updated_at": timestamp(updated_at),
        "due_on": optional_timestamp(due_on),
        "closed_at": optional_timestamp(closed_at),
    }


def issue(
    repository: Payload,
    *,
    id: int,
    number: int,
    title: str,
    user: Payload,
    created_at: Time,
    updated_at: Time,
    body: str | None = None,
    state: str = "open",
    state_reason: str | None = None,
    closed_at: Time | None = None,
    closed_by: Payload | None = None,
    labels: Sequence[Payload] = (),
    milestone: Payload | None = None,
    assignees: Sequence[Payload] = (),
    comments: int = 0,
    locked: bool = False,
    author_association: str = "MEMBER",
    pull_request: Payload | None = None,
) -> Payload:
    """Return an *issue*; with ``pull_request`` (of :func:`pull_request`) the issue view of that pull request."""
    url = f"{repository['url']}/issues/{number}"
    view: Payload = {
        **_issue_links(repository, number, "issues" if pull_request is None else "pull"),
        "id": id,
        "node_id": node_id("I", id),
        "number": number,
        "title": title,
        "user": user,
        "labels": list(labels),
        "state": state,
        "locked": locked,
        "assignee": assignees[0] if assignees else None,
        "assignees": list(assignees),
        "milestone": milestone,
        "comments": comments,
        "created_at": timestamp(created_at),
        "updated_at": timestamp(updated_at),
        "closed_at": optional_timestamp(closed_at),
        "author_association": author_association,
        "active_lock_reason": None,
        "sub_issues_summary": {"total": 0, "completed": 0, "percent_completed": 0},
        "body": body,
        "closed_by": closed_by,
        "reactions": {"url": f"{url}/reactions", "total_count": 0, **REACTIONS},
        "timeline_url": f"{url}/timeline",
        "performed_via_github_app": None,
        "state_reason": state_reason,
    }
    if pull_request is not None:
        view["draft"] = pull_request.get("draft", False)
        view["pull_request"] = {
            **{name: pull_request[name] for name in ("url", "html_url", "diff_url", "patch_url")},
            "merged_at": pull_request["merged_at"],
        }
    return view


def _issue_links(repository: Payload, number: int, kind: str) -> Payload:
    url = f"{repository['url']}/issues/{number}"
    return {
        "url": url,
        "repository_url": repository["url"],
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": f"{repository['html_url']}/{kind}/{number}",
    }


def issue_event(
    repository: Payload,
    *,
    id: int,
    number: int,
    event: str,
    actor: Payload,
    created_at: Time,
    commit_id: str | None = None,
    details: Mapping[str, Any] | None = None,
) -> Payload:
    """Return an *issue event* of issue or pull request ``number``.

    ``details`` holds what the kind of event adds: ``{"label": {"name", "color"}}`` for labeled and unlabeled,
    ``{"milestone": {"title"}}`` for milestoned and demilestoned, ``{"rename": {"from", "to"}}`` for renamed. The issue
    itself is named by number alone; the simulator puts the whole one in its place.
    """
    return {
        "id": id,
        "node_id": node_id("EV", id),
        "url": f"{repository['url']}/issues/events/{id}",
        "actor": actor,
        "event": event,
        "commit_id": commit_id,
        "commit_url": None if commit_id is None else f"{repository['url']}/commits/{commit_id}",
        "created_at": timestamp(created_at),
        **(details or {}),
        "performed_via_github_app": None,
        "issue": {"number": number},
    }


def comment(
    repository: Payload,
    *,
    id: int,
    number: int,
    user: Payload,
    body: str,
    created_at: Time,
    updated_at: Time | None = None,
    on_pull_request: bool = True,
    author_association: str = "MEMBER",
) -> Payload:
    """Return a *comment* on issue or pull request ``number``; ``updated_at`` defaults to ``created_at``."""
    url = f"{repository['url']}/issues/comments/{id}"
    kind = "pull" if on_pull_request else "issues"
    return {
        "url": url,
        "html_url": f"{repository['html_url']}/{kind}/{number}#issuecomment-{id}",
        "issue_url": f"{repository['url']}/issues/{number}",
        "id": id,
        "node_id": node_id("IC", id),
        "user": user,
        "created_at": timestamp(created_at),
        "updated_at": timestamp(created_at if updated_at is None else updated_at),
        "body": body,
        "author_association": author_association,
        "reactions": {"url": f"{url}/reactions", "total_count": 0, **REACTIONS},
        "performed_via_github_app": None,
    }
