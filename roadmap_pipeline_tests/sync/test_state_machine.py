"""People and syncs in any order, whatever fails meanwhile: no edit is lost, nothing is there twice, all comes to rest.

Belongs here: when machines sync, and what fails. What people do is in ``people_rules``, what must hold in
``sync_machine`` and ``edit_ledger``.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

from roadmap_pipeline import interruption
from roadmap_pipeline.github.client import client as github_client
from roadmap_pipeline.notion import client as notion_client
from roadmap_pipeline_tests.sync.absence_rules import PeopleHide
from roadmap_pipeline_tests.sync.conftest import Kill, NewServices, Start
from roadmap_pipeline_tests.sync.observed import KEY, REPOS, TITLE, canonical
from roadmap_pipeline_tests.sync.pace import BUSY, PacedClock
from roadmap_pipeline_tests.sync.people_rules import WHICH
from roadmap_pipeline_tests.sync.test_crashes import GITHUB_FAULTS
from roadmap_sandbox.notion.faults import ALL as NOTION_FAULTS

MACHINE = st.integers(0, 1)
COMMAND = st.sampled_from(["two_way", "sync"])


class TwoWaySync(PeopleHide):
    """Everything that people, machines and the network between them may do."""

    # -- syncs

    @rule(machine=MACHINE, command=COMMAND)
    def sync(self, machine: int, command: str) -> None:
        """Sync, undisturbed."""
        self.run_and_check(machine, command)

    @rule(machine=MACHINE, command=COMMAND)
    def dry_run_and_sync(self, machine: int, command: str) -> None:
        """Make a dry run, then do what it says."""
        told = self.dry_run(machine, command).plan
        result = self.run_and_check(machine, command)
        if not result.refused:
            assert (result.plan.changes, result.plan.conflicts) == (told.changes, told.conflicts)

    @rule(machine=MACHINE, command=COMMAND, seed=st.integers(0, 10_000), probability=st.sampled_from([0.1, 0.4]))
    def sync_with_faults(self, machine: int, command: str, seed: int, probability: float) -> None:
        """Sync while requests fail, before and after they are carried out."""
        self.services.notion.faults.at_random(probability, seed, NOTION_FAULTS)
        self.services.github.faults.randomly(probability, seed=seed, kinds=GITHUB_FAULTS)
        self.disturbed(machine, command)

    @rule(machine=MACHINE, command=COMMAND, seed=st.integers(0, 10_000), probability=st.sampled_from([0.0, 0.1, 0.4]))
    def sync_while_notion_is_busy(self, machine: int, command: str, seed: int, probability: float) -> None:
        """Sync at Notion's pace while it asks to wait; no window holds too many requests, and every wait is waited."""
        clock = PacedClock(self.services.notion)
        self.services.notion.faults.at_random(probability, seed, BUSY)
        self.disturbed(machine, command, pace=clock)
        clock.check()

    @rule(machine=MACHINE, command=COMMAND, at=st.integers(0, 6), after=st.booleans())
    def kill_sync(self, machine: int, command: str, at: int, after: bool) -> None:
        """Kill a sync at one of its writing requests."""
        self.disturbed(machine, command, kill=Kill(at, after))

    @rule(which=WHICH)
    def sync_one_milestone(self, which: int) -> None:
        """Sync one milestone; nothing else is written."""
        milestone = self.milestone(which)
        if milestone is None:
            return
        others = [one for one in self.observer.milestones().values() if one.key != milestone.key]
        titles = {canonical(one.title, one.repo) for one in others}
        # A milestone is also known by what its row is called.
        others_pages = {known.page_id for key, known in self.rows.items() if key != milestone.key}
        rows = [
            row
            for row in self.observer.rows()
            if row.values[KEY] not in (None, milestone.key) or row.page_id in others_pages
        ]
        titles |= {row.value(TITLE, repo) for row in rows for repo in REPOS}
        if canonical(milestone.title, milestone.repo) in titles:
            return
        own = {row.page_id for row in self.observer.rows() if row.values[KEY] == milestone.key}
        before = self.everything_but(milestone.key)
        result = self.services.sync(milestone=milestone.title, ROADMAP_NOW=self.services.notion.clock.isoformat())
        assert result.failed == []
        after = self.everything_but(milestone.key)
        # A row of a person's may have become the milestone's, and of two of its rows one goes to the trash without key.
        before[0] = {page_id: values for page_id, values in before[0].items() if page_id in after[0]}
        after[0] = {page_id: values for page_id, values in after[0].items() if page_id not in own}
        assert after == before

    def everything_but(self, key: str) -> list[Any]:
        """Return all rows and milestones but one, with their tracking issues, as they are."""
        rows = {row.page_id: self.observer.raw(row.page_id) for row in self.observer.rows() if row.values[KEY] != key}
        milestones = {other: one for other, one in self.observer.milestones().items() if other != key}
        bodies = {other: self.observer.issue(one)["body"] for other, one in milestones.items() if one.issue}
        return [rows, milestones, bodies]

    # -- machines and time

    @precondition(lambda self: len(self.machines) == 1 and self.may_forget)
    @rule()
    def second_machine(self) -> None:
        """Let another machine sync, too."""
        self.add_machine()

    @precondition(lambda self: self.may_forget)
    @rule(machine=MACHINE)
    def warehouse_lost(self, machine: int) -> None:
        """Lose what a machine remembers."""
        self.lose_warehouse(machine)

    @rule(which=WHICH, progress=st.sampled_from([0.0, 0.2, 0.7]))
    def compute(self, which: int, progress: float) -> None:
        """Let a build compute other figures."""
        milestone = self.milestone(which)
        if milestone is not None:
            place = [milestone.repo, milestone.number]
            there = "select 1 from publish.notion_roadmap where repo = ? and number = ?"
            if self.services.sql(there, place):
                self.progress[milestone.key] = progress
                statement = "update publish.notion_roadmap set progress = ?, notes = ? where repo = ? and number = ?"
                self.everywhere(statement, [progress, f"Advice {progress}", *place])

    @rule(seconds=st.sampled_from([1, 20, 45, 90]))
    def time_passes(self, seconds: int) -> None:
        """Let time pass, mostly within a minute."""
        self.services.notion.advance(timedelta(seconds=seconds))
        self.services.github.advance(timedelta(seconds=seconds))

    @precondition(lambda self: self.may_add("unlisted"))
    @rule()
    def lists_lag(self) -> None:
        """Let Notion's lists lag behind from now on, or no more."""
        self.services.notion.query_lag = timedelta(seconds=0 if self.services.notion.query_lag else 8)

    @rule(on=st.booleans())
    def titles_are_normalised(self, on: bool) -> None:
        """Let Notion keep titles trimmed, composed and without control characters from now on, or as they are sent."""
        self.services.notion.normalises_titles = on


