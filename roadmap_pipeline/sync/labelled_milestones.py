"""Milestones that labels of pull requests ask for, on their way to GitHub.

Belongs here: which of ``publish.milestones_to_create`` are made, and when there are too many to make without asking.
Making one is in ``milestone_edits``, as for rows that people add in Notion.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from roadmap_pipeline.milestones.detection import same_title
from roadmap_pipeline.sync.canonical import TITLE
from roadmap_pipeline.sync.desired import LabelledMilestone
from roadmap_pipeline.sync.github_target import GitHubTarget
from roadmap_pipeline.sync.guard import MassChange, too_many
from roadmap_pipeline.sync.milestone_edits import NewMilestone
from roadmap_pipeline.sync.plan import Change, FieldChange
from roadmap_pipeline.sync.roadmap_entities import Entity

PULL_REQUESTS = "Pull requests"


@dataclass(slots=True)
class LabelledPlan:
    """Milestones to make, why others aren't made, and those that are too many to be made without a person."""

    changes: list[Change] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    mass_changes: Sequence[MassChange] = ()


def plan_labelled(
    github: GitHubTarget,
    wanted: Iterable[LabelledMilestone],
    planned: Iterable[Change],
    gone: Iterable[Entity],
    *,
    allow_mass_change: bool,
) -> LabelledPlan:
    """Return the milestones that labels ask for and that aren't there, as GitHub stands now.

    Args:
        github: The repositories as they are.
        wanted: What the tables ask for.
        planned: Changes that are planned already; a milestone that one of them makes is not made twice.
        gone: Milestones that were deleted on GitHub: a label that still names one makes it no second time.
        allow_mass_change: Whether any number may be made.
    """
    plan = LabelledPlan()
    coming = [one.detail for one in planned if isinstance(one.detail, NewMilestone)]
    deleted = list(gone)
    for one in wanted:
        state = github.confirmed(one.repo)
        if state is None or state.is_archived:
            continue
        titles = [milestone.title for milestone in state.milestones]
        titles += [new.title for new in coming if new.repo == one.repo]
        if any(same_title(one.title, title) for title in titles):
            continue
        if any(entity.repo == one.repo and same_title(one.title, entity.title) for entity in deleted):
            plan.notes.append(
                f"{one.title}: the label of {_numbers(one)} in {one.repo} names a milestone that was deleted; it makes"
                " no new one"
            )
            continue
        new = NewMilestone(one.repo, one.title, None)
        coming.append(new)
        fields = (FieldChange(TITLE, None, one.title), FieldChange(PULL_REQUESTS, None, _numbers(one)))
        plan.changes.append(Change("github", "create_milestone", one.repo, one.title, fields, new))
    if not allow_mass_change:
        there = sum(len(state.milestones) for state in github.repositories.values())
        asked = [MassChange(f"{one.title} · {one.place}", "made for a label") for one in plan.changes]
        plan.mass_changes = too_many(asked, there)
    return plan


def _numbers(one: LabelledMilestone) -> str:
    return ", ".join(f"#{number}" for number in one.pull_requests)
