"""Rendering: reports and comments as tables, from the built ones.

Belongs here: which are rendered, and where they are kept. The texts themselves are in :mod:`roadmap_pipeline.reports`.
"""

from typing import TYPE_CHECKING

from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.settings import Settings
from roadmap_pipeline.warehouse.connection import transaction
from roadmap_pipeline.warehouse.models import project
from roadmap_pipeline.warehouse.source_tables import replace_table

if TYPE_CHECKING:
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


def publish_week(runtime: Runtime, week: str) -> None:
    """Give out the report of an ended ISO week for publication, whatever was rendered or built before."""
    from roadmap_pipeline.sync import release

    with runtime.warehouse.connect() as con:
        release.release_week(con, project, week, runtime.settings.now())


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
