"""The reconciler: observe, plan, apply, read back; the one mechanism behind every write to Notion and GitHub.

:class:`Reconciler` looks at both Notion databases first; if either can't be read or is out of shape it raises before
anything is written. :meth:`Reconciler.plan` makes the plan, :meth:`Reconciler.apply` carries out that very object.
"""

from collections.abc import Collection
from dataclasses import replace
from functools import cached_property
from typing import Literal

from roadmap_pipeline import interruption
from roadmap_pipeline.errors import RoadmapError
from roadmap_pipeline.github.client.errors import Paused
from roadmap_pipeline.github.client.response_cache import ResponseCache
from roadmap_pipeline.github.milestones import MilestoneRefused
from roadmap_pipeline.github.tracking_issues import TrackingIssueRefused
from roadmap_pipeline.progress import task
from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.sync.agreement_notes import plan_agreement_notes
from roadmap_pipeline.sync.canonical import STATUS
from roadmap_pipeline.sync.comments import apply_comment, plan_comments
from roadmap_pipeline.sync.desired import DesiredState, read_desired_state
from roadmap_pipeline.sync.github_target import GitHubTarget
from roadmap_pipeline.sync.journal import INTERRUPTED, RowValues
from roadmap_pipeline.sync.memory import Memory, Verification
from roadmap_pipeline.sync.milestone_edits import MilestoneEdit, announced_edit, apply_edit, apply_new
from roadmap_pipeline.sync.notion_rows import RowWrite
from roadmap_pipeline.sync.notion_target import NotionTarget
from roadmap_pipeline.sync.plan import ISSUE_KINDS, ROW_KINDS, Change, ChangedMeanwhile, Plan
from roadmap_pipeline.sync.result import SyncResult
from roadmap_pipeline.sync.roadmap import RoadmapPlan
from roadmap_pipeline.sync.roadmap_planning import Selection, plan_both_sides
from roadmap_pipeline.sync.tracking import (
    KEEP_LABEL,
    TRACKING_ISSUE,
    TrackingWrite,
    announced_label,
    apply_tracking,
)

Part = Literal["databases", "reports", "roadmap", "tracking_issues", "comments"]
ALL_PARTS: tuple[Part, ...] = ("databases", "reports", "roadmap", "tracking_issues", "comments")
SHARED_PARTS: tuple[Part, ...] = ("databases", "roadmap", "tracking_issues")
"""The parts that people edit on both sides, and what shows it."""
ROADMAP_PARTS: tuple[Part, ...] = ("roadmap", "tracking_issues")
"""The parts that concern single milestones."""


