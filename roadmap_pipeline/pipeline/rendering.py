"""Rendering: reports and comments as tables, from the built ones.

Belongs here: which are rendered, and where they are kept. The texts themselves are in :mod:`roadmap_pipeline.reports`.
"""

from typing import TYPE_CHECKING, Any

from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.settings import Settings
from roadmap_pipeline.warehouse.connection import transaction
from roadmap_pipeline.warehouse.models import project
from roadmap_pipeline.warehouse.source_tables import replace_table

if TYPE_CHECKING:
    from roadmap_pipeline.reports.quarterly import QuarterlyReport
    from roadmap_pipeline.reports.weekly import Report


def render_report(runtime: Runtime, week: str | None = None) -> "Report":
    """Render the report of an ISO week (default: the last complete one) and store it in ``derived.reports``."""
    from roadmap_pipeline.reports.weekly import weekly_report
    from roadmap_pipeline.sync.release import newest_ended_week, store_report

    now = runtime.settings.now()
    with runtime.warehouse.connect() as con:
        rendered = weekly_report(con, week or newest_ended_week(con, now))
        with transaction(con):
            store_report(con, rendered, now)
    runtime.run_summary.report_name = rendered.report_name
    runtime.run_summary.report_content = rendered.content
    return rendered


def preview_report(settings: Settings, week: str | None = None) -> "Report":
    """Render the report of an ISO week (default: the last complete one) from what readers see. Nothing is written."""
    from roadmap_pipeline.reports.weekly import weekly_report
    from roadmap_pipeline.sync.release import newest_ended_week
    from roadmap_pipeline.warehouse.query import open_published

    with open_published(settings.warehouse, or_live=True) as con:
        return weekly_report(con, week or newest_ended_week(con, settings.now()))


def preview_report_page(settings: Settings, week: str | None = None) -> "tuple[Report, str]":
    """Return the report of an ISO week as :func:`preview_report` does, and beside it as one HTML page."""
    from roadmap_pipeline.reports import weekly
    from roadmap_pipeline.reports.html import charts, page
    from roadmap_pipeline.sync.release import newest_ended_week
    from roadmap_pipeline.warehouse.query import open_published

    with open_published(settings.warehouse, or_live=True) as con:
        facts = weekly.weekly_facts(con, week or newest_ended_week(con, settings.now()))
    report = weekly.report_of(facts)
    return report, page.page(report.content, charts.weekly(facts))


def publish_week(runtime: Runtime, week: str) -> None:
    """Give out the report of an ended ISO week for publication, whatever was rendered or built before."""
    from roadmap_pipeline.sync import release

    with runtime.warehouse.connect() as con:
        release.release_week(con, project, week, runtime.settings.now())


def render_quarter(runtime: Runtime) -> "QuarterlyReport | None":
    """Render the report of the quarter that ended last into ``derived.quarterly_reports``; None without anything of it.

    It is thereby released for publication once all of the quarter was read.
    """
    from roadmap_pipeline.sync.quarter_release import render_ended_quarter, store_quarter

    now = runtime.settings.now()
    with runtime.warehouse.connect() as con:
        rendered = render_ended_quarter(con, now)
        if rendered is not None:
            with transaction(con):
                store_quarter(con, rendered, now)
    return rendered


def preview_quarter(settings: Settings, quarter: str | None = None, *, is_current: bool = False) -> "QuarterlyReport":
    """Render the report of a quarter from what readers see; nothing is written.

    Args:
        quarter: Such as ``Q4-2026``; by default the one that ended last.
        is_current: The one that is under way, instead.
    """
    from roadmap_pipeline.reports.quarterly import report_of

    return report_of(_quarterly_facts(settings, quarter, is_current=is_current))


def preview_quarter_page(
    settings: Settings, quarter: str | None = None, *, is_current: bool = False
) -> "tuple[QuarterlyReport, str]":
    """Return the report of a quarter as :func:`preview_quarter` does, and beside it as one HTML page."""
    from roadmap_pipeline.reports.html import charts, page
    from roadmap_pipeline.reports.quarterly import report_of

    facts = _quarterly_facts(settings, quarter, is_current=is_current)
    report = report_of(facts)
    return report, page.page(report.content, charts.quarterly(facts))


def _quarterly_facts(settings: Settings, quarter: str | None, *, is_current: bool) -> dict[str, Any]:
    from roadmap_pipeline.reports.quarterly import quarterly_facts
    from roadmap_pipeline.reports.quarters import parse_quarter, quarter_of
    from roadmap_pipeline.sync.quarter_release import newest_ended_quarter
    from roadmap_pipeline.warehouse.query import open_published

    now = settings.now()
    named = parse_quarter(quarter) if quarter else None
    with open_published(settings.warehouse, or_live=True) as con:
        if named is None:
            named = quarter_of(now.date()) if is_current else newest_ended_quarter(con, now)
        return quarterly_facts(con, named)


def render_comments(runtime: Runtime) -> int:
    """Render the sticky comment of every open pull request into ``derived``; return how many there are."""
    from roadmap_pipeline.reports.pull_request import pull_request_comments

    with runtime.warehouse.connect() as con:
        rows = pull_request_comments(con)
        with transaction(con):
            return replace_table(con, "derived.pull_request_comments", rows)


def render_milestones(runtime: Runtime) -> int:
    """Render page and tracking issue of every milestone into ``derived``; return how many milestones there are."""
    from roadmap_pipeline.reports.milestone import milestone_pages
    from roadmap_pipeline.reports.milestone_facts import milestone_facts
    from roadmap_pipeline.reports.tracking_issue import tracking_issues

    with runtime.warehouse.connect() as con:
        facts = milestone_facts(con)
        pages, issues = milestone_pages(facts), tracking_issues(facts)
        with transaction(con):
            replace_table(con, "derived.tracking_issues", issues)
            return replace_table(con, "derived.milestone_pages", pages)
