"""The jobs: which assets run together.

A job runs with a partition, a week, if one of its assets has any: whoever requests it (schedules, sensors) names one.
"""

import dagster as dg

from roadmap_pipeline.orchestration.assets.sources import OWNERS

_READ = dg.AssetSelection.groups("raw", "plumbing")
_COMPUTED = dg.AssetSelection.groups("config", "staging", "intermediate", "marts") | dg.AssetSelection.assets(
    "derived/failure_verdicts",
    "derived/branch_milestones",
    "derived/pull_request_milestones",
    "derived/milestone_targets",
    "derived/forecast_backtest",
    "derived/milestone_forecasts",
    "derived/learnt_model",
    "derived/learnt_backtest",
)
_COMMENTS = dg.AssetSelection.assets(
    "derived/pull_request_comments", "publish/pull_request_comments", "github/pull_request_comments"
)
_SNAPSHOT = dg.AssetSelection.assets("warehouse/snapshot")
_NOTIFICATIONS = dg.AssetSelection.assets("sync/notifications")
# Nothing by weeks: its jobs run without a partition. Rows link to the reports that there are.
_ROADMAP = dg.AssetSelection.assets(
    "derived/milestone_pages",
    "derived/tracking_issues",
    "publish/notion_roadmap",
    "publish/milestones_to_create",
    "publish/tracking_issues",
    "notion/databases",
    "notion/roadmap",
    "github/tracking_issues",
)
_REPORT = dg.AssetSelection.assets(
    "derived/reports", "publish/notion_ci_reports", "notion/databases", "notion/ci_reports"
)
_QUARTER = dg.AssetSelection.assets(
    "derived/quarterly_reports", "publish/notion_ci_reports", "notion/databases", "notion/quarterly_reports"
)

main = dg.define_asset_job(
    "main",
    owners=OWNERS,
    selection=dg.AssetSelection.all(),
    description="Everything once: read, build, report, publish. `roadmap run` is this job.",
)
hourly_ingest = dg.define_asset_job(
    "hourly_ingest",
    owners=OWNERS,
    selection=_READ | _COMPUTED | _ROADMAP | _COMMENTS | _NOTIFICATIONS | _SNAPSHOT,
    description="Read what is new, rebuild the tables, bring comments and the roadmap up to date, both ways, tell of"
    " changed risks.",
)
weekly_report = dg.define_asset_job(
    "weekly_report",
    owners=OWNERS,
    selection=_READ | _COMPUTED | _REPORT | _ROADMAP | _NOTIFICATIONS | _SNAPSHOT,
    description="The report of one ISO week, in Notion, and the roadmap's rows that point to it.",
)
quarterly_report = dg.define_asset_job(
    "quarterly_report",
    owners=OWNERS,
    selection=_READ | _COMPUTED | _QUARTER | _SNAPSHOT,
    description="The roadmap report of the quarter that ended last, in Notion; of the partitions any will do.",
)
roadmap_on_merge = dg.define_asset_job(
    "roadmap_on_merge",
    owners=OWNERS,
    selection=_READ | _COMPUTED | _ROADMAP | _COMMENTS | _NOTIFICATIONS | _SNAPSHOT,
    description="After a merge: read, rebuild, update the roadmap's rows and the comments.",
)
roadmap_two_way = dg.define_asset_job(
    "roadmap_two_way",
    owners=OWNERS,
    selection=dg.AssetSelection.assets("notion/databases", "notion/roadmap", "github/tracking_issues"),
    description="Bring what people edited in Notion and on GitHub to the other side, with the figures built last.",
)

RETRIES = {"dagster/max_retries": "2"}
"""For runs that are requested unattended: one whose process died is launched again; what it did is kept."""

jobs = [main, hourly_ingest, weekly_report, quarterly_report, roadmap_on_merge, roadmap_two_way]
