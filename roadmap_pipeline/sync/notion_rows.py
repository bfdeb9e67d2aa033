"""From desired rows to changes of a Notion database, and carrying such a change out.

Planning is a pure function of desired rows, observed rows and bases. Applying re-reads the page just before it writes
(Notion has no compare-and-set), writes only what differs, and advances the base to what Notion answered.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from roadmap_pipeline.errors import RoadmapError
from roadmap_pipeline.notion.client import NotionClient
from roadmap_pipeline.notion.rows import Row, create_row, read_row, replace_body, restore_row, same, update_row
from roadmap_pipeline.notion.schema import Database
from roadmap_pipeline.sync.desired import LATEST_CI_HEALTH, DesiredRow
from roadmap_pipeline.sync.journal import NO_PAGE, Base, RowValues
from roadmap_pipeline.sync.merge import NO_BASE, Owner, merge_field
from roadmap_pipeline.sync.plan import Change, Conflict, FieldChange, Kind, Plan


@dataclass(frozen=True, slots=True)
class _Write:
    """The data that applying a change of a row needs."""

    row: DesiredRow
    page_id: str | None
    values: Mapping[str, Any]
    observed: Mapping[str, Any] = field(default_factory=dict)
    body: str | None = None
    restore: bool = False


@dataclass(frozen=True, slots=True)
class RowsPlan:
    """A plan, and the bases that may advance without a write because both sides already agree."""

    plan: Plan
    agreed: Sequence[RowValues]


def plan_rows(
    place: str,
    desired: Sequence[DesiredRow],
    observed: Sequence[Row],
    bases: Mapping[str, Base],
    *,
    current: Collection[str] = (),
    title_property: str,
    owners: Mapping[str, Owner],
) -> RowsPlan:
    """Return the changes by which the database ``place`` comes to say what ``desired`` does.

    What to create, update and take out of the trash. A row is found by the page its base names, else by its title.
    Values of :data:`LATEST_CI_HEALTH` are names of reports on both sides. Rows that stand for nothing desired are
    left alone: people may add their own. ``current`` are the sync keys that stand for something, desired here or
    not: the row of a key that no longer does (its repository was renamed) goes with all that was agreed on to the
    key of its title.
    """
    by_page = {row.page_id: row for row in observed}
    by_title: dict[str, list[Row]] = defaultdict(list)
    for listed in observed:
        by_title[_comparable(listed.values.get(title_property))].append(listed)
    kept = {*current, *(wanted.sync_key for wanted in desired)}
    assigned = {base.page_id for key, base in bases.items() if key in kept}
    orphans = {base.page_id: base for key, base in bases.items() if key not in kept}
    rows = _RowsPlanner(place, owners)
    for wanted in desired:
        base = bases.get(wanted.sync_key)
        row = by_page.get(base.page_id) if base else None
        inherited: dict[str, Any] = {}
        if base is None or row is None:
            candidates = [other for other in by_title[_comparable(wanted.title)] if other.page_id not in assigned]
            if len(candidates) > 1:
                count = f"{len(candidates)} rows"
                rows.conflicts.append(Conflict(place, wanted.title, title_property, "one row", count))
                continue
            if not candidates:
                rows.changes.append(_creation(place, wanted))
                continue
            row = candidates[0]
            # What was agreed on holds for the page it was agreed on for; what may have been created is looked for here.
            orphan = orphans.get(row.page_id, Base(row.page_id))
            base = Base(row.page_id, orphan.fields, base.pending if base else orphan.pending)
            inherited = base.fields
        rows.add(wanted, row, base, inherited)
    return RowsPlan(Plan(tuple(rows.changes), tuple(rows.conflicts), tuple(rows.notes)), rows.agreed)


@dataclass(slots=True)
class _RowsPlanner:
    """The plan of one database's rows as it grows, row by row."""

    place: str
    owners: Mapping[str, Owner]
    changes: list[Change] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    agreed: list[RowValues] = field(default_factory=list)

    def add(self, wanted: DesiredRow, row: Row, base: Base, inherited: Mapping[str, Any]) -> None:
        """Plan what makes a row that is there say what it should.

        Args:
            base: What both sides last agreed on for the row.
            inherited: Those of its fields that were agreed on under another key.
        """
        agreed = dict(inherited)
        fields = self._fields(wanted, row, base, agreed)
        if agreed or base.pending:
            self.agreed.append(RowValues(wanted.sync_key, row.page_id, agreed))
        if row.in_trash:
            self.notes.append(f"{wanted.title}: its row was deleted in Notion; it is taken out of the trash")
        if fields or row.in_trash:
            values = {change.field: change.after for change in fields}
            body = wanted.body if any(change.after == wanted.body for change in fields) else None
            observed_values = {change.field: change.before for change in fields}
            write = _Write(wanted, row.page_id, values, observed_values, body, row.in_trash)
            kind: Kind = "restore_row" if row.in_trash else "update_row"
            self.changes.append(Change("notion", kind, self.place, wanted.title, tuple(fields), write))

    def _fields(self, wanted: DesiredRow, row: Row, base: Base, agreed: dict[str, Any]) -> list[FieldChange]:
        """Return the fields to write; note conflicts and edits that stay, and in ``agreed`` what both sides hold."""
        fields: list[FieldChange] = []
        for name, ours in wanted.values.items():
            theirs = row.values.get(name)
            if same(ours, theirs):
                # Notion may return another spelling (composition, line ends) of what was written.
                theirs = ours
            before = base.fields.get(name, NO_BASE)
            if name in base.pending and base.pending[name] == theirs != before:
                # Our own write, which arrived although its run didn't live to read it back.
                before = agreed[name] = theirs
            decision = merge_field(self.owners.get(name, "pipeline"), before, ours, theirs)
            if decision.agreed and before != ours:
                agreed[name] = ours
            if decision.outcome == "write":
                fields.append(FieldChange(name, theirs, ours))
            elif decision.outcome == "conflict":
                self.conflicts.append(Conflict(self.place, wanted.title, name, ours, theirs))
            elif decision.outcome == "theirs" and self.owners.get(name) == "shared":
                self.notes.append(
                    f"{wanted.title}: {name} was set to {theirs!r} in Notion and stays (GitHub has {ours!r})"
                )
        return fields


