"""Noting in the rows what GitHub took from Notion: the last changes of a plan, each after those that it speaks of.

Belongs here: which values are agreed on once other changes of the plan were carried out. What a row says of all others
is written with the row itself, in ``roadmap``.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from roadmap_pipeline.notion.layout import LAST_SYNCED, SYNC_BASE
from roadmap_pipeline.sync.canonical import SHARED, STATUS
from roadmap_pipeline.sync.milestone_edits import MilestoneEdit
from roadmap_pipeline.sync.notion_rows import RowWrite, row_change
from roadmap_pipeline.sync.plan import Change
from roadmap_pipeline.sync.roadmap import PLACE, MergedMilestone
from roadmap_pipeline.sync.shared_fields import agreement_once_taken
from roadmap_pipeline.sync.tracking import LABEL, TrackingWrite


def plan_agreement_notes(
    milestones: Sequence[MergedMilestone], changes: Sequence[Change], now: datetime
) -> Iterator[Change]:
    """Yield a change for each row whose values go to GitHub by ``changes``; ``now`` is the time of writing."""
    for merged in milestones:
        carriers = {name: _carriers(merged, name, changes) for name in SHARED if name in merged.merge.to_github}
        carriers = {name: found for name, found in carriers.items() if found}
        if not carriers:
            continue
        key = merged.entity.key
        # What the row's own write had announced must not be forgotten while its arrival isn't certain.
        rows = [change for change in changes if isinstance(row := change.detail, RowWrite) and row.sync_key == key]
        write = RowWrite(
            key,
            merged.title,
            {SYNC_BASE: agreement_once_taken(merged.merge, carriers), LAST_SYNCED: now},
            page_id=merged.page_id,
            repo=merged.entity.repo,
            observed={SYNC_BASE: merged.stated_agreement},
            after=(*rows, *(change for found in carriers.values() for change in found)),
        )
        yield row_change("note_agreement", PLACE, write, None)


def _carriers(merged: MergedMilestone, name: str, changes: Sequence[Change]) -> list[Change]:
    """Return the changes that carry a field to GitHub; none where not all that it takes are among them."""
    key = merged.entity.key
    carriers = [
        change
        for change in changes
        if isinstance(edit := change.detail, MilestoneEdit) and edit.entity.key == key and edit.field == name
    ]
    if name != STATUS or merged.merge.to_github[STATUS] == "Completed":
        return carriers
    labels = [
        change
        for change in changes
        if isinstance(write := change.detail, TrackingWrite)
        and write.key == key
        and any(one.field == LABEL for one in change.fields)
    ]
    github = merged.entity.github
    is_labelled = github is not None and github.status.label == merged.merge.to_github[STATUS]
    return [*carriers, *labels] if labels or is_labelled else []
