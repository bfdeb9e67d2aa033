"""The release of texts: rendering what is published from the tables as they are, and which weeks are.

Belongs here: doing it as a whole or not at all, and releasing reports for publication: that of the newest week that has
ended whenever it is rendered, any other ended one when somebody asks for it. Which rows follow from that is said in
``publish.notion_ci_reports``; what a text says belongs to :mod:`roadmap_pipeline.reports`. The assets do the same step
by step.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from roadmap_pipeline.errors import ConfigurationError, RoadmapError
from roadmap_pipeline.reports import format as fmt
from roadmap_pipeline.reports.milestone import milestone_pages
from roadmap_pipeline.reports.milestone_facts import milestone_facts
from roadmap_pipeline.reports.own_sections import NO_SECTIONS, OwnSections
from roadmap_pipeline.reports.pull_request import pull_request_comments
from roadmap_pipeline.reports.tracking_issue import tracking_issues
from roadmap_pipeline.reports.weekly import NothingToReport, Report, weekly_report
from roadmap_pipeline.sync.quarter_release import render_ended_quarter, store_quarter
from roadmap_pipeline.warehouse.connection import scalar, transaction
from roadmap_pipeline.warehouse.models import Policy, Project, build
from roadmap_pipeline.warehouse.source_tables import replace_rows, replace_table

if TYPE_CHECKING:
    import duckdb

_PUBLISH_SCHEMA = "publish"
_REPORTS = ("publish", "notion_ci_reports")


def render_published(
    con: "duckdb.DuckDBPyConnection",
    project: Callable[[], Project],
    now: datetime,
    *,
    week: str | None = None,
    sections: OwnSections = NO_SECTIONS,
    incremental: bool = True,
) -> list[str]:
    """Render reports, comments, pages and tracking issues, and bring ``publish`` up to date.

    The reports are those of the week and of the quarter that ended last. All texts are rendered before the first is
    stored. A warehouse without marts is left as it is: what it holds to publish comes from elsewhere.

    Args:
        week: Another ended ISO week that is to be published.
        sections: The reports' sections of one's own.
        incremental: Build only what changed; not within a transaction that is taken back.

    Returns:
        Notes on what could not be rendered.

    Raises:
        RoadmapError: Something isn't built that texts are rendered from, or ``week`` can't be published.
    """
    import duckdb

    notes: list[str] = []
    reports = []
    if not scalar(con, "select count(*) from information_schema.tables where table_schema = 'marts'"):
        return notes
    try:
        requested = None if week is None else _ended(weekly_report(con, week, sections))
        comments = pull_request_comments(con)
        milestones = milestone_facts(con)
        pages, issues = milestone_pages(milestones), tracking_issues(milestones)
        quarter = render_ended_quarter(con, now, sections)
        reports.append(weekly_report(con, newest_ended_week(con, now), sections))
    except NothingToReport as error:
        if week is not None and requested is None:
            raise
        notes.append(str(error))
    except duckdb.CatalogException as error:
        raise RoadmapError("not all tables are built that reports are made from: run `roadmap build` first") from error
    with transaction(con):
        replace_table(con, "derived.pull_request_comments", comments)
        replace_table(con, "derived.milestone_pages", pages)
        replace_table(con, "derived.tracking_issues", issues)
        for report in reports:
            store_report(con, report, now)
        if quarter is not None:
            store_quarter(con, quarter, now)
        if requested is not None:
            store_report(con, requested, now, release=True)
    build(con, project(), lambda model: model.schema == _PUBLISH_SCHEMA, Policy(incremental=incremental))
    return notes


def release_week(
    con: "duckdb.DuckDBPyConnection",
    project: Callable[[], Project],
    week: str,
    now: datetime,
    sections: OwnSections = NO_SECTIONS,
) -> None:
    """Release the report of ``week``, rendered first where it isn't: ``publish.notion_ci_reports`` then has its row.

    Raises:
        ConfigurationError: The week has not ended.
        NothingToReport: Nothing is known of the week.
    """
    rows = con.execute(
        "select r.report_name, r.kind, r.period, r.report_date, r.content, r.is_over from derived.reports as r"
        " where r.kind = 'weekly' and r.period = ? and r.is_over",
        [week],
    ).fetchall()
    report = Report(*rows[0]) if rows else _ended(weekly_report(con, week, sections))
    with transaction(con):
        store_report(con, report, now, release=True)
    build(con, project(), lambda model: model.key == _REPORTS)


def store_report(con: "duckdb.DuckDBPyConnection", report: Report, now: datetime, *, release: bool = False) -> None:
    """Store a rendered report; inside a transaction.

    The newest ended week's is thereby released for publication, another one only with ``release``. What was released
    stays as it was: rendering an old week again shows it to whoever looks, and changes nothing in Notion.
    """
    replace_rows(con, "derived.reports", [report.row()])
    if release or (report.is_over and report.period == newest_ended_week(con, now)):
        released = {**report.row(), "released_at": now.astimezone(UTC).replace(tzinfo=None)}
        del released["is_over"]
        replace_rows(con, "sync.released_reports", [released])


def newest_ended_week(con: "duckdb.DuckDBPyConnection", now: datetime) -> str:
    """Return the ISO week that ended last: by the tables, which may be older, or by ``now`` if that is less.

    A week that ended after the tables were built would be reported on as one that is still running.
    """
    today = now.astimezone(UTC).date()
    built: date | None = scalar(con, "select max(cast(p.as_of as date)) from config.parameters as p")
    return fmt.last_complete_week(min(built or today, today))


def _ended(report: Report) -> Report:
    if not report.is_over:
        raise ConfigurationError(
            f"{report.period} has not ended by the time the tables were built: a report is published once its week is"
            f" over; `roadmap report --week {report.period}` shows it as it stands"
        )
    return report
