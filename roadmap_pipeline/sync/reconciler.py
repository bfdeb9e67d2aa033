"""The reconciler: observe, plan, apply, read back; the one mechanism behind every write to Notion and GitHub.

:class:`Reconciler` looks at both Notion databases first; if either can't be read or is out of shape it raises before
anything is written. :meth:`Reconciler.plan` makes the plan, :meth:`Reconciler.apply` carries out that very object.
"""

import difflib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from roadmap_pipeline import interruption
from roadmap_pipeline.errors import ConfigurationError, RoadmapError
from roadmap_pipeline.github.client.errors import Paused
from roadmap_pipeline.progress import task
from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.sync.comments import apply_comment, plan_comments
from roadmap_pipeline.sync.desired import DesiredState, read_desired_state
from roadmap_pipeline.sync.journal import INTERRUPTED, RowValues
from roadmap_pipeline.sync.notion_rows import announced
from roadmap_pipeline.sync.notion_target import NotionTarget
from roadmap_pipeline.sync.plan import ROW_KINDS, Change, Kind, Plan
from roadmap_pipeline.warehouse.connection import connect

Part = Literal["databases", "reports", "roadmap", "comments"]
ALL_PARTS: tuple[Part, ...] = ("databases", "reports", "roadmap", "comments")

_PHRASES: Mapping[Kind, tuple[str, str]] = {
    "create_database": ("database created", "databases created"),
    "describe_database": ("database described", "databases described"),
    "describe_properties": ("database's properties described anew", "databases' properties described anew"),
    "add_property": ("property added", "properties added"),
    "add_options": ("property's options added", "properties' options added"),
    "rename_property": ("property renamed", "properties renamed"),
    "add_view": ("view added", "views added"),
    "create_row": ("row created", "rows created"),
    "update_row": ("row updated", "rows updated"),
    "restore_row": ("row restored", "rows restored"),
    "create_comment": ("comment created", "comments created"),
    "edit_comment": ("comment edited", "comments edited"),
}