class Reconciler:
    """One look at both sides, and the plans and writes that follow from it. ``repair`` adds missing properties."""

    def __init__(self, runtime: Runtime, *, repair: bool = False) -> None:
        self._runtime = runtime
        self._repair = repair
        self._agreed: list[RowValues] = []
        self._roadmap: RoadmapPlan | None = None
        self._selection = Selection()
        self._has_new_milestones = False
        self.pause: str | None = None
        """The reason why a part could not be planned now, and when it can be."""

    def look(self) -> None:
        """Look at both databases, before anything is written, also to the warehouse.

        Raises:
            SchemaError: One is out of shape.
        """
        _ = self._notion

    @cached_property
    def _notion(self) -> NotionTarget | None:
        """The state of Notion now; None when that side is missing. Raises when a database is out of shape."""
        if self._runtime.missing("notion"):
            return None
        return NotionTarget.look(self._runtime, repair=self._repair)

    @cached_property
    def _github(self) -> GitHubTarget | None:
        """The milestones and tracking issues now; None when that side is missing."""
        if self._runtime.missing("github"):
            return None
        return GitHubTarget.look(self._runtime, self._responses)

    @cached_property
    def _responses(self) -> ResponseCache:
        return self._memory.github_responses()

    @cached_property
    def _memory(self) -> Memory:
        asked_as = "" if self._runtime.missing("github") else self._runtime.github.cache_key("/repos")
        return Memory(self._runtime.warehouse, self._runtime.settings.now(), asked_as)

    def plan(
        self,
        parts: Collection[Part] = ALL_PARTS,
        *,
        selection: Selection | None = None,
        report_name: str | None = None,
        desired: DesiredState | None = None,
    ) -> Plan:
        """Return what would have to be written for ``parts``.

        Args:
            parts: What is looked at.
            selection: What narrows or widens the roadmap's part.
            report_name: The only report whose row is planned.
            desired: What the tables say; read from the warehouse unless given.
        """
        self._selection = selection or Selection()
        plan = Plan(notes=tuple(note for side in ("github", "notion") if (note := self._runtime.missing(side))))
        notion = self._notion
        if desired is None:
            with self._runtime.warehouse.connect() as con:
                desired = read_desired_state(con, parts, report_name)
        if notion is not None:
            if "databases" in parts:
                plan += notion.plan_databases()
            if "reports" in parts:
                reports = notion.plan_reports(desired.reports, self._selection.restore)
                plan += Plan(
                    tuple(reports.changes),
                    tuple(reports.conflicts),
                    tuple(reports.notes),
                    restored=frozenset(reports.restored),
                )
                self._agreed += reports.agreed
        if {"roadmap", "tracking_issues"} & set(parts):
            plan += self._plan_roadmap(parts, desired)
        if "comments" in parts and not self._runtime.missing("github"):
            try:
                plan += plan_comments(self._runtime, desired.comments, desired.skipped, self._responses)
            except Paused as pause:
                self.pause = f"the pull-request comments wait: {pause}"
        return plan

    def _plan_roadmap(self, parts: Collection[Part], desired: DesiredState) -> Plan:
        both = plan_both_sides(self._runtime, self._notion, self._github, self._memory, desired, self._selection)
        self._roadmap = both.roadmap
        self._agreed += both.roadmap.agreed if "roadmap" in parts else []
        if self._github is not None and self._github.pause:
            self.pause = f"milestones and tracking issues wait: {self._github.pause}"
        changes: list[Change] = []
        if "roadmap" in parts:
            changes += [*both.roadmap.edits, *both.roadmap.rows]
        if "tracking_issues" in parts:
            changes += both.tracking
        roadmap = both.roadmap
        if self._notion is not None:
            changes += plan_agreement_notes(roadmap.milestones, changes, self._runtime.settings.now())
        mass_changes = tuple(map(str, roadmap.mass_changes))
        restored = frozenset(roadmap.restored)
        return Plan(tuple(changes), tuple(roadmap.conflicts), tuple(roadmap.notes), mass_changes, restored)

    def apply(self, plan: Plan) -> SyncResult:
        """Carry out ``plan``: journal, write, read back, one change after the other.

        A change that fails is noted and the others go on, since rows, issues and comments don't depend on one another;
        a database that can't be made ends the run, since everything after it would fail. Once GitHub's quota is used
        up, its other changes wait for the next run, which plans them again from what stands there. What somebody edited
        meanwhile is left to be planned again. More changes than the guard allows: nothing is written.
        """
        result = SyncResult(plan, dry_run=False, pause=self.pause)
        if plan.mass_changes:
            return result
        journal = self._runtime.journal
        journal.settle_interrupted()
        if self._notion is not None:
            self._notion.remember()
            if self._agreed:
                journal.advance([self._notion.stored(values) for values in self._agreed])
        if plan.changes:
            self._apply_all(plan, result)
        if result.waiting:
            number = len(result.waiting)
            changes = "1 change on GitHub waits" if number == 1 else f"{number:,} changes on GitHub wait"
            result.pause = f"{changes}: {result.waiting[0][1]}"
        result.is_to_be_planned_again |= self._has_new_milestones
        if self._notion is not None:
            result.notes += self._notion.notes
            result.urls = {**self._notion.report_urls, **self._notion.row_urls}
        self._remember(result)
        return result

    def _apply_all(self, plan: Plan, result: SyncResult) -> None:
        with task("Writing to Notion and GitHub", total=len(plan.changes)) as progress:
            for change in plan.changes:
                interruption.check()
                progress.describe(f"Writing {change.title}")
                if result.waiting and change.target == "github":
                    result.waiting.append((change.title, result.waiting[0][1]))
                elif _follows_from(change, result.done):
                    with interruption.shielded():  # written, read back and noted, or nothing of it
                        self._apply_one(change, result)
                progress.advance()

    def _apply_one(self, change: Change, result: SyncResult) -> None:
        journal = self._runtime.journal
        announced = self._announced(change)
        change_id = journal.intend(change, announced)
        state = "failed"
        reason: str | None = INTERRUPTED
        refusal = confirmed = None
        try:
            refusal, confirmed = self._write(change)
            state, reason = "refused" if refusal else "done", refusal
        except ChangedMeanwhile as error:
            reason = str(error)
            result.moved.append((change.title, reason))
            result.is_to_be_planned_again = True
        except (MilestoneRefused, TrackingIssueRefused) as error:
            state, reason = "refused", error.reason
            refusal = error.reason
            self._note_refusal(change, error.reason, result)
        except RoadmapError as error:
            reason = str(error)
            is_for_all = change.target == "notion" and change.kind not in ROW_KINDS
            if is_for_all:
                raise
            (result.waiting if isinstance(error, Paused) else result.failed).append((change.title, reason))
        finally:
            # Also when something else ends the run, such as Ctrl+C while GitHub's rate limit is waited for.
            journal.settle(change_id, state, reason, confirmed, announced)
        if refusal:
            result.refused.append((change.title, refusal))
        elif state == "done":
            result.done.append(change)

    def _announced(self, change: Change) -> RowValues | None:
        """Return what both sides hold of a row once a change is carried out."""
        if self._notion is None:
            return None
        if change.kind == "edit_milestone":
            return self._notion.stored(announced_edit(change))
        if change.kind in ISSUE_KINDS:
            values = announced_label(change)
            return None if values is None else self._notion.stored(values)
        return self._notion.announced(change)

    def _write(self, change: Change) -> tuple[str | None, RowValues | None]:
        """Send one change; return why GitHub takes no comment, and what a row holds from then on."""
        github = self._runtime.github if change.target == "github" else None
        confirmed = None
        if github is None:
            if self._notion is None:
                raise ValueError("a plan with changes for Notion was applied without Notion")
            return None, self._notion.apply(change)
        if change.kind == "edit_milestone":
            confirmed = apply_edit(github, change)
        elif change.kind == "create_milestone":
            apply_new(github, change)
            self._has_new_milestones = True
        elif change.kind in ISSUE_KINDS:
            urls = {} if self._notion is None else self._notion.row_urls
            confirmed = apply_tracking(github, change, {**self._known_urls(), **urls})
        else:
            return apply_comment(self._runtime, change), None
        return None, None if confirmed is None or self._notion is None else self._notion.stored(confirmed)

    def _known_urls(self) -> dict[str, str]:
        if self._roadmap is None:
            return {}
        rows = {one.entity.key: one.page_url for one in self._roadmap.milestones if one.page_url}
        return {**self._notion.report_urls, **rows} if self._notion is not None else rows

    def _note_refusal(self, change: Change, reason: str, result: SyncResult) -> None:
        """Remember a value that GitHub does not take, so that its row says so and it isn't tried on every run."""
        if isinstance(change.detail, MilestoneEdit):
            edit = change.detail
            value = (
                ("Completed" if edit.after == "closed" else None) if edit.before in ("open", "closed") else edit.after
            )
            self._memory.note_refusal(edit.entity.key, edit.field, value, reason)
            result.is_to_be_planned_again = True
        elif isinstance(change.detail, TrackingWrite):
            write = change.detail
            self._memory.note_refusal(write.key, TRACKING_ISSUE, None, reason)
            if write.label is not KEEP_LABEL:
                self._memory.note_refusal(write.key, STATUS, write.label, reason)
                result.is_to_be_planned_again = True

    def _remember(self, result: SyncResult) -> None:
        """Keep what was read of GitHub, and note how both sides stand now, where the roadmap was compared."""
        if not self._runtime.missing("github"):
            self._memory.keep_github_responses(self._responses)
        if self._roadmap is None or self._notion is None:
            return
        urls, pages = self._notion.row_urls, {key: base.page_id for key, base in self._runtime.journal.bases().items()}
        issues = {} if self._github is None else self._github.issue_numbers()
        states = [
            replace(
                state,
                page_id=state.page_id or pages.get(state.sync_key, ""),
                page_url=state.page_url or urls.get(state.sync_key, ""),
                issue_number=issues.get(state.sync_key),
            )
            for state in self._roadmap.states
        ]
        is_complete = self._selection.is_everything and not (self._github is not None and self._github.unread)
        self._memory.note_states(states, is_complete=is_complete)
        if is_complete and not result.is_to_be_planned_again:
            conflicts = [one for state in states for one in state.disagreements]
            self._memory.note_verification(
                Verification(
                    rows=len(states),
                    changes=len(result.plan.changes),
                    verified=len(result.done),
                    conflicts=sum(one.reason is None for one in conflicts),
                    quarantined=sum(state.state == "Needs a person" for state in states),
                    failed=len(result.failed) + len(result.waiting) + len(result.moved),
                )
            )


def _follows_from(change: Change, done: Collection[Change]) -> bool:
    """Return whether all was carried out that a change depends on."""
    if not isinstance(change.detail, RowWrite | TrackingWrite):
        return True
    return all(any(one is needed for one in done) for needed in change.detail.after)
