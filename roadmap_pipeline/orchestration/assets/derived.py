"""Everything that Python derives from the raw tables: settings as tables, verdicts, milestones, rendered texts."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta

import dagster as dg

from roadmap_pipeline import pipeline
from roadmap_pipeline.orchestration.assets.sources import OWNERS, WRITER
from roadmap_pipeline.orchestration.metadata import data_version, table_metadata
from roadmap_pipeline.orchestration.partitions import ISO_WEEKS, iso_week
from roadmap_pipeline.orchestration.resources import RuntimeParam
from roadmap_pipeline.warehouse.session import WarehouseSession
from roadmap_pipeline.warehouse.source_tables import BY_NAME, TABLES

_CONFIG = [table for table in TABLES if table.schema == "config"]


def _described(warehouse: WarehouseSession, *names: str) -> Iterator[dg.MaterializeResult]:
    with warehouse.connect() as con:
        for name in names:
            schema, table = name.split(".")
            yield dg.MaterializeResult(
                asset_key=[schema, table],
                metadata=table_metadata(con, schema, table),
                data_version=data_version(con, schema, table),
            )


@dg.multi_asset(
    name="settings",
    specs=[
        dg.AssetSpec(
            [table.schema, table.name],
            description=table.description,
            group_name="config",
            kinds={"toml", "duckdb"},
            owners=OWNERS,
        )
        for table in _CONFIG
    ],
    pool=WRITER,
)
def settings(runtime: RuntimeParam) -> Iterator[dg.MaterializeResult]:
    """Write the settings that metrics depend on into tables."""
    pipeline.store_settings(runtime)
    yield from _described(runtime.warehouse, *(table.qualified_name for table in _CONFIG))


@dg.asset(
    key=["derived", "failure_verdicts"],
    deps=[["raw", "workflow_jobs"], ["raw", "job_logs"], ["raw", "passing_logs"]],
    description=BY_NAME["derived.failure_verdicts"].description,
    group_name="derived",
    kinds={"python", "duckdb"},
    owners=OWNERS,
    pool=WRITER,
)
def failure_verdicts(context: dg.AssetExecutionContext, runtime: RuntimeParam) -> Iterator[dg.MaterializeResult]:
    """Classify the failed jobs that the present rules have not judged yet."""
    judged = pipeline.classify_failures(runtime)
    context.log.info(f"Failed jobs judged: {judged:,}")
    for result in _described(runtime.warehouse, "derived.failure_verdicts"):
        yield result._replace(metadata={**(result.metadata or {}), "judged in this run": judged})


@dg.multi_asset(
    name="milestone_matches",
    specs=[
        dg.AssetSpec(
            name.split("."),
            deps=[["raw", "milestones"], ["raw", "pull_requests"], ["raw", "workflow_runs"]],
            description=BY_NAME[name].description,
            group_name="derived",
            kinds={"python", "duckdb"},
            owners=OWNERS,
        )
        for name in ("derived.branch_milestones", "derived.pull_request_milestones", "derived.milestone_targets")
    ],
    pool=WRITER,
)
def milestone_matches(context: dg.AssetExecutionContext, runtime: RuntimeParam) -> Iterator[dg.MaterializeResult]:
    """Match branches and pull requests to milestones, and note the milestones' target dates."""
    for note in pipeline.match_milestones(runtime):
        context.log.warning(note)
    yield from _described(
        runtime.warehouse,
        "derived.branch_milestones",
        "derived.pull_request_milestones",
        "derived.milestone_targets",
    )


@dg.asset(
    key=["derived", "forecast_backtest"],
    deps=[["intermediate", "int_milestone_kind_days"], ["staging", "stg_milestones"], ["config", "parameters"]],
    description=BY_NAME["derived.forecast_backtest"].description,
    group_name="derived",
    kinds={"python", "numpy", "duckdb"},
    owners=OWNERS,
    pool=WRITER,
)
def forecast_backtest(context: dg.AssetExecutionContext, runtime: RuntimeParam) -> Iterator[dg.MaterializeResult]:
    """Forecast every past Monday anew from what was known then, as far as that changed."""
    context.log.info(f"Past forecasts computed: {pipeline.backtest_forecasts(runtime):,}")
    yield from _described(runtime.warehouse, "derived.forecast_backtest")


