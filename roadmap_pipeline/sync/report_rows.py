"""The plan of *CI Intelligence Reports*: rows that the pipeline alone fills, one a report.

Belongs here: what is created and updated. A row that people put in the trash stays there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from roadmap_pipeline.notion.layout import CI_REPORTS
from roadmap_pipeline.notion.rows import Row, same
from roadmap_pipeline.sync.canonical import canonical_title
from roadmap_pipeline.sync.desired import REPORT_CONTENT, DesiredRow
from roadmap_pipeline.sync.journal import Base, RowValues
from roadmap_pipeline.sync.notion_rows import RowWrite, is_as_written, row_change
from roadmap_pipeline.sync.plan import Change, Conflict, FieldChange, Kind
from roadmap_pipeline.sync.row_matching import Match, Rows, Wanted, match_rows

PLACE = CI_REPORTS.title


@dataclass(slots=True)
class ReportsPlan:
    """The changes of the reports' rows, and the bases that may advance without a write."""

    changes: list[Change] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    agreed: list[RowValues] = field(default_factory=list)
    pages: dict[str, str] = field(default_factory=dict)
    """Page by name of the report, as far as there are any."""
    restored: set[str] = field(default_factory=set)
    """Names of the reports whose row is taken out of the trash."""


def plan_reports(
    desired: Sequence[DesiredRow], rows: Rows, bases: Mapping[str, Base], restore: frozenset[str] = frozenset()
) -> ReportsPlan:
    """Return what makes the rows say what the reports do; ``restore`` names those to take out of the trash."""
    plan = ReportsPlan()
    wanted = [Wanted(one.sync_key, frozenset(filter(None, [canonical_title(one.title)]))) for one in desired]
    matches = match_rows(wanted, rows, bases)
    for one in desired:
        match = matches[one.sync_key]
        if match.candidates:
            plan.conflicts.append(
                Conflict(PLACE, one.title, rows.title_property, "one row", f"{match.candidates} rows")
            )
        elif match.row is None:
            if match.lost:
                plan.notes.append(f"{one.title}: its row is gone from the database; it gets a new one")
            write = RowWrite(one.sync_key, one.title, _present(one), body=one.body, is_body_ours=True)
            plan.changes.append(row_change("create_row", PLACE, write, None))
        elif match.row.in_trash and one.title not in restore:
            plan.notes.append(
                f"{one.title}: its row is in Notion's trash and stays there; restore it in Notion, or with"
                f" `roadmap sync --restore {one.title}`"
            )
        else:
            plan.pages[one.title] = match.row.page_id
            if match.row.in_trash:
                plan.restored.add(one.title)
            _update(plan, one, match, match.row)
            _give_up(plan, one, match)
    return plan


def _give_up(plan: ReportsPlan, one: DesiredRow, match: Match) -> None:
    for duplicate in match.duplicates:
        write = RowWrite(one.sync_key, one.title, {}, page_id=duplicate.page_id)
        plan.changes.append(row_change("trash_duplicate", PLACE, write, duplicate))
        plan.notes.append(f"{one.title} had two rows, made by two runs at once: the older one stays")


def _present(one: DesiredRow) -> dict[str, Any]:
    return {name: value for name, value in one.values.items() if value is not None}


def _update(plan: ReportsPlan, one: DesiredRow, match: Match, row: Row) -> None:
    base = match.base
    agreed: dict[str, Any] = {}
    fields = []
    for name, ours in one.values.items():
        theirs = row.values.get(name)
        if same(ours, theirs):
            if name not in base.fields or base.fields[name] != ours:
                agreed[name] = ours
        elif not is_as_written(base, name, ours, theirs):
            fields.append(FieldChange(name, theirs, ours))
    plan.agreed += match.agreed_on(one.sync_key, agreed)
    if not fields and not row.in_trash:
        return
    write = RowWrite(
        one.sync_key,
        one.title,
        {change.field: change.after for change in fields},
        page_id=row.page_id,
        observed={change.field: change.before for change in fields},
        body=one.body if any(change.field == REPORT_CONTENT for change in fields) else None,
        is_body_ours=True,
        base=base,
        restore=row.in_trash,
    )
    kind: Kind = "restore_row" if row.in_trash else "update_row"
    plan.changes.append(row_change(kind, PLACE, write, row))
