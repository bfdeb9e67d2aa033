"""Rendering: reports and comments as tables, from the built ones.

Belongs here: which are rendered, and where they are kept. The texts themselves are in :mod:`roadmap_pipeline.reports`.
"""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.settings import Settings
from roadmap_pipeline.warehouse.connection import scalar, transaction
from roadmap_pipeline.warehouse.models import project
from roadmap_pipeline.warehouse.source_tables import replace_table

if TYPE_CHECKING:
    from roadmap_pipeline.reports.own_sections import OwnSections
    from roadmap_pipeline.reports.quarterly import QuarterlyReport
    from roadmap_pipeline.reports.quarters import Quarter
    from roadmap_pipeline.reports.weekly import Report


def render_report(runtime: Runtime, week: str | None = None) -> "Report":
    """Render the report of an ISO week (default: the last complete one) and store it in ``derived.reports``."""
    from roadmap_pipeline.reports.weekly import weekly_report
    from roadmap_pipeline.sync.release import newest_ended_week, store_report

    now = runtime.settings.now()
    with runtime.warehouse.connect() as con:
        week = week or newest_ended_week(con, now)
    sections = _sections(runtime, weeks=[week])
    with runtime.warehouse.connect() as con:
        rendered = weekly_report(con, week, sections)
        with transaction(con):
            store_report(con, rendered, now)
    runtime.run_summary.report_name = rendered.report_name
    runtime.run_summary.report_content = rendered.content
    return rendered


def weekly_pictures(runtime: Runtime, week: str) -> dict[str, str]:
    """Return the charts of an ISO week as Markdown images by their descriptions; none where they can't be drawn."""
    from roadmap_pipeline.reports.html import charts
    from roadmap_pipeline.reports.html.pictures import pictures
    from roadmap_pipeline.reports.weekly import weekly_facts

    with runtime.warehouse.connect() as con:
        facts = weekly_facts(con, week)
    return pictures(charts.weekly(facts))


def quarterly_pictures(runtime: Runtime) -> dict[str, str]:
    """Return the charts of the quarter that ended last, as :func:`weekly_pictures` does; none without a report."""
    from roadmap_pipeline.reports.html import charts
    from roadmap_pipeline.reports.html.pictures import pictures
    from roadmap_pipeline.reports.quarterly import quarterly_facts
    from roadmap_pipeline.sync.quarter_release import newest_ended_quarter

    with runtime.warehouse.connect() as con:
        facts = quarterly_facts(con, newest_ended_quarter(con, runtime.settings.now()))
    return pictures(charts.quarterly(facts))


def preview_report(settings: Settings, week: str | None = None) -> "Report":
    """Render the report of an ISO week (default: the last complete one) from what readers see. Nothing is written."""
    from roadmap_pipeline.reports.weekly import report_of, weekly_facts
    from roadmap_pipeline.sync.release import newest_ended_week
    from roadmap_pipeline.warehouse.query import open_published

    with open_published(settings.warehouse, or_live=True) as con:
        facts = weekly_facts(con, week or newest_ended_week(con, settings.now()))
    return report_of(facts, _previewed_sections(settings, weeks=[facts["week"]]))


def preview_report_page(settings: Settings, week: str | None = None) -> "tuple[Report, str]":
    """Return the report of an ISO week as :func:`preview_report` does, and beside it as one HTML page."""
    from roadmap_pipeline.reports import weekly
    from roadmap_pipeline.reports.html import charts, page
    from roadmap_pipeline.sync.release import newest_ended_week
    from roadmap_pipeline.warehouse.query import open_published

    with open_published(settings.warehouse, or_live=True) as con:
        facts = weekly.weekly_facts(con, week or newest_ended_week(con, settings.now()))
    report = weekly.report_of(facts, _previewed_sections(settings, weeks=[facts["week"]]))
    return report, page.page(report.content, charts.weekly(facts))


def publish_week(runtime: Runtime, week: str) -> None:
    """Give out the report of an ended ISO week for publication, whatever was rendered or built before."""
    from roadmap_pipeline.sync import release

    sections = _sections(runtime, weeks=[week])
    with runtime.warehouse.connect() as con:
        release.release_week(con, project, week, runtime.settings.now(), sections)