@pytest.fixture(scope="module", autouse=True)
def no_waiting_and_small_pages() -> Iterator[None]:
    """Skip the waits between attempts, which are tested elsewhere, and read lists in pages of three.

    So every list has several pages, between which people edit, answers fail and runs are killed.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(interruption, "sleep", lambda _seconds: None)
        patch.setattr(notion_client, "PAGE_SIZE", 3)
        patch.setattr(github_client, "PER_PAGE", 3)
        yield


def run_machine(
    new_services: NewServices,
    start: Start,
    folders: pytest.TempPathFactory,
    *,
    seed_number: int | None = None,
    **how: Any,
) -> None:
    """Run examples of the state machine; with ``seed_number`` those that follow from it."""

    def make() -> TwoWaySync:
        return TwoWaySync(new_services, start.folder, folders.mktemp("machine"))

    run_state_machine_as_test(
        make if seed_number is None else seed(seed_number)(make),  # type: ignore[arg-type]
        settings=settings(deadline=None, suppress_health_check=list(HealthCheck), database=None, **how),
    )


@pytest.mark.slow
def test_no_edit_is_lost(new_services: NewServices, start: Start, tmp_path_factory: pytest.TempPathFactory) -> None:
    run_machine(new_services, start, tmp_path_factory, max_examples=11, stateful_step_count=12, derandomize=True)
