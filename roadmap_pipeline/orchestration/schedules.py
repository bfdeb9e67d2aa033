"""The schedules: when what runs by the clock, and what a tick leaves to the run before it or makes up for.

They are stopped until somebody switches them on, in the UI, with `dagster schedule start`, or by ``automation.running``
in ``roadmap.toml``.
"""

from collections.abc import Collection, Iterable
from datetime import date, timedelta

import dagster as dg

from roadmap_pipeline.orchestration.assets.sources import OWNERS
from roadmap_pipeline.orchestration.freshness import sync_freshness
from roadmap_pipeline.orchestration.jobs import RETRIES, hourly_ingest, quarterly_report, weekly_report
from roadmap_pipeline.orchestration.partitions import last_complete_week

LOOK_BACK_WEEKS = 4
"""Weeks for which a tick of the weekly schedule makes up, where a report had been published before them."""

_REPORT_ROWS = dg.AssetKey(["notion", "ci_reports"])
_UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


def schedules(running: Iterable[str]) -> list[dg.ScheduleDefinition]:
    """Return all schedules; those named in ``running`` run from the start."""
    names = frozenset(running)

    def status(name: str) -> dg.DefaultScheduleStatus:
        return dg.DefaultScheduleStatus.RUNNING if name in names else dg.DefaultScheduleStatus.STOPPED

    return [
        weekly_report_schedule(status("weekly_report_schedule")),
        quarterly_report_schedule(status("quarterly_report_schedule")),
        hourly_ingest_schedule(status("hourly_ingest_schedule")),
        dg.ScheduleDefinition(
            name="sync_freshness_schedule",
            job=sync_freshness,
            cron_schedule="45 * * * *",
            execution_timezone="UTC",
            owners=OWNERS,
            default_status=status("sync_freshness_schedule"),
            description="Every hour: warn when nothing was verified for a day.",
        ),
    ]


def weekly_report_schedule(status: dg.DefaultScheduleStatus) -> dg.ScheduleDefinition:
    """Return the schedule of the weekly report."""

    @dg.schedule(
        job=weekly_report,
        name="weekly_report_schedule",
        cron_schedule="0 7 * * 1",
        execution_timezone="UTC",
        default_status=status,
        owners=OWNERS,
        tags=RETRIES,
        description="Monday 07:00 UTC: the report of the week that has just ended, and of those of the four weeks"
        " before that were missed.",
    )
    def weekly_report_tick(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest]:
        tick = context.scheduled_execution_time.date()
        week = last_complete_week(tick)
        published = context.instance.get_materialized_partitions(_REPORT_ROWS)
        # The run key holds the tick: a week whose run failed is asked for again by the next one.
        return [
            dg.RunRequest(run_key=one if one == week else f"{one}, made up for on {tick}", partition_key=one)
            for one in [*missed_weeks(week, published), week]
        ]

    return weekly_report_tick


def missed_weeks(week: str, published: Collection[str]) -> list[str]:
    """Return the weeks (their Mondays) before ``week`` that have no report, behind the oldest one that has.

    So a first report asks for no history, and weeks in which nothing ran are made up for.
    """
    monday = date.fromisoformat(week)
    before = [(monday - timedelta(weeks=back)).isoformat() for back in range(LOOK_BACK_WEEKS, 0, -1)]
    oldest = min(published, default=week)
    return [one for one in before if one > oldest and one not in published]


def quarterly_report_schedule(status: dg.DefaultScheduleStatus) -> dg.ScheduleDefinition:
    """Return the schedule of the quarterly report."""

    @dg.schedule(
        job=quarterly_report,
        name="quarterly_report_schedule",
        cron_schedule="0 8 1 1,4,7,10 *",
        execution_timezone="UTC",
        default_status=status,
        owners=OWNERS,
        tags=RETRIES,
        description="First day of a quarter, 08:00 UTC: the roadmap report of the quarter that has just ended.",
    )
    def quarterly_report_tick(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        tick = context.scheduled_execution_time.date()
        # Its row is in a table that is made by weeks.
        return dg.RunRequest(run_key=f"quarter before {tick}", partition_key=last_complete_week(tick))

    return quarterly_report_tick


def hourly_ingest_schedule(status: dg.DefaultScheduleStatus) -> dg.ScheduleDefinition:
    """Return the schedule of the ingest."""

    @dg.schedule(
        job=hourly_ingest,
        name="hourly_ingest_schedule",
        cron_schedule="15 * * * *",
        execution_timezone="UTC",
        default_status=status,
        owners=OWNERS,
        tags=RETRIES,
        description="Every hour: read what is new, bring tables, comments and the roadmap up to date.",
    )
    def hourly_ingest_tick(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        under_way = dg.RunsFilter(job_name=hourly_ingest.name, statuses=_UNDER_WAY)
        if context.instance.get_runs_count(under_way):
            return dg.SkipReason("The run of an earlier hour is still under way; it reads what is new, too.")
        return dg.RunRequest()

    return hourly_ingest_tick