@dg.asset(
    key=["derived", "milestone_forecasts"],
    deps=[
        ["intermediate", "int_milestone_kind_days"],
        ["staging", "stg_milestones"],
        ["config", "parameters"],
        ["derived", "forecast_backtest"],
    ],
    description=BY_NAME["derived.milestone_forecasts"].description,
    group_name="derived",
    kinds={"python", "numpy", "duckdb"},
    owners=OWNERS,
    pool=WRITER,
)
def milestone_forecasts(context: dg.AssetExecutionContext, runtime: RuntimeParam) -> Iterator[dg.MaterializeResult]:
    """Forecast when milestones will be finished, today and on the days before."""
    context.log.info(f"Forecasts computed: {pipeline.forecast_milestones(runtime):,}")
    yield from _described(runtime.warehouse, "derived.milestone_forecasts")


_LEARNT_FROM = [["intermediate", "int_milestone_signals"], ["config", "parameters"]]


@dg.asset(
    key=["derived", "learnt_model"],
    deps=_LEARNT_FROM,
    description=BY_NAME["derived.learnt_model"].description,
    group_name="derived",
    kinds={"python", "scikitlearn", "duckdb"},
    owners=OWNERS,
    pool=WRITER,
)
def learnt_model(context: dg.AssetExecutionContext, runtime: RuntimeParam) -> Iterator[dg.MaterializeResult]:
    """Learn from finished milestones how signals go with the share of time that has passed; off by default."""
    context.log.info(f"Signals learnt anew: {pipeline.learn_progress(runtime):,}")
    yield from _described(runtime.warehouse, "derived.learnt_model")


@dg.asset(
    key=["derived", "learnt_backtest"],
    deps=_LEARNT_FROM,
    description=BY_NAME["derived.learnt_backtest"].description,
    group_name="derived",
    kinds={"python", "scikitlearn", "duckdb"},
    owners=OWNERS,
    pool=WRITER,
)
def learnt_backtest(context: dg.AssetExecutionContext, runtime: RuntimeParam) -> Iterator[dg.MaterializeResult]:
    """Say of each finished milestone what would have been learnt of it from all others; off by default."""
    context.log.info(f"Past shares computed: {pipeline.backtest_learnt_progress(runtime):,}")
    yield from _described(runtime.warehouse, "derived.learnt_backtest")


LATE = (
    # The latest week, and the three before it: re-runs and late data restate them.
    dg.AutomationCondition.eager()
    .without(dg.AutomationCondition.in_latest_time_window())
    .without(~dg.AutomationCondition.any_deps_missing())
    & dg.AutomationCondition.in_latest_time_window(lookback_delta=timedelta(days=21))
    & dg.AutomationCondition.all_deps_blocking_checks_passed()
).with_label("eager_3_weeks")

_REPORTED = [
    ["marts", name]
    for name in (
        "ci_weekly",
        "ci_failures",
        "failure_categories_weekly",
        "failure_groups_weekly",
        "failure_owners_weekly",
        "flaky_jobs",
        "flaky_job_costs",
        "red_episodes",
        "autofix_attempts",
        "milestone_metrics",
        "milestone_progress",
        "milestone_work",
        "milestone_risks",
        "milestone_risk_summary",
        "milestones",
        "restatements",
        "ingest_coverage",
        "period_coverage",
        "waste_weekly",
    )
]


@dg.asset(
    key=["derived", "reports"],
    deps=[*_REPORTED, ["intermediate", "int_change_authors"], ["raw", "read_failures"]],
    description=f"{BY_NAME['derived.reports'].description} A partition is an ISO week, by its Monday. Rendering one"
    " publishes the week that ended last, no other: notion/ci_reports does that.",
    partitions_def=ISO_WEEKS,
    automation_condition=LATE,
    group_name="derived",
    kinds={"markdown", "duckdb"},
    owners=OWNERS,
    pool=WRITER,
)
def weekly_report(context: dg.AssetExecutionContext, runtime: RuntimeParam) -> dg.MaterializeResult:
    """Render the week's CI intelligence report."""
    week = iso_week(context.partition_key)
    rendered = pipeline.render_report(runtime, week)
    with runtime.warehouse.connect() as con:
        metadata = table_metadata(con, "derived", "reports")
    # The whole report follows: beside it a table of its first words says nothing.
    del metadata["preview"]
    return dg.MaterializeResult(
        metadata=metadata
        | {
            "dagster/partition_row_count": 1,
            **{name: dg.MetadataValue.md(image) for name, image in pipeline.weekly_pictures(runtime, week).items()},
            "report": dg.MetadataValue.md(rendered.content),
            "characters": len(rendered.content),
        },
        data_version=dg.DataVersion(hashlib.sha256(rendered.content.encode()).hexdigest()[:16]),
    )


