"""The part of the state machine that syncs and checks: machines that sync, what must hold after each of their runs.

Belongs here: no rule, and nothing that people do; see ``test_state_machine``.
"""

import hashlib
import itertools
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
from hypothesis.stateful import RuleBasedStateMachine

from roadmap_pipeline.errors import RoadmapError
from roadmap_pipeline.sync.agreement import is_edited_since_agreed
from roadmap_pipeline.sync.notion_rows import BODY
from roadmap_pipeline.sync.result import SyncResult
from roadmap_pipeline_tests.sync.conftest import (
    GITHUB_TOKEN,
    NOTION_KEY,
    REPORTS,
    KilledError,
    NewServices,
    SimulatedServices,
)
from roadmap_pipeline_tests.sync.disturbances import on_another_machine
from roadmap_pipeline_tests.sync.edit_ledger import EditLedger, Side
from roadmap_pipeline_tests.sync.kills import put_back
from roadmap_pipeline_tests.sync.observed import (
    KEY,
    NOTE,
    NOTES,
    PROGRESS,
    REPOS,
    SHARED,
    STATE,
    STATUS,
    STATUS_LABELS,
    MilestoneView,
    Observer,
    RowView,
)

ROUNDS = 4
"""Times that each machine may sync until nothing is left to do."""

_WITH_PEOPLE = ("Conflict", "Needs a person", "Changed on GitHub")
"""The states of a row that waits for people."""

KNOWN_STATUSES = {None, "Completed", *STATUS_LABELS.values()}
"""The statuses for which GitHub has a place."""

_MEMORY = ("row_bases", "rows", "conflicts", "refused_edits", "databases", "changes", "verifications")


@dataclass
class Row:
    """The test's knowledge of a milestone's row."""

    page_id: str
    in_trash: bool = False
    notes: list[Any] = field(default_factory=list)
    """The text that a person wrote into its notes, if anybody did."""
    is_filled_again: bool = False
    """True where the column of notes lost its values: what is empty at the next sync was never anything else to it."""


