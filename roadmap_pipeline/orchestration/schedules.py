"""The schedules. They are stopped until somebody switches them on, in the UI or with `dagster schedule start`."""

from datetime import timedelta

import dagster as dg

from roadmap_pipeline.orchestration.jobs import hourly_ingest, quarterly_report, weekly_report


@dg.schedule(
    job=weekly_report,
    name="weekly_report_schedule",
    cron_schedule="0 7 * * 1",
    execution_timezone="UTC",
    description="Monday 07:00 UTC: the report of the week that has just ended.",
)
def weekly_report_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Request the week before the tick's; its Monday is the run key, so a week is reported once per schedule."""
    monday = context.scheduled_execution_time.date() - timedelta(days=7)
    key = (monday - timedelta(days=monday.weekday())).isoformat()
    return dg.RunRequest(run_key=key, partition_key=key)


hourly_ingest_schedule = dg.ScheduleDefinition(
    name="hourly_ingest_schedule",
    job=hourly_ingest,
    cron_schedule="15 * * * *",
    execution_timezone="UTC",
    description="Every hour: read what is new.",
)

quarterly_report_schedule = dg.ScheduleDefinition(
    name="quarterly_report_schedule",
    job=quarterly_report,
    cron_schedule="0 8 1 1,4,7,10 *",
    execution_timezone="UTC",
    description="First day of a quarter, 08:00 UTC: the roadmap report of the quarter that has just ended.",
)

schedules = [weekly_report_schedule, quarterly_report_schedule, hourly_ingest_schedule]
