"""The release of quarterly reports: that of the quarter that ended last, rendered whenever the tables are new.

Belongs here: rendering and storing it. A quarter that has not ended, or that is not read to its end, is stored and not
released; which rows follow is said in ``publish.notion_ci_reports``.
"""

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from roadmap_pipeline.reports.own_sections import NO_SECTIONS, OwnSections
from roadmap_pipeline.reports.quarterly import QuarterlyReport, quarterly_report
from roadmap_pipeline.reports.quarters import Quarter, quarter_of
from roadmap_pipeline.reports.weekly import NothingToReport
from roadmap_pipeline.warehouse.connection import scalar
from roadmap_pipeline.warehouse.source_tables import replace_rows

if TYPE_CHECKING:
    import duckdb


def newest_ended_quarter(con: "duckdb.DuckDBPyConnection", now: datetime) -> Quarter:
    """Return the quarter that ended last: by the tables, which may be older, or by ``now`` if that is less."""
    today = now.astimezone(UTC).date()
    built: date | None = scalar(con, "select max(cast(p.as_of as date)) from config.parameters as p")
    return quarter_of(min(built or today, today)).previous


def render_ended_quarter(
    con: "duckdb.DuckDBPyConnection", now: datetime, sections: OwnSections = NO_SECTIONS
) -> QuarterlyReport | None:
    """Return the report of the quarter that ended last; None when nothing of it is stored."""
    try:
        return quarterly_report(con, newest_ended_quarter(con, now), sections)
    except NothingToReport:
        return None


def store_quarter(con: "duckdb.DuckDBPyConnection", report: QuarterlyReport, now: datetime) -> None:
    """Store the report of a quarter that has ended, and release it once all of it was read; inside a transaction."""
    replace_rows(con, "derived.quarterly_reports", [report.row()])
    if report.is_over and report.is_whole:
        released = {**report.row(), "released_at": now.astimezone(UTC).replace(tzinfo=None)}
        del released["is_over"], released["is_whole"]
        replace_rows(con, "sync.released_reports", [released])