def render_quarter(runtime: Runtime) -> "QuarterlyReport | None":
    """Render the report of the quarter that ended last into ``derived.quarterly_reports``; None without anything of it.

    It is thereby released for publication once all of the quarter was read.
    """
    from roadmap_pipeline.sync.quarter_release import newest_ended_quarter, render_ended_quarter, store_quarter

    now = runtime.settings.now()
    with runtime.warehouse.connect() as con:
        quarter = newest_ended_quarter(con, now)
    sections = _sections(runtime, quarters=[quarter])
    with runtime.warehouse.connect() as con:
        rendered = render_ended_quarter(con, now, sections)
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

    facts = _quarterly_facts(settings, quarter, is_current=is_current)
    return report_of(facts, _previewed_sections(settings, quarters=[facts["quarter"]]))


def preview_quarter_page(
    settings: Settings, quarter: str | None = None, *, is_current: bool = False
) -> "tuple[QuarterlyReport, str]":
    """Return the report of a quarter as :func:`preview_quarter` does, and beside it as one HTML page."""
    from roadmap_pipeline.reports.html import charts, page
    from roadmap_pipeline.reports.quarterly import report_of

    facts = _quarterly_facts(settings, quarter, is_current=is_current)
    report = report_of(facts, _previewed_sections(settings, quarters=[facts["quarter"]]))
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


def sections_of_published(runtime: Runtime, week: str | None) -> "OwnSections":
    """Return the sections of one's own of the reports that are published next, and of that of ``week``."""
    from roadmap_pipeline.sync.quarter_release import newest_ended_quarter
    from roadmap_pipeline.sync.release import newest_ended_week

    now = runtime.settings.now()
    with runtime.warehouse.connect() as con:
        weeks, quarter = [newest_ended_week(con, now)], newest_ended_quarter(con, now)
        is_built = scalar(con, "select count(*) from information_schema.tables where table_schema = 'marts'")
    return _sections(runtime, weeks=[*weeks, *filter(None, [week])], quarters=[quarter]) if is_built else _none()


def sections_that_fail(settings: Settings) -> list[str]:
    """Return which sections of one's own can't be made from what readers see, and why."""
    from roadmap_pipeline.sync.quarter_release import newest_ended_quarter
    from roadmap_pipeline.sync.release import newest_ended_week
    from roadmap_pipeline.warehouse.query import open_published

    with open_published(settings.warehouse, or_live=True) as con:
        week, quarter = newest_ended_week(con, settings.now()), newest_ended_quarter(con, settings.now())
    return list(_previewed_sections(settings, weeks=[week], quarters=[quarter]).failures)


def _none() -> "OwnSections":
    from roadmap_pipeline.reports.own_sections import NO_SECTIONS

    return NO_SECTIONS


def _sections(runtime: Runtime, *, weeks: "Sequence[str]" = (), quarters: "Sequence[Quarter]" = ()) -> "OwnSections":
    """Return the sections of one's own, made from the tables as they are; the run's summary names those that fail."""
    settings = runtime.settings
    if not settings.configuration.reports.sections:
        return _none()
    runtime.warehouse.close()  # the file is opened in a way that leaves no other open
    sections = _sections_from(settings, settings.warehouse, weeks, quarters)
    notes = runtime.run_summary.notes
    notes.extend(one for one in sections.failures if one not in notes)
    return sections


def _previewed_sections(
    settings: Settings, *, weeks: "Sequence[str]" = (), quarters: "Sequence[Quarter]" = ()
) -> "OwnSections":
    from roadmap_pipeline.warehouse.query import published

    if not settings.configuration.reports.sections:
        return _none()
    return _sections_from(settings, published(settings.warehouse, or_live=True), weeks, quarters)


def _sections_from(
    settings: Settings, warehouse: str | Path, weeks: "Sequence[str]", quarters: "Sequence[Quarter]"
) -> "OwnSections":
    from roadmap_pipeline.reports.own_sections import Period, own_sections

    periods = [Period.of_quarter(quarter) for quarter in quarters]
    for week in weeks:
        with suppress(ValueError):  # rendering says what is wrong with it
            periods.append(Period.of_week(week))
    return own_sections(warehouse, settings.configuration.reports.sections, settings.config_path.parent, periods)


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