def _comparable(title: Any) -> str:
    """Return a title as rows are found by it; empty for rows without one."""
    return unicodedata.normalize("NFC", title or "")


def _creation(place: str, wanted: DesiredRow) -> Change:
    values = {name: value for name, value in wanted.values.items() if value is not None}
    fields = tuple(FieldChange(name, None, value) for name, value in values.items())
    return Change("notion", "create_row", place, wanted.title, fields, _Write(wanted, None, values, body=wanted.body))


def announced(change: Change) -> RowValues:
    """Return what a row will hold once ``change`` is carried out, as far as it is about it."""
    write: _Write = change.detail
    if write.page_id is None:
        # An empty field is agreed on too: what people fill in later is their edit.
        return RowValues(write.row.sync_key, NO_PAGE, dict.fromkeys(write.row.values) | dict(write.values))
    return RowValues(write.row.sync_key, write.page_id, write.values)


class ChangedMeanwhile(RoadmapError):
    """Somebody edited a row between planning and writing: nothing was written to it; run again."""


@dataclass(slots=True)
class RowWriter:
    """Carries out changes of rows of one database. ``report_pages`` (name to page id) grows as reports are created."""

    client: NotionClient
    database: Database
    report_pages: dict[str, str]

    def apply(self, change: Change) -> RowValues:
        """Write one row, and give what it then holds.

        Raises:
            ChangedMeanwhile: Somebody edited the row since the plan was made.
            NotionError: Notion refused the request or can't be reached.
        """
        write: _Write = change.detail
        if write.page_id is None:
            row = create_row(self.client, self.database, self._encoded(write.values), write.body)
        else:
            self._look_again(write, write.page_id)
            row = self._update(write, write.page_id)
        if LATEST_CI_HEALTH not in self.database.property_ids:
            self.report_pages[write.row.title] = row.page_id
        confirmed = {name: self._plain(name, row.values.get(name)) for name in announced(change).values}
        return RowValues(write.row.sync_key, row.page_id, confirmed)

    def _look_again(self, write: _Write, page_id: str) -> None:
        """Raise :class:`ChangedMeanwhile` when the row is no longer what the plan was made for."""
        current = read_row(self.client, self.database, page_id)
        if current is None or (current.in_trash and not write.restore):
            raise ChangedMeanwhile(f"{write.row.title}: its row was deleted in Notion meanwhile; run again")
        for name, before in write.observed.items():
            if self._plain(name, current.values.get(name)) != before:
                raise ChangedMeanwhile(
                    f"{write.row.title}: {name} was changed in Notion while the plan was carried out; run again"
                )

    def _update(self, write: _Write, page_id: str) -> Row:
        if write.restore:
            restore_row(self.client, page_id)
        if write.body is not None:
            # The body goes first: if the run is killed in between, the property still differs and the next run repeats.
            replace_body(self.client, page_id, write.body)
        return update_row(self.client, self.database, page_id, self._encoded(write.values))

    def _encoded(self, values: Mapping[str, Any]) -> dict[str, Any]:
        encoded = dict(values)
        if name := encoded.pop(LATEST_CI_HEALTH, None):
            # A report whose row could not be created is linked by a later run.
            encoded |= {LATEST_CI_HEALTH: [self.report_pages[name]]} if name in self.report_pages else {}
        return encoded

    def _plain(self, name: str, value: Any) -> Any:
        return plain_relation(value, self.report_pages) if name == LATEST_CI_HEALTH else value


def with_report_names(row: Row, report_pages: Mapping[str, str]) -> Row:
    """Return ``row`` with the names of reports in place of their page ids, as desired rows have it."""
    if LATEST_CI_HEALTH not in row.values:
        return row
    pages = row.values[LATEST_CI_HEALTH]
    names = plain_relation(pages if isinstance(pages, list) else None, report_pages)
    return replace(row, values={**row.values, LATEST_CI_HEALTH: names})


def plain_relation(page_ids: Sequence[str] | None, report_pages: Mapping[str, str]) -> str | None:
    """Return a relation to the reports as the report's name; several, or unknown ones, as their ids joined."""
    if not page_ids:
        return None
    names = {page_id: name for name, page_id in report_pages.items()}
    return ", ".join(names.get(page_id, page_id) for page_id in page_ids)
