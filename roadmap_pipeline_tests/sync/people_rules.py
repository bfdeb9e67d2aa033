"""People's edits on both sides, as rules of the state machine: each of a shared field goes into the ledger.

Belongs here: acts of people. When machines sync, and what fails meanwhile, is in ``test_state_machine``.
"""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from roadmap_pipeline_tests.sync.conftest import ANA
from roadmap_pipeline_tests.sync.edit_ledger import Side
from roadmap_pipeline_tests.sync.observed import (
    DATE,
    NOTES,
    SHARED,
    STATE,
    STATUS,
    STATUS_LABELS,
    TITLE,
    MilestoneView,
    RowView,
)
from roadmap_pipeline_tests.sync.sync_machine import SyncingMachine

WHICH = st.integers(0, 9)
"""A milestone, counted from 0 and round about."""
DAYS = st.sampled_from(["2026-12-01", "2026-12-24", "2027-01-31", "2027-02-28"])
ODD_TITLES = st.sampled_from(
    [
        "  blanks  inside ",
        "tab\there",
        "Cafe\u0301",
        "Caf\u00e9",
        "\u05e6\u05d5\u05d5\u05ea \U0001f469\u200d\U0001f467",
        "a\u202eb",
        "<b>@ana</b> `x` #1",
        "*",
        "x" * 300,
    ]
)