@dg.asset(
    key=["derived", "quarterly_reports"],
    deps=[
        *(
            ["marts", name]
            for name in (
                "quarterly_rollup",
                "quarterly_milestones",
                "forecast_accuracy_quarterly",
                "quarterly_figures",
                "quarterly_restatements",
                "quarterly_balance",
                "recovery_curve_quarterly",
                "failure_categories_quarterly",
                "ci_weekly",
                "red_episodes",
                "milestone_risks",
                "period_coverage",
            )
        ),
        ["intermediate", "int_milestone_risk_episodes"],
        ["raw", "read_failures"],
    ],
    description=f"{BY_NAME['derived.quarterly_reports'].description} Always of the quarter that ended last.",
    group_name="derived",
    kinds={"markdown", "duckdb"},
    owners=OWNERS,
    pool=WRITER,
)
def quarterly_report(context: dg.AssetExecutionContext, runtime: RuntimeParam) -> Iterator[dg.MaterializeResult]:
    """Render the roadmap report of the quarter that ended last."""
    rendered = pipeline.render_quarter(runtime)
    if rendered is None:
        context.log.info("Nothing is stored of the quarter that ended last, so it has no report")
    for result in _described(runtime.warehouse, "derived.quarterly_reports"):
        metadata = dict(result.metadata or {})
        if rendered is not None:
            metadata |= {name: dg.MetadataValue.md(one) for name, one in pipeline.quarterly_pictures(runtime).items()}
            metadata["report"] = dg.MetadataValue.md(rendered.content)
            if not rendered.is_whole:
                context.log.warning(f"{rendered.report_name} is not published yet: not all of the quarter was read")
        yield result._replace(metadata=metadata)


@dg.asset(
    key=["derived", "pull_request_comments"],
    deps=[
        ["config", "parameters"],
        ["raw", "pull_requests"],
        ["raw", "commits"],
        *(
            ["marts", name]
            for name in (
                "ci_runs",
                "ci_failures",
                "ci_verdicts",
                "failed_tests",
                "milestones",
                "milestone_metrics",
                "milestone_progress",
                "milestone_work",
                "milestone_risk_summary",
            )
        ),
    ],
    description=BY_NAME["derived.pull_request_comments"].description,
    group_name="derived",
    kinds={"markdown", "duckdb"},
    owners=OWNERS,
    pool=WRITER,
)
def pull_request_comments(context: dg.AssetExecutionContext, runtime: RuntimeParam) -> Iterator[dg.MaterializeResult]:
    """Render the sticky comment of every open pull request."""
    context.log.info(f"Comments rendered for open pull requests: {pipeline.render_comments(runtime):,}")
    yield from _described(runtime.warehouse, "derived.pull_request_comments")


_OF_MILESTONES = [
    ["marts", name]
    for name in (
        "milestones",
        "milestone_metrics",
        "milestone_progress",
        "milestone_work",
        "milestone_windows",
        "milestone_failures",
        "milestone_forecast_days",
        "milestone_risks",
        "forecast_accuracy",
        "learnt_progress",
        "learnt_progress_accuracy",
        "critical_workflows",
    )
]


@dg.multi_asset(
    name="milestone_texts",
    specs=[
        dg.AssetSpec(
            name.split("."),
            deps=[*_OF_MILESTONES, ["staging", "stg_pull_requests"], ["staging", "stg_issues"]],
            description=BY_NAME[name].description,
            group_name="derived",
            kinds={"markdown", "duckdb"},
            owners=OWNERS,
        )
        for name in ("derived.milestone_pages", "derived.tracking_issues")
    ],
    pool=WRITER,
)
def milestone_texts(context: dg.AssetExecutionContext, runtime: RuntimeParam) -> Iterator[dg.MaterializeResult]:
    """Render the page of every milestone, and the tracking issue of every open one."""
    context.log.info(f"Pages rendered for milestones: {pipeline.render_milestones(runtime):,}")
    yield from _described(runtime.warehouse, "derived.milestone_pages", "derived.tracking_issues")


assets = [
    settings,
    failure_verdicts,
    milestone_matches,
    forecast_backtest,
    milestone_forecasts,
    learnt_model,
    learnt_backtest,
    weekly_report,
    quarterly_report,
    pull_request_comments,
    milestone_texts,
]
