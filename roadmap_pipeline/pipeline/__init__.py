"""The stages of the pipeline, each callable on its own: what the assets and the command line both call.

A stage takes a :class:`~roadmap_pipeline.runtime.Runtime`, opens the warehouse for as short as it can, and notes in its
summary what it did. No Dagster here; what a stage is made of lives in the other packages.
"""

from roadmap_pipeline.pipeline.access import look_at_notion, preflight
from roadmap_pipeline.pipeline.building import (
    BuildPreview,
    BuildResult,
    backtest_forecasts,
    backtest_learnt_progress,
    build_all,
    classify_failures,
    forecast_milestones,
    learn_progress,
    match_milestones,
    preview_build,
    store_settings,
)
from roadmap_pipeline.pipeline.diagnosis import Finding, diagnose
from roadmap_pipeline.pipeline.ingestion import ingest, ingest_dump
from roadmap_pipeline.pipeline.notifying import notes_of, notify, preview_notifications, send_test_message
from roadmap_pipeline.pipeline.publishing import (
    export_dbt,
    milestone_checked_out,
    parts_of,
    roadmap_table,
    setup_notion,
    snapshot,
    sync,
    two_way,
)
from roadmap_pipeline.pipeline.rendering import (
    preview_quarter,
    preview_quarter_page,
    preview_report,
    preview_report_page,
    publish_week,
    quarterly_pictures,
    render_comments,
    render_milestones,
    render_quarter,
    render_report,
    weekly_pictures,
)

__all__ = [
    "BuildPreview",
    "BuildResult",
    "Finding",
    "backtest_forecasts",
    "backtest_learnt_progress",
    "build_all",
    "classify_failures",
    "diagnose",
    "export_dbt",
    "forecast_milestones",
    "ingest",
    "ingest_dump",
    "learn_progress",
    "look_at_notion",
    "match_milestones",
    "milestone_checked_out",
    "notes_of",
    "notify",
    "parts_of",
    "preflight",
    "preview_build",
    "preview_notifications",
    "preview_quarter",
    "preview_quarter_page",
    "preview_report",
    "preview_report_page",
    "publish_week",
    "quarterly_pictures",
    "render_comments",
    "render_milestones",
    "render_quarter",
    "render_report",
    "roadmap_table",
    "send_test_message",
    "setup_notion",
    "snapshot",
    "store_settings",
    "sync",
    "two_way",
    "weekly_pictures",
]