class PeopleEdit(SyncingMachine):
    """People who edit titles, dates, states and notes on both sides."""

    # -- looking

    def milestone(self, which: int) -> MilestoneView | None:
        """Return one of the milestones that there are."""
        milestones = list(self.observer.milestones().values())
        return milestones[which % len(milestones)] if milestones else None

    def milestone_and_row(self, which: int) -> tuple[MilestoneView, RowView] | None:
        """Return one of the milestones whose row people see."""
        pairs = []
        for milestone in self.observer.milestones().values():
            known = self.rows.get(milestone.key)
            row = self.observer.row(known.page_id) if known else None
            if row is not None and row.is_there:
                pairs.append((milestone, row))
        return pairs[which % len(pairs)] if pairs else None

    # -- people in Notion

    def set_in_notion(self, milestone: MilestoneView, row: RowView, name: str, value: Any) -> None:
        """Change a shared field of a row, and note it."""
        before = row.value(name, milestone.repo)
        self.services.notion.set_property(row.page_id, self.observer.column(name), value)
        changed = self.observer.row(row.page_id)
        assert changed is not None
        after = changed.value(name, milestone.repo)
        self.ledger.note(milestone.key, name, "notion", before, after, milestone.shown(name))

    @rule(which=WHICH, odd=st.none() | ODD_TITLES)
    def retitle_row(self, which: int, odd: str | None) -> None:
        """Give a row another title."""
        if pair := self.milestone_and_row(which):
            self.set_in_notion(*pair, TITLE, odd or f"Row {next(self.numbers)}")

    @rule(which=WHICH, of=WHICH, suffix=st.booleans())
    def retitle_row_as_another_or_with_suffix(self, which: int, of: int, suffix: bool) -> None:
        """Give a row the title of another milestone, or its own with the repository behind it."""
        pair, other = self.milestone_and_row(which), self.milestone(of)
        if pair and other:
            self.set_in_notion(*pair, TITLE, f"{pair[0].title} · {pair[0].repo}" if suffix else other.title)

    @rule(which=WHICH)
    def empty_title_of_row(self, which: int) -> None:
        """Take a row's title away."""
        if pair := self.milestone_and_row(which):
            self.set_in_notion(*pair, TITLE, None)

    @rule(which=WHICH, day=st.none() | DAYS, start=st.none() | st.just("2026-11-20"))
    def change_date_of_row(self, which: int, day: str | None, start: str | None) -> None:
        """Give a row another date, a range, or none."""
        if pair := self.milestone_and_row(which):
            value = {"date": {"start": start, "end": day}} if day and start else day
            self.set_in_notion(*pair, DATE, value)

    @rule(which=WHICH, status=st.sampled_from([None, "Planned", "In Progress", "Blocked", "Completed", "On hold"]))
    def change_status_of_row(self, which: int, status: str | None) -> None:
        """Give a row another status, one of people's own, or none."""
        if pair := self.milestone_and_row(which):
            self.set_in_notion(*pair, STATUS, status and self.observer.option(STATUS, status))

    @rule(which=WHICH, text=st.sampled_from([None, "Ask Ana first.\r\n\t e\u0301 \u200b ", "x"]))
    def write_notes(self, which: int, text: str | None) -> None:
        """Write notes, or take them away."""
        if (pair := self.milestone_and_row(which)) and pair[1].values[NOTES] != text:
            _, row = pair
            self.services.notion.set_property(row.page_id, self.observer.column(NOTES), text)
            changed = self.observer.row(row.page_id)
            assert changed is not None
            self.rows[pair[0].key].notes.append(changed.values[NOTES])

    @rule(which=WHICH, side=st.sampled_from(["notion", "github"]))
    def choose_by_state(self, which: int, side: Side) -> None:
        """Choose a side for a row in conflict by its state."""
        pair = self.milestone_and_row(which)
        if pair and pair[1].values[STATE] == "Conflict":
            milestone, row = pair
            value = "Changed here" if side == "notion" else "Changed on GitHub"
            state = self.observer.option(STATE, value)
            self.services.notion.set_property(row.page_id, self.observer.column(STATE), state)
            self.note_choice(milestone, row, side, SHARED)

    def note_choice(self, milestone: MilestoneView, row: RowView, side: Side, names: Sequence[str]) -> None:
        """Note that a person chose a side for those of the fields of which they were told that they are in conflict.

        They chose between the values that they were told: what the other side became since is nobody's choice.
        """
        for services in self.machines:
            told = services.sql(
                "select field, github_value, notion_value from sync.conflicts where sync_key = ?", [milestone.key]
            )
            for name, *values in told:
                told_github, told_notion = map(json.loads, values)
                shown, theirs = milestone.shown(name), row.value(name, milestone.repo)
                is_as_told = theirs == told_notion if side == "github" else shown == told_github
                if name in names and shown != theirs and is_as_told:
                    value = milestone.value(name) if side == "github" else theirs
                    self.ledger.choose(milestone.key, name, side, value)

    # -- people on GitHub

    def edit_on_github(self, milestone: MilestoneView, method: str, path: str, body: Any) -> bool:
        """Send a request as Ana and note what it changed of the shared fields; return whether GitHub took it."""
        known = self.rows.get(milestone.key)
        row = self.observer.row(known.page_id) if known else None
        self.services.github.advance(timedelta(seconds=1))  # nobody edits in the second of a write
        status, _ = self.services.github.request(method, path, body, user=ANA)
        after = self.observer.milestones().get(milestone.key)
        for name in SHARED if after is not None else ():
            theirs = row.value(name, milestone.repo) if row is not None else None
            opposite = milestone.value(name) if theirs == milestone.shown(name) else theirs
            assert after is not None
            self.ledger.note(milestone.key, name, "github", milestone.value(name), after.value(name), opposite)
        return status < 300

    def patch(self, milestone: MilestoneView, **values: Any) -> bool:
        """Change a milestone as Ana."""
        path = f"/repos/{milestone.repo}/milestones/{milestone.number}"
        return self.edit_on_github(milestone, "PATCH", path, values)

    @rule(which=WHICH, odd=st.none() | ODD_TITLES)
    def retitle_milestone(self, which: int, odd: str | None) -> None:
        """Give a milestone another title."""
        if milestone := self.milestone(which):
            self.patch(milestone, title=(odd or f"Milestone {next(self.numbers)}"))

    @rule(which=WHICH, of=WHICH)
    def retitle_milestone_as_another(self, which: int, of: int) -> None:
        """Give a milestone the title of another one; in the same repository GitHub refuses it."""
        milestone, other = self.milestone(which), self.milestone(of)
        if milestone and other:
            self.patch(milestone, title=other.title)

    @rule(which=WHICH, day=st.none() | DAYS)
    def change_due_date(self, which: int, day: str | None) -> None:
        """Give a milestone another due date, or none."""
        if milestone := self.milestone(which):
            self.patch(milestone, due_on=day and f"{day}T12:00:00Z")

    @rule(which=WHICH)
    def close_or_reopen(self, which: int) -> None:
        """Close a milestone, or open it again."""
        if milestone := self.milestone(which):
            self.patch(milestone, state="open" if milestone.is_closed else "closed")

    @rule(which=WHICH, label=st.none() | st.sampled_from(sorted(STATUS_LABELS)), urgent=st.booleans())
    def label_issue(self, which: int, label: str | None, urgent: bool) -> None:
        """Set the labels of a tracking issue."""
        milestone = self.milestone(which)
        if milestone is None or milestone.issue is None:
            return
        others = {*milestone.other_labels, *(["urgent"] if urgent else [])}
        path = f"/repos/{milestone.repo}/issues/{milestone.issue}"
        self.edit_on_github(milestone, "PATCH", path, {"labels": ["tracking", *sorted(others), *filter(None, [label])]})
        self.issue_labels[milestone.repo, milestone.issue] = others
