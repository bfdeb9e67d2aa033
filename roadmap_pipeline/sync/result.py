"""The outcome of a plan, for people and as JSON.

Belongs here: counts and phrases. Carrying plans out is the ``reconciler``'s.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from roadmap_pipeline.errors import RoadmapError
from roadmap_pipeline.sync.plan import Change, Kind, Plan

_PHRASES: Mapping[Kind, tuple[str, str]] = {
    "create_database": ("database created", "databases created"),
    "describe_database": ("database described", "databases described"),
    "trash_database": ("duplicate database trashed", "duplicate databases trashed"),
    "describe_properties": ("database's properties described anew", "databases' properties described anew"),
    "add_property": ("property added", "properties added"),
    "add_options": ("property's options added", "properties' options added"),
    "rename_property": ("property renamed", "properties renamed"),
    "add_view": ("view added", "views added"),
    "change_view": ("view changed", "views changed"),
    "create_row": ("row created", "rows created"),
    "update_row": ("row updated", "rows updated"),
    "restore_row": ("row restored", "rows restored"),
    "trash_duplicate": ("duplicate row put in the trash", "duplicate rows put in the trash"),
    "note_agreement": ("agreement noted", "agreements noted"),
    "create_milestone": ("milestone created", "milestones created"),
    "edit_milestone": ("milestone edited", "milestones edited"),
    "create_tracking_issue": ("tracking issue created", "tracking issues created"),
    "edit_tracking_issue": ("tracking issue edited", "tracking issues edited"),
    "close_duplicate_issue": ("duplicate tracking issue closed", "duplicate tracking issues closed"),
    "create_comment": ("comment created", "comments created"),
    "edit_comment": ("comment edited", "comments edited"),
}


@dataclass(slots=True)
class SyncResult:
    """A plan and what became of it: ``refused``, ``failed``, ``waiting`` and ``moved`` are (title, reason).

    What waits for GitHub's quota is written by the next run; ``pause`` says so, also where it could not be planned.
    What somebody edited between planning and writing has ``moved`` and is planned again. ``done`` was read back.
    """

    plan: Plan
    dry_run: bool
    done: list[Change] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    waiting: list[tuple[str, str]] = field(default_factory=list)
    moved: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    pause: str | None = None
    is_to_be_planned_again: bool = False
    urls: dict[str, str] = field(default_factory=dict)
    """Addresses of rows in Notion by sync key, as far as they were read or written."""

    def to_json(self) -> dict[str, Any]:
        """Return this as one JSON object."""
        return {
            "dry_run": self.dry_run,
            **self.plan.to_json(),
            "notes": [*self.plan.notes, *self.notes],
            "refused": [{"title": title, "reason": reason} for title, reason in self.refused],
            "failed": [{"title": title, "reason": reason} for title, reason in (*self.failed, *self.moved)],
            "waiting": [{"title": title, "reason": reason} for title, reason in self.waiting],
            "pause": self.pause,
        }

    def counts(self) -> dict[str, Counter[Kind]]:
        """Return how many changes of each kind were written, by place."""
        counts: dict[str, Counter[Kind]] = {}
        for change in self.done:
            counts.setdefault(change.place, Counter())[change.kind] += 1
        return counts

    def written(self) -> dict[str, list[str]]:
        """Return what was written, by place, one phrase per kind: ``{"Engineering Roadmap": ["9 rows created"]}``."""
        return {place: phrases(counted) for place, counted in self.counts().items()}

    def followed_by(self, later: "SyncResult") -> "SyncResult":
        """Return both rounds as one: the later one planned again what had moved in this one."""
        planned = {id(change) for change in self.done}
        plan = Plan(
            tuple(change for change in self.plan.changes if id(change) in planned) + later.plan.changes,
            later.plan.conflicts,
            tuple(dict.fromkeys((*self.plan.notes, *later.plan.notes))),
            later.plan.mass_changes,
        )
        return SyncResult(
            plan,
            self.dry_run,
            [*self.done, *later.done],
            [*self.refused, *later.refused],
            later.failed,
            [*self.waiting, *later.waiting],
            later.moved,
            list(dict.fromkeys((*self.notes, *later.notes))),
            later.pause or self.pause,
            later.is_to_be_planned_again,
            {**self.urls, **later.urls},
        )


def phrases(counts: Mapping[Kind, int]) -> list[str]:
    """Return counts of changes in words, one phrase per kind."""
    return [f"{number} {_PHRASES[kind][number != 1]}" for kind, number in counts.items()]


def raise_failures(result: SyncResult) -> None:
    """Raise one error for all changes that failed; nothing when none did."""
    failures = dict([*result.failed, *result.moved])
    if failures:
        raise RoadmapError("; ".join(f"{title}: {reason}" for title, reason in failures.items()))