@dataclass(slots=True)
class SyncResult:
    """A plan and what became of it: ``refused``, ``failed`` and ``waiting`` are (title, reason).

    What waits for GitHub's quota is written by the next run; ``pause`` says so, also where it could not be planned.
    """

    plan: Plan
    dry_run: bool
    refused: list[tuple[str, str]] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    waiting: list[tuple[str, str]] = field(default_factory=list)
    pause: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return this as one JSON object."""
        return {
            "dry_run": self.dry_run,
            **self.plan.to_json(),
            "refused": [{"title": title, "reason": reason} for title, reason in self.refused],
            "failed": [{"title": title, "reason": reason} for title, reason in self.failed],
            "waiting": [{"title": title, "reason": reason} for title, reason in self.waiting],
            "pause": self.pause,
        }

    def written(self) -> dict[str, list[str]]:
        """Return what was written, by place, one phrase per kind: ``{"Engineering Roadmap": ["9 rows created"]}``."""
        if self.dry_run:
            return {}
        lost = {title for title, _ in (*self.refused, *self.failed, *self.waiting)}
        counted = Counter((change.place, change.kind) for change in self.plan.changes if change.title not in lost)
        phrases: dict[str, list[str]] = {}
        for (place, kind), number in counted.items():
            one, several = _PHRASES[kind]
            phrases.setdefault(place, []).append(f"{number} {one if number == 1 else several}")
        return phrases


class Reconciler:
    """One look at both sides, and the plans and writes that follow from it. ``repair`` adds missing properties."""

    def __init__(self, runtime: Runtime, *, repair: bool = False) -> None:
        self._runtime = runtime
        self._repair = repair
        self._agreed: dict[str, RowValues] = {}
        self.pause: str | None = None
        """The reason why comments could not be planned now, and when they can be."""

    @cached_property
    def _notion(self) -> NotionTarget | None:
        """The state of Notion now; None when that side is missing. Raises when a database is out of shape."""
        if self._runtime.missing("notion"):
            return None
        return NotionTarget.look(self._runtime, repair=self._repair)

    def plan(
        self,
        parts: Collection[Part] = ALL_PARTS,
        *,
        milestone: str | None = None,
        report_name: str | None = None,
        desired: DesiredState | None = None,
    ) -> Plan:
        """Return what would have to be written for ``parts``; ``milestone`` and ``report_name`` narrow the rows.

        ``desired`` is what should be said; read from the warehouse unless given.
        """
        notes = [note for side in ("github", "notion") if (note := self._runtime.missing(side))]
        plan = Plan(notes=tuple(notes))
        notion = self._notion
        if desired is None:
            with connect(self._runtime.settings.warehouse) as con:
                desired = read_desired_state(con, parts, report_name)
        milestones = desired.milestones
        roadmap = [row for row in milestones if milestone is None or milestone in row.names]
        if milestone is not None and "roadmap" in parts and not roadmap:
            raise ConfigurationError(self._unknown(milestone, [name for row in milestones for name in row.names]))
        if notion is not None:
            if "databases" in parts:
                plan += notion.plan_databases()
            current = {row.sync_key for row in milestones}
            for rows in (notion.plan_reports(desired.reports), notion.plan_roadmap(roadmap, current)):
                plan += rows.plan
                self._agreed |= {row.sync_key: row for row in rows.agreed}
        if not self._runtime.missing("github"):
            try:
                plan += plan_comments(self._runtime, desired.comments, desired.skipped)
            except Paused as pause:
                self.pause = f"the pull-request comments wait: {pause}"
        return plan

    def _unknown(self, milestone: str, known: Sequence[str]) -> str:
        """Return what is wrong with the name of a milestone, where it was given, and what was probably meant."""
        by_words = {name.casefold(): name for name in known}
        close = difflib.get_close_matches(milestone.casefold(), by_words, n=1)
        where = "ROADMAP_MILESTONE" if milestone == self._runtime.settings.milestone else "--milestone"
        meant = f"did you mean {by_words[close[0]]!r}? " if close else ""
        return f"{where}: no milestone is called {milestone!r}; {meant}`roadmap status` lists those that are known"

    def apply(self, plan: Plan) -> SyncResult:
        """Carry out ``plan``: journal, write, read back, one change after the other.

        A change that fails is noted and the others go on, since rows and comments don't depend on one another; a
        database that can't be made ends the run, since everything after it would fail. Once GitHub's quota is used up,
        its other changes wait for the next run, which plans them again from what stands there.
        """
        result = SyncResult(plan, dry_run=False, pause=self.pause)
        journal = self._runtime.journal
        journal.settle_interrupted()
        if self._notion is not None:
            self._notion.remember()
        if self._agreed:
            journal.advance(self._agreed.values())
        if not plan.changes:
            return result
        with task("Writing to Notion and GitHub", total=len(plan.changes)) as progress:
            for change in plan.changes:
                interruption.check()
                progress.describe(f"Writing {change.title}")
                if result.waiting and change.target == "github":
                    result.waiting.append((change.title, result.waiting[0][1]))
                else:
                    with interruption.shielded():  # written, read back and noted, or nothing of it
                        self._apply_one(change, result)
                progress.advance()
        if result.waiting:
            number = len(result.waiting)
            comments = "1 pull-request comment waits" if number == 1 else f"{number:,} pull-request comments wait"
            result.pause = f"{comments}: {result.waiting[0][1]}"
        return result

    def _apply_one(self, change: Change, result: SyncResult) -> None:
        journal = self._runtime.journal
        change_id = journal.intend(change, announced(change) if change.kind in ROW_KINDS else None)
        state = "failed"
        reason: str | None = INTERRUPTED
        refusal = confirmed = None
        try:
            if change.target == "github":
                refusal = apply_comment(self._runtime, change)
            else:
                confirmed = self._apply_notion(change)
            state, reason = "refused" if refusal else "done", refusal
        except RoadmapError as error:
            reason = str(error)
            is_for_all = change.target == "notion" and change.kind not in ROW_KINDS
            if is_for_all:
                raise
            (result.waiting if isinstance(error, Paused) else result.failed).append((change.title, reason))
        finally:
            # Also when something else ends the run, such as Ctrl+C while GitHub's rate limit is waited for.
            journal.settle(change_id, state, reason, confirmed)
        if refusal:
            result.refused.append((change.title, refusal))

    def _apply_notion(self, change: Change) -> RowValues | None:
        if self._notion is None:
            raise ValueError("a plan with changes for Notion was applied without Notion")
        return self._notion.apply(change)


def raise_failures(result: SyncResult) -> None:
    """Raise one error for all changes that failed; nothing when none did."""
    if result.failed:
        reasons: Mapping[str, str] = dict(result.failed)
        raise RoadmapError("; ".join(f"{title}: {reason}" for title, reason in reasons.items()))
