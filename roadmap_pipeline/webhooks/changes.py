"""The changes that deliveries tell of, as far as they are believed: a kind, and a repository that is configured.

Belongs here: which events matter, and to which sensor. Nothing else of a payload is used: what happened is read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from roadmap_pipeline.discovery import configured_name
from roadmap_pipeline.errors import RoadmapError

ChangeKind = Literal["pull_request_closed", "workflow_run_completed", "notion_edited"]


class NoteError(RoadmapError):
    """A change can't be noted where the sensors look for it."""


_GITHUB: Mapping[tuple[str, str], ChangeKind] = {
    ("pull_request", "closed"): "pull_request_closed",
    ("workflow_run", "completed"): "workflow_run_completed",
}
_NOTION = ("page.", "data_source.")
"""Beginnings of the types of Notion's events that can be an edit of the roadmap; comments, views and files are none."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something that is worth a look. ``repo`` (``owner/name`` as sensors know it) is empty for Notion."""

    kind: ChangeKind
    repo: str = ""


def github_change(event: str | None, payload: Mapping[str, Any], repositories: Iterable[str]) -> Change | None:
    """Return what a delivery of GitHub tells of; None where nobody waits for it, or for its repository.

    Args:
        event: The header ``X-GitHub-Event``.
        payload: The body.
        repositories: Those that are configured, or patterns that take them.
    """
    action, repository = payload.get("action"), payload.get("repository")
    name = repository.get("full_name") if isinstance(repository, dict) else None
    if not (isinstance(event, str) and isinstance(action, str) and isinstance(name, str)):
        return None
    kind = _GITHUB.get((event, action))
    repo = configured_name(repositories, name)
    return None if kind is None or repo is None else Change(kind, repo)


def notion_change(payload: Mapping[str, Any]) -> Change | None:
    """Return what a delivery of Notion tells of; None where it can be no edit of a row.

    Our own edits are delivered, too. The sensor leaves them out by who made them, as it finds it in Notion.
    """
    type_ = payload.get("type")
    return Change("notion_edited") if isinstance(type_, str) and type_.startswith(_NOTION) else None
