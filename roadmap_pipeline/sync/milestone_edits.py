"""Edits of people in Notion on their way to GitHub's milestones: title, due date, open or closed.

Belongs here: one change a field, so that one that GitHub refuses costs no other, and carrying it out. A status that a
label carries goes to the tracking issue, see ``tracking``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from roadmap_pipeline.github.client.client import GitHubClient
from roadmap_pipeline.github.milestones import (
    KEEP,
    Milestone,
    create_milestone,
    edit_milestone,
    read_milestone,
)
from roadmap_pipeline.sync.canonical import (
    GITHUB_CLOSED,
    GITHUB_UPDATED,
    STATUS,
    TARGET_DATE,
    TITLE,
    canonical_title,
)
from roadmap_pipeline.sync.journal import RowValues
from roadmap_pipeline.sync.plan import Change, ChangedMeanwhile, FieldChange
from roadmap_pipeline.sync.roadmap_entities import Entity
from roadmap_pipeline.sync.shared_fields import GitHubMilestone, SharedMerge


@dataclass(frozen=True, slots=True)
class MilestoneEdit:
    """The data that applying one edit needs. ``announced`` are the fields of the base that both sides then hold.

    ``updated_at`` is when the milestone was last changed, as far as the plan knows.
    """

    entity: Entity
    field: str
    before: Any
    after: Any
    page_id: str
    announced: Mapping[str, Any]
    updated_at: str


@dataclass(frozen=True, slots=True)
class NewMilestone:
    """A row that a person made, for which GitHub is to get a milestone."""

    repo: str
    title: str
    target_date: str | None


def edits_of(entity: Entity, github: GitHubMilestone, merge: SharedMerge, title: str, page_id: str) -> list[Change]:
    """Return the changes of a milestone that its merge asks for."""
    changes = []
    for name, value in merge.to_github.items():
        before, after = github.values()[name], value
        announced: dict[str, Any] = {name: value}
        if name == STATUS:
            is_closed = value == "Completed"
            if is_closed == github.status.is_closed:
                continue  # The label alone carries it.
            # Once it is open again the label follows; until then nothing of the status is agreed on.
            announced = {GITHUB_CLOSED: True, STATUS: value} if is_closed else {GITHUB_CLOSED: False}
            before, after = ("open", "closed") if is_closed else ("closed", "open")
        edit = MilestoneEdit(entity, name, before, after, page_id, announced, github.updated_at)
        changes.append(
            Change("github", "edit_milestone", entity.repo, title, (FieldChange(name, before, after),), edit)
        )
    return changes


def announced_edit(change: Change) -> RowValues:
    """Return what is agreed on once an edit is carried out, and how the milestone was before."""
    return _agreed(change.detail, change.detail.updated_at)


def _agreed(edit: MilestoneEdit, updated_at: str) -> RowValues:
    return RowValues(edit.entity.key, edit.page_id, {**edit.announced, GITHUB_UPDATED: updated_at}, side="github")


def apply_edit(client: GitHubClient, change: Change) -> RowValues:
    """Carry out one edit, and return what is agreed on from then on.

    Raises:
        ChangedMeanwhile: Somebody edited the milestone since the plan was made.
        MilestoneRefused: GitHub takes this value never.
    """
    edit: MilestoneEdit = change.detail
    repo, number = edit.entity.repo, edit.entity.number
    current = None if number is None else read_milestone(client, repo, number)
    if number is None or current is None:
        raise ChangedMeanwhile(f"{change.title}: the milestone was deleted on GitHub meanwhile")
    if _value(current, edit.field) != edit.before:
        raise ChangedMeanwhile(f"{change.title}: {edit.field} was changed on GitHub while the plan was carried out")
    if edit.field == TITLE:
        edited = edit_milestone(client, repo, number, title=edit.after)
    elif edit.field == TARGET_DATE:
        edited = edit_milestone(client, repo, number, due_date=date.fromisoformat(edit.after) if edit.after else None)
    else:
        edited = edit_milestone(client, repo, number, due_date=KEEP, is_closed=edit.after == "closed")
    if _value(edited, edit.field) != edit.after:
        raise ChangedMeanwhile(f"{change.title}: GitHub has {_value(edited, edit.field)!r} instead of {edit.after!r}")
    return _agreed(edit, edited.updated_at)


def apply_new(client: GitHubClient, change: Change) -> None:
    """Make a milestone for a row; the row is taken for its own when it is planned again.

    Raises:
        MilestoneRefused: GitHub does not take it.
    """
    new: NewMilestone = change.detail
    create_milestone(client, new.repo, new.title, date.fromisoformat(new.target_date) if new.target_date else None)


def _value(milestone: Milestone, field: str) -> Any:
    if field == TITLE:
        return canonical_title(milestone.title)
    if field == TARGET_DATE:
        return milestone.due_date and milestone.due_date.isoformat()
    return "closed" if milestone.is_closed else "open"