class SyncingMachine(RuleBasedStateMachine):
    """Both simulators after a first sync, one or two machines that sync, and a ledger of what people did."""

    def __init__(self, new_services: NewServices, start: Path, folder: Path) -> None:
        super().__init__()
        self._stack = ExitStack()
        self.services = self._stack.enter_context(new_services(folder, start))
        self.services.notion.advance(timedelta(minutes=1))  # lists show all that the first sync made
        self.machines: list[SimulatedServices] = [self.services]
        self.syncing = self.services
        """The machine that synced last."""
        self.observer = Observer(self.services)
        self.ledger = EditLedger()
        self.rows: dict[str, Row] = {}
        self.deleted: dict[str, dict[str, Any]] = {}
        """Sync keys of milestones that were deleted on GitHub, with the values of their rows."""
        self.peoples_pages: dict[str, dict[str, Any]] = {}
        """Pages that people made, with all that they hold."""
        self.adopting: dict[str, str] = {}
        """By sync key the page of people's that a milestone was called like when it was made."""
        self.bodies: dict[str, str] = {}
        """By page: what a person wrote on it."""
        self.team: str | None = None
        """Id of a column of people's own."""
        self.moved_away: dict[str, str] = {}
        """Pages of rows that people moved out of the database, each with the sync key that it bore."""
        self.unshared: dict[str, str] = {}
        """Pages of rows that the integration can't see, each with the sync key that it bears."""
        self.came_back: set[str] = set()
        """Sync keys of rows that were shared again."""
        self.thrown_away: set[str] = set()
        """Pages of rows that people put in the trash while another row stood for the milestone, too."""
        self.is_at_rest = False
        self.reports_id = self.services.databases()[REPORTS]
        self.own_values: dict[str, Any] = {}
        """By page: what a person wrote into that."""
        self.is_memory_lost = self.are_options_renamed = self.are_rows_copied = self.were_keys_deleted = False
        self.progress: dict[str, float] = {}
        self.issue_texts: dict[tuple[str, int], tuple[str, str]] = {}
        """By tracking issue: what people wrote above and below our section."""
        self.issue_labels: dict[tuple[str, int], set[str]] = {}
        self.numbers = itertools.count(1)
        self._settle_all(first=True)

    def teardown(self) -> None:
        """Let both sides come to rest, and check all that must hold then."""
        try:
            self.stabilise()
        finally:
            self._stack.close()

    def may_add(self, hazard: str) -> bool:
        """Return whether one more of three things may be: copies, machines without memory, rows that no list shows.

        With all of them a copy is taken for the row that isn't listed: nothing in Notion tells it from that.
        """
        present = {
            "copies": self.are_rows_copied,
            "loss": self.is_memory_lost,
            "unlisted": bool(self.services.notion.query_lag) or any(row.in_trash for row in self.rows.values()),
        }
        return not all(there or name == hazard for name, there in present.items())

    @property
    def may_forget(self) -> bool:
        """True where memory may be lost: what it alone knows is gone then, new names of options and lost keys."""
        return not self.are_options_renamed and not self.were_keys_deleted and self.may_add("loss")

    # -- syncing

    def run(self, machine: int, command: str, *, dry_run: bool = False, mass: bool = False, **how: Any) -> SyncResult:
        """Sync from one machine, undisturbed."""
        services = self.syncing = self.machines[machine % len(self.machines)]
        how = {
            "ROADMAP_NOW": self.services.notion.clock.isoformat(),
            "lag": bool(self.services.notion.query_lag),
            **how,
        }
        if command == "sync":
            return services.sync(dry_run=dry_run, allow_mass_change=mass, **how)
        return services.two_way(dry_run=dry_run, allow_mass_change=mass, **how)

    def run_and_check(self, machine: int, command: str, *, mass: bool = False) -> SyncResult:
        """Sync from one machine, and check what must hold after every sync that went through."""
        self.services.writes()
        result = self.run(machine, command, mass=mass)
        self.check_result(result)
        return result

    def check_result(self, result: SyncResult) -> None:
        """Check what must hold after a sync that nothing disturbed."""
        assert (result.failed, result.moved, result.waiting, result.pause) == ([], [], [], None)
        statuses = {entry.status for entry in self.services.notion.journal}
        assert not statuses & {400, 413}, "a request beyond Notion's limits"
        writes = self.services.writes()
        if result.plan.mass_changes:
            assert writes == []
            return
        # A page on which something stands is only looked at when it is to be written.
        is_more_than_pages = any({one.field for one in change.fields} != {BODY} for change in result.done)
        assert bool(writes) >= bool(is_more_than_pages or result.refused), (writes, result)
        assert bool(writes) <= bool(result.done or result.refused), (writes, result)
        self._settle_all()

    def dry_run(self, machine: int, command: str) -> SyncResult:
        """Make a dry run; it writes nothing, on neither side, and leaves the warehouse as it is to the byte."""
        services = self.machines[machine % len(self.machines)]
        # A killed run leaves a log beside the file, which DuckDB puts into it when somebody opens it, whatever for.
        duckdb.connect(str(services.warehouse)).close()
        before = _digest(services.warehouse)
        self.services.writes()
        told = self.run(machine, command, dry_run=True)
        assert self.services.writes() == []
        assert _digest(services.warehouse) == before
        return told

    def disturbed(self, machine: int, command: str, **how: Any) -> bool:
        """Sync from one machine while things fail; whatever comes of it, return whether it was killed."""
        services = self.machines[machine % len(self.machines)]
        before = self._values()
        try:
            self.run(machine, command, **how)
        except RoadmapError:
            return False
        except KilledError:
            put_back(services.warehouse)
            return True
        finally:
            self.services.notion.faults.clear()
            self.services.github.faults.clear()
            for (key, name, side), value in self._values().items():
                if before.get((key, name, side), value) != value:
                    self.ledger.left(key, name, side, value)
            self._note_what_stays()
        return False

    def _values(self) -> dict[tuple[str, str, Side], Any]:
        """Return the shared fields of both sides, by sync key."""
        values: dict[tuple[str, str, Side], Any] = {}
        for key, milestone in self.observer.milestones().items():
            row = self.observer.row(self.rows[key].page_id) if key in self.rows else None
            for name in SHARED:
                values[key, name, "github"] = milestone.value(name)
                if row is not None and row.is_inside:
                    values[key, name, "notion"] = row.value(name, milestone.repo)
        return values

    def _note_what_stays(self) -> None:
        """Note the statuses of people's own of which a sync that got so far has said that they stay in Notion."""
        for key, known in self.rows.items():
            row = self.observer.row(known.page_id)
            status = row.values.get(STATUS) if row is not None else None
            if row is not None and status not in KNOWN_STATUSES and f"{STATUS} stays" in (row.values.get(NOTE) or ""):
                self.ledger.stays(key, STATUS, status)

    def add_machine(self) -> None:
        """Let a second machine sync, too, which knows nothing of the first."""
        self.machines.append(on_another_machine(self.services, self.services.warehouse.parent / "second"))
        self.ledger.is_one_machine = False
        self.lose_warehouse(1)

    def lose_warehouse(self, machine: int) -> None:
        """Take away all that a machine remembers."""
        services = self.machines[machine % len(self.machines)]
        with duckdb.connect(str(services.warehouse)) as con:
            for table in _MEMORY:
                con.execute(f"delete from sync.{table}")
        self.ledger.lose_bases()
        self.is_memory_lost = True

    def everywhere(self, statement: str, parameters: Any = None) -> None:
        """Change what the tables say on all machines, as a build does."""
        for services in self.machines:
            services.sql(statement, parameters)

    # -- what must hold

    def _settle_all(self, *, first: bool = False) -> None:
        milestones = self.observer.milestones()
        rows = {row.page_id: row for row in self.observer.rows()}
        self._check_one_to_one(milestones, rows)
        for key in self.rows:
            self._follow_sync(key, rows, milestones)
        for key, milestone in milestones.items():
            row = self._row_of(key, rows)
            if row is not None and self._is_second(key, row, rows):
                self.ledger.wait(milestone, row)
            elif row is not None:
                self._check_row(milestone, row)
                if self.adopting.pop(key, row.page_id) != row.page_id:
                    # Two milestones bore the title of people's row: it stays theirs, with what they wrote.
                    self.ledger.forget(key, "notion")
                self.ledger.settle(milestone, row)
        for key, values in self.deleted.items():
            known = self.rows.get(key)
            row = rows.get(known.page_id) if known else None
            if row is not None and row.is_there:
                assert row.values[STATE] == "Changed on GitHub", row
                assert {name: row.values[name] for name in values} == values, f"{row} instead of {values}"
            if row is None or not row.is_inside:
                for copy in [page for page in self.peoples_pages if page in rows and rows[page].values[KEY] == key]:
                    del self.peoples_pages[copy]  # it stands in for the row that is gone
        self._check_what_is_peoples()
        if not first:
            self._check_issues(milestones)

    def _check_what_is_peoples(self) -> None:
        for row in self.observer.rows():
            assert row.in_trash or row.page_id not in self.thrown_away, f"taken out of the trash: {row}"
        for page_id, held in self.peoples_pages.items():
            present = self.observer.raw(page_id)
            changed = {id_ for id_ in present.keys() | held.keys() if present.get(id_) != held.get(id_)}
            assert not changed & present.keys(), f"a page of people's was written to: {present} instead of {held}"
        for page_id, text in self.own_values.items():
            assert self.observer.raw(page_id).get(self.team or "") == text
        for page_id, body in self.bodies.items():
            assert self.observer.body(page_id) == body

    def _row_of(self, key: str, rows: dict[str, RowView]) -> RowView | None:
        """Return the row of a milestone; None where a person put it in the trash."""
        known = self.rows.get(key)
        row = rows.get(known.page_id) if known else None
        if known is not None and known.in_trash and row is not None and row.is_inside:
            assert row.in_trash, f"{key}: taken out of the trash"
            return None
        if row is None or not row.is_there:
            bearing = [row for row in rows.values() if row.is_there and row.values[KEY] == key]
            bearing = [row for row in bearing if row.page_id not in self.peoples_pages] or bearing
            trashed = [row for row in rows.values() if row.in_trash and row.is_ours and row.values[KEY] == key]
            if not bearing and trashed and key in self.came_back:
                self.rows[key] = Row(trashed[0].page_id, in_trash=True)  # the other of two: a person threw both away
                return None
            assert bearing, f"{key} has no row"
            row = min(bearing, key=lambda row: row.age)
            self.rows[key] = Row(row.page_id)
            self.peoples_pages.pop(row.page_id, None)  # what was a copy stands in for a row that is gone
        return row

    def _is_second(self, key: str, row: RowView, rows: dict[str, RowView]) -> bool:
        """Return whether another row of ours was looked at first: it came back, or lists didn't show this one."""
        synced = self._synced(key) - {row.page_id}
        return any(one.is_there and one.is_ours and one.page_id in synced for one in rows.values())

    def _synced(self, key: str) -> set[str]:
        """Return the page that the last sync took for a milestone's."""
        return {page for (page,) in self.syncing.sql("select page_id from sync.rows where sync_key = ?", [key])}

    def _follow_sync(self, key: str, rows: dict[str, RowView], milestones: dict[str, MilestoneView]) -> None:
        """Take for a milestone's row that which its sync does, of a row of ours that came back and a copy of people's.

        The copy stood in for it: it counts while it has an edit to carry on, then the other one if that has one. Of
        copies alone the oldest counts, of those of one minute the one with the lower id.
        """
        bearing = {row.page_id: row for row in rows.values() if row.is_there and row.values[KEY] == key}
        known = self.rows[key].page_id
        synced = self._synced(key)
        makers = {row.is_ours for row in bearing.values()}
        oldest = min(bearing.values(), key=lambda row: row.age, default=None)
        is_oldest = oldest is not None and makers == {False} and oldest.page_id in synced
        may_be_another = len(makers) == 2 if key in self.came_back else is_oldest
        if not may_be_another or known in synced or not synced & bearing.keys():
            return
        if is_oldest and known in bearing and key in milestones and not self.is_memory_lost:
            self.ledger.must_be_carried_on(milestones[key])
        if known in bearing and not bearing[known].is_ours:
            self.peoples_pages[known] = self.observer.raw(known)
        (page_id,) = synced
        self.peoples_pages.pop(page_id, None)
        self.rows[key] = Row(page_id)
        self.ledger.forget(key, "notion")
        self.deleted.get(key, {}).clear()

    def stand_in(self, key: str) -> bool:
        """Take a row of ours that bears the key for the milestone's; return whether there is one."""
        bearing = [row for row in self.observer.rows() if row.is_there and row.is_ours and row.values[KEY] == key]
        # One of ours that had come back as nobody's was taken by its title meanwhile.
        found = min(bearing, key=lambda row: row.page_id in self.peoples_pages, default=None)
        if found is not None:
            self.rows[key] = Row(found.page_id)
            self.peoples_pages.pop(found.page_id, None)
        return found is not None

    def _check_one_to_one(self, milestones: dict[str, MilestoneView], rows: dict[str, RowView]) -> None:
        by_key: dict[str, list[RowView]] = defaultdict(list)
        for row in rows.values():
            if row.is_ours and row.is_there and row.values[KEY] is not None:
                by_key[row.values[KEY]].append(row)
        # Machines that don't know of each other make a row twice while lists lag; the next sync gives one up.
        if not (self.is_memory_lost and self.services.notion.query_lag):
            for key, bearing in by_key.items():
                self._check_one_row(key, bearing)
        for repo in REPOS:
            for node_id, issues in self.observer.issues(repo).items():
                assert len(issues) == 1, f"{node_id} has {len(issues)} tracking issues"

    def _check_one_row(self, key: str, bearing: list[RowView]) -> None:
        """Check that one row stands for a milestone.

        Beside it one that was shared again may stand while it holds an edit. A plan carries on the edits of one row and
        no more than a dry run has told, so the second row's go with the next sync; where people are to decide in the
        first one, they go after that, since both may have given the same field another value.
        """
        if key not in self.came_back:
            assert len(bearing) == 1, f"rows with one key: {bearing}"
        columns = self.observer.columns
        unedited = [row for row in bearing if not is_edited_since_agreed(row.values, columns=columns)]
        assert len(unedited) <= 1, f"no edit in either: {bearing}"
        if self.is_at_rest:
            assert len(bearing) == 1 or any(row.values[STATE] in _WITH_PEOPLE for row in bearing), bearing

    def _check_row(self, milestone: MilestoneView, row: RowView) -> None:
        known = self.rows[milestone.key]
        assert row.values[KEY] == milestone.key, row
        assert row.values[PROGRESS] == self.progress.get(milestone.key, row.values[PROGRESS]), row
        # Who doesn't know what was written there fills notes that are empty.
        if known.notes and not ((self.is_memory_lost or known.is_filled_again) and known.notes[-1] is None):
            assert row.values[NOTES] == known.notes[-1], "a person's notes were overwritten"
        elif row.values[NOTES] is not None:
            known.notes.clear()
        known.is_filled_again = False

    def _check_issues(self, milestones: dict[str, MilestoneView]) -> None:
        for milestone in milestones.values():
            place = (milestone.repo, milestone.issue or 0)
            if place in self.issue_texts:
                above, below = self.issue_texts[place]
                body = self.observer.issue(milestone)["body"]
                assert body.startswith(above) and body.endswith(below), body
            assert self.issue_labels.get(place, set()) <= milestone.other_labels

    # -- at rest

    def stabilise(self) -> None:
        """Sync until nothing is planned; then nothing is written any more, and nothing secret is anywhere."""
        self.services.notion.query_lag *= 0
        self.services.notion.advance(timedelta(minutes=1))
        for _ in range(ROUNDS):
            results = [self.run_and_check(m, "sync", mass=True) for m in range(len(self.machines))]
            if not any(result.plan.changes for result in results):
                break
        else:
            raise AssertionError(f"no rest after {ROUNDS} rounds: {results}")
        self.is_at_rest = True
        for machine in range(len(self.machines)):
            for command in ("two_way", "sync"):
                result = self.run_and_check(machine, command, mass=True)
                assert (result.plan.changes, result.done) == ((), [])
        self._check_secrets()

    def _check_secrets(self) -> None:
        texts = [repr(self.services.notion.dump())]
        for services in self.machines:
            texts.extend(repr(services.sql(f"from sync.{table}")) for table in _MEMORY)
        for repo in REPOS:
            _status, issues = self.services.github.request("GET", f"/repos/{repo}/issues?state=all&per_page=100")
            texts.append(repr(issues))
        for secret in (GITHUB_TOKEN, NOTION_KEY):
            assert not any(secret in text for text in texts)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
