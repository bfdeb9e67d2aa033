"""Deeds of people on rows, columns, milestones and tracking issues as a whole, as rules of the state machine.

Belongs here: acts that make, take away, copy, move and rename. Edits of values are in ``people_rules``.
"""

from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from roadmap_pipeline import pipeline
from roadmap_pipeline.notion.schema import SchemaError
from roadmap_pipeline_tests.sync.conftest import ANA, PARENT
from roadmap_pipeline_tests.sync.observed import (
    DATE,
    KEY,
    NOTES,
    PROGRESS,
    REPOS,
    SHARED,
    STATE,
    STATUS,
    TITLE,
    MilestoneView,
    RowView,
)
from roadmap_pipeline_tests.sync.people_rules import DAYS, WHICH, PeopleEdit

REPO = st.sampled_from(REPOS)
TEAM = "Team"


class PeopleReorganise(PeopleEdit):
    """People who make and take away rows, columns, milestones and issues."""

    # -- rows

    @precondition(lambda self: self.may_add("unlisted"))
    @rule(which=WHICH)
    def trash_row(self, which: int) -> None:
        """Put a row in the trash."""
        if pair := self.milestone_and_row(which):
            self.services.notion.trash(pair[1].page_id)
            if self.stand_in(pair[0].key):
                self.row_is_gone(*pair)  # one that was shared again takes its place
                self.thrown_away.add(pair[1].page_id)
            else:
                self.rows[pair[0].key].in_trash = True

    @rule(which=WHICH, by_command=st.booleans())
    def restore_row(self, which: int, by_command: bool) -> None:
        """Take a row out of the trash, in Notion or by command."""
        milestones = self.observer.milestones()
        trashed = [key for key, known in self.rows.items() if known.in_trash and key in milestones]
        if not trashed:
            return
        key = trashed[which % len(trashed)]
        row = self.observer.row(self.rows[key].page_id)
        if row is None:
            return
        title = milestones[key].title
        self.thrown_away.discard(row.page_id)
        if not by_command:
            self.services.notion.restore(row.page_id)
            self.rows[key].in_trash = False
        elif [one.title for one in milestones.values()].count(title) == 1:
            self.services.writes()
            result = self.run(0, "sync", restore=title)
            if not result.plan.mass_changes:
                self.rows[key].in_trash = False
            self.check_result(result)

    @rule(which=WHICH)
    def delete_row_for_good(self, which: int) -> None:
        """Delete a row from the trash."""
        if pair := self.milestone_and_row(which):
            self.services.notion.delete(pair[1].page_id)
            self.row_is_gone(*pair)

    @rule(which=WHICH)
    def move_row_away(self, which: int) -> None:
        """Move a row out of the database."""
        if pair := self.milestone_and_row(which):
            self.services.notion.move(pair[1].page_id, PARENT)
            self.row_is_gone(*pair)

    def row_is_gone(self, milestone: MilestoneView, row: RowView) -> None:
        """Forget what people had written into a row that they took away."""
        self.ledger.forget(milestone.key, "notion")
        self.own_values.pop(row.page_id, None)
        self.bodies.pop(row.page_id, None)

    @precondition(lambda self: self.may_add("copies"))
    @rule(which=WHICH)
    def copy_row(self, which: int) -> None:
        """Copy a row, with its key."""
        if pair := self.milestone_and_row(which):
            self.are_rows_copied = True
            copy = self.services.notion.duplicate(pair[1].page_id)
            self.peoples_pages[copy] = self.observer.raw(copy)

    @rule(day=st.none() | DAYS)
    def add_own_row(self, day: str | None) -> None:
        """Add a row that stands for no milestone."""
        values = {self.observer.column(TITLE): f"Own {next(self.numbers)}", self.observer.column(DATE): day}
        page = self.services.notion.add_row(self.observer.database_id, values, "Why")
        self.peoples_pages[page] = self.observer.raw(page)

    @rule(which=WHICH)
    def write_on_page(self, which: int) -> None:
        """Write into a row's page."""
        if pair := self.milestone_and_row(which):
            self.services.notion.write_body(pair[1].page_id, f"What Mina wrote, {next(self.numbers)}")
            self.bodies[pair[1].page_id] = self.observer.body(pair[1].page_id)

    # -- columns, options, views, the database

    @rule(which=WHICH)
    def fill_own_column(self, which: int) -> None:
        """Write into a column of people's own, which is added first."""
        if self.team is None:
            self.services.notion.add_property(self.observer.database_id, TEAM, "rich_text")
            self.team = self.observer.id_of(TEAM)
        if pair := self.milestone_and_row(which):
            self.services.notion.set_property(pair[1].page_id, TEAM, f" Cards \t{next(self.numbers)}")
            self.own_values[pair[1].page_id] = self.observer.raw(pair[1].page_id)[self.team]

    @rule(name=st.sampled_from([TITLE, DATE, STATUS, STATE, KEY, NOTES, PROGRESS]))
    def rename_column(self, name: str) -> None:
        """Give a column another name."""
        new = f"Column {next(self.numbers)}"
        self.services.notion.rename_property(self.observer.database_id, self.observer.column(name), new)

    @precondition(lambda self: not self.is_memory_lost)
    @rule(option=st.sampled_from(["In Progress", "Blocked", "Completed"]))
    def rename_option(self, option: str) -> None:
        """Give an option another name."""
        present, new = self.observer.option(STATUS, option), f"Option {next(self.numbers)}"
        column = self.observer.column(STATUS)
        self.services.notion.rename_option(self.observer.database_id, column, present, new)
        self.are_options_renamed = True

    @rule(what=st.sampled_from(["database", "view"]))
    def rename_database_or_view(self, what: str) -> None:
        """Give the database or one of its views another name."""
        name = f"Name {next(self.numbers)}"
        if what == "database":
            self.services.notion.rename(self.observer.database_id, name)
        else:
            view = next(one.id for one in self.services.notion.store.views.values() if self.observer.is_view(one))
            self.services.notion.rename_view(view, name)

    @rule(name=st.sampled_from([DATE, STATUS, STATE, KEY, NOTES, PROGRESS]))
    def delete_column_and_mend(self, name: str) -> None:
        """Delete a column: nothing is written until ``setup-notion`` has made it anew."""
        if name == KEY:
            if self.is_memory_lost:
                return  # without keys and memory a row is known by its title alone
            self.were_keys_deleted = True
            for key in {*self.unshared.values(), *self.moved_away.values()}:
                self.stand_in(key)  # which row that is can't be seen any more without keys
        self.services.notion.delete_property(self.observer.database_id, self.observer.column(name))
        self.services.writes()
        for command in ("two_way", "sync"):
            with pytest.raises(SchemaError):
                self.run(0, command)
        assert self.services.writes() == []
        with self.services.runtime() as runtime:
            assert pipeline.setup_notion(runtime).failed == []
        self.observer.column_was_made_anew(name)
        self.column_lost_its_values(name)

    def column_lost_its_values(self, name: str) -> None:
        """Note that no row has a value of a column any more, also none that is to become a milestone's."""
        for key in {*self.rows, *self.adopting}:
            if name in SHARED:
                self.ledger.forget(key, "notion", (name,))
        for known in self.rows.values():
            if name == NOTES:
                known.notes.clear()
                known.is_filled_again = True
        for values in self.deleted.values():
            values.pop(name, None)

    # -- milestones

    def new_milestone(self, repo: str, title: str, day: str | None) -> None:
        """Make a milestone as Ana."""
        body = {"title": title, "due_on": day and f"{day}T12:00:00Z"}
        self.services.github.request("POST", f"/repos/{repo}/milestones", body, user=ANA)

    @rule(repo=REPO, day=st.none() | DAYS)
    def open_milestone(self, repo: str, day: str | None) -> None:
        """Make a milestone."""
        self.new_milestone(repo, f"Milestone {next(self.numbers)}", day)

    @rule(which=WHICH)
    def open_milestone_of_same_name(self, which: int) -> None:
        """Make a milestone that is called like one of the other repository."""
        if milestone := self.milestone(which):
            other = next(repo for repo in REPOS if repo != milestone.repo)
            self.new_milestone(other, milestone.title, None)

    @rule(repo=REPO)
    def open_milestone_for_own_row(self, repo: str) -> None:
        """Make a milestone that is called like a row which a person had made before."""
        rows = [self.observer.row(page_id) for page_id in self.peoples_pages]
        own = [row for row in rows if row is not None and row.is_there and row.values[KEY] is None]
        if not own or len({row.values[TITLE] for row in own}) < len(own):
            return
        row, before = own[0], set(self.observer.milestones())
        self.new_milestone(repo, row.values[TITLE], None)
        for key in set(self.observer.milestones()) - before:
            self.ledger.adopt(key, {name: row.values[name] for name in SHARED})
            self.adopting[key] = row.page_id

    @rule(which=WHICH)
    def delete_milestone(self, which: int) -> None:
        """Delete a milestone."""
        milestone = self.milestone(which)
        if milestone is None or len(self.observer.milestones()) < 3:
            return
        known = self.rows.get(milestone.key)
        row = self.observer.row(known.page_id) if known else None
        if (row is None or not row.is_inside) and self.stand_in(milestone.key):
            row = self.observer.row(self.rows[milestone.key].page_id)
        self.services.github.request("DELETE", f"/repos/{milestone.repo}/milestones/{milestone.number}", user=ANA)
        held = row.values if row is not None and row.is_inside else None
        self.deleted[milestone.key] = {name: held.get(name) for name in SHARED} if held is not None else {}

    # -- tracking issues

    @rule(which=WHICH)
    def write_around_section(self, which: int) -> None:
        """Write above and below our section of a tracking issue."""
        if (milestone := self.milestone(which)) and milestone.issue:
            number = next(self.numbers)
            above, below = f"Above {number}\r\n", f"\r\n  below {number} "
            body = above + self.observer.issue(milestone)["body"] + below
            self.edit_issue(milestone, body=body)
            before, after = self.issue_texts.get((milestone.repo, milestone.issue), ("", ""))
            self.issue_texts[milestone.repo, milestone.issue] = (above + before, after + below)

    @rule(which=WHICH)
    def close_issue(self, which: int) -> None:
        """Close a tracking issue."""
        if (milestone := self.milestone(which)) and milestone.issue:
            self.edit_issue(milestone, state="closed")

    def edit_issue(self, milestone: MilestoneView, **values: Any) -> None:
        """Edit a tracking issue as Ana."""
        path = f"/repos/{milestone.repo}/issues/{milestone.issue}"
        status, answer = self.services.github.request("PATCH", path, values, user=ANA)
        assert status == 200, answer

    @rule(which=WHICH, box=st.integers(0, 5))
    def tick_box(self, which: int, box: int) -> None:
        """Tick a box of a tracking issue."""
        pair = self.milestone_and_row(which)
        if pair is None or not pair[0].issue:
            return
        milestone, row = pair
        lines = self.observer.issue(milestone)["body"].split("\n")
        boxes = [number for number, line in enumerate(lines) if line.startswith("- [ ]")]
        if not boxes or any(line.startswith("- [x]") for line in lines):
            return
        at = boxes[box % len(boxes)]
        side, name = ("notion" if "take notion" in lines[at] else "github"), SHARED[int(lines[at].split()[-2])]
        lines[at] = lines[at].replace("- [ ]", "- [x]")
        self.edit_issue(milestone, body="\n".join(lines))
        self.note_choice(milestone, row, side, [name])  # type: ignore[arg-type]

    # -- many at once

    @rule(day=DAYS)
    def open_many_milestones(self, day: str) -> None:
        """Make so many milestones that a mass change of rows is one."""
        if len(self.observer.milestones()) < 8:
            for _ in range(3):
                self.open_milestone(REPOS[1], day)

    @rule(retitle=st.booleans())
    def change_all_rows(self, retitle: bool) -> None:
        """Retitle all rows, or take all their dates."""
        pairs: list[tuple[MilestoneView, RowView]] = []
        for milestone in self.observer.milestones().values():
            known = self.rows.get(milestone.key)
            row = self.observer.row(known.page_id) if known else None
            if row is not None and row.is_there:
                pairs.append((milestone, row))
        for milestone, row in pairs:
            self.set_in_notion(milestone, row, *((TITLE, f"All {next(self.numbers)}") if retitle else (DATE, None)))
