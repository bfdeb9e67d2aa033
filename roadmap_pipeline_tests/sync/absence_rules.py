"""Rows and databases that go out of sight and come back, as rules of the state machine.

Belongs here: what is away for a while: moved, no longer shared, of another type. What goes for good is in
``structure_rules``.
"""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from roadmap_pipeline.errors import RoadmapError
from roadmap_pipeline.notion.schema import SchemaError
from roadmap_pipeline_tests.sync.conftest import PARENT, REPORTS, ROADMAP
from roadmap_pipeline_tests.sync.observed import DATE, KEY, NOTES, SHARED, STATUS
from roadmap_pipeline_tests.sync.people_rules import DAYS, WHICH
from roadmap_pipeline_tests.sync.structure_rules import PeopleReorganise

OWN_STATUS = "On hold"


class PeopleHide(PeopleReorganise):
    """People who take rows, columns and databases out of sight and bring them back."""

    # -- rows

    @precondition(lambda self: not self.is_memory_lost)
    @rule(which=WHICH)
    def move_row_away_for_a_while(self, which: int) -> None:
        """Move a row out of the database, from which it may come back with no more than its title."""
        if pair := self.milestone_and_row(which):
            milestone, row = pair
            self.services.notion.move(row.page_id, PARENT)
            self.row_is_gone(milestone, row)
            self.moved_away[row.page_id] = milestone.key

    @precondition(lambda self: not self.is_memory_lost)
    @rule(which=WHICH)
    def move_row_back(self, which: int) -> None:
        """Move a row back that was moved away: Notion keeps its title alone."""
        if not self.moved_away:
            return
        page_id = sorted(self.moved_away)[which % len(self.moved_away)]
        key = self.moved_away.pop(page_id)
        self.services.notion.move(page_id, self.observer.database_id)
        self.were_keys_deleted = True
        self.is_back_without_values(page_id, key)

    def is_back_without_values(self, page_id: str, key: str) -> None:
        """Note what a row that came back is: the milestone's still, or nobody's where that has another one by now."""
        if not self.is_still_the_row(page_id, key):
            self.peoples_pages[page_id] = self.observer.raw(page_id)
            return
        milestone, known = self.observer.milestones().get(key), self.rows[key]
        if milestone is not None:
            known.notes.clear()
            # What is empty because the row was away is nobody's edit.
            for name in (DATE, STATUS):
                self.ledger.must_stay(key, name, milestone.value(name))
        elif key in self.deleted:
            self.deleted[key].clear()

    def is_still_the_row(self, page_id: str, key: str) -> bool:
        """Return whether a row that came back without its key is the milestone's; else it is nobody's."""
        self.stand_in(key)  # made by a sync after which nothing looked
        known = self.rows.get(key)
        return known is not None and known.page_id == page_id

    @precondition(lambda self: self.may_add("copies"))
    @rule(which=WHICH)
    def unshare_row(self, which: int) -> None:
        """Take a row away from the integration: to that it looks deleted."""
        if pair := self.milestone_and_row(which):
            milestone, row = pair
            self.are_rows_copied = True
            self.services.notion.unshare(row.page_id)
            self.row_is_gone(milestone, row)
            self.unshared[row.page_id] = milestone.key

    @rule(which=WHICH)
    def share_row_again(self, which: int) -> None:
        """Share a row again, with all that is in it; by now the milestone may have another one."""
        if self.unshared:
            page_id = sorted(self.unshared)[which % len(self.unshared)]
            key = self.unshared.pop(page_id)
            self.services.notion.share(page_id)
            self.came_back.add(key)
            row = self.observer.row(page_id)
            if row is not None and row.values[KEY] is None:
                # The column of keys was made anew meanwhile. A milestone that is called like it may take such a row, of
                # which the row itself says that nobody edited it: so it isn't noted as people's.
                self.is_still_the_row(page_id, key)
            # It may hold an edit that was never carried on, and what was agreed on since then it doesn't know.
            self.ledger.forget_bases(key)

    # -- databases and columns

    @rule(which=WHICH, name=st.sampled_from([ROADMAP, REPORTS]), day=DAYS)
    def unshare_database_and_share_it_again(self, which: int, name: str, day: str) -> None:
        """Take a database away from the integration, edit both sides, and share it again: nothing is written before."""
        if not self.machines[0].sql("from sync.databases"):
            return  # who doesn't remember a database can't miss it
        database = self.observer.database_id if name == ROADMAP else self.reports_id
        self.services.notion.unshare(database)
        self.services.writes()
        if milestone := self.milestone(which):
            self.patch(milestone, due_on=f"{day}T12:00:00Z")
        self.services.writes()
        for command in ("two_way", "sync") if name == ROADMAP else ("sync",):
            with pytest.raises(RoadmapError):
                self.run(0, command)
        assert self.services.writes() == []
        self.services.notion.share(database)

    @rule(name=st.sampled_from([DATE, NOTES]))
    def retype_column_and_back(self, name: str) -> None:
        """Give a column another type, which empties it, and its own again: nothing is written in between."""
        column = self.observer.column(name)
        kind = {DATE: "date", NOTES: "rich_text"}[name]
        rows = sorted(self.observer.rows(), key=lambda row: row.is_there)
        held = {row.values[KEY]: row.values.get(name) for row in rows}
        self.services.notion.retype_property(self.observer.database_id, column, "number")
        self.services.writes()
        for command in ("two_way", "sync"):
            with pytest.raises(SchemaError):
                self.run(0, command)
        assert self.services.writes() == []
        self.services.notion.retype_property(self.observer.database_id, column, kind)
        self.column_lost_its_values(name)
        for key, milestone in self.observer.milestones().items() if name in SHARED else ():
            if len(self.machines) == 1:
                self.ledger.must_stay(key, name, milestone.value(name))
            else:
                # To a machine that remembers what was there and did not see the other type, people emptied it.
                self.ledger.note(key, name, "notion", held.get(key), None, milestone.shown(name))

    @rule()
    def delete_own_status(self) -> None:
        """Delete a status of people's own; the rows that had it have none."""
        columns = self.observer.column(STATUS)
        if OWN_STATUS not in self.observer.options(STATUS):
            return
        pairs = [pair for number in range(10) if (pair := self.milestone_and_row(number))]
        held = {row.page_id: (one, row) for one, row in pairs if row.values[STATUS] == OWN_STATUS}
        self.services.notion.delete_option(self.observer.database_id, columns, OWN_STATUS)
        for milestone, _ in held.values():
            self.ledger.note(milestone.key, STATUS, "notion", OWN_STATUS, None, milestone.shown(STATUS))
        for values in self.deleted.values():
            if values.get(STATUS) == OWN_STATUS:
                values[STATUS] = None
