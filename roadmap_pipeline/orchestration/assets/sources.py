"""Everything that is read: GitHub as external assets, and the raw tables that one ingest fills."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg

from roadmap_pipeline import interruption, pipeline
from roadmap_pipeline.errors import ConfigurationError, RoadmapError
from roadmap_pipeline.failures.display import escape_markdown
from roadmap_pipeline.orchestration.backfills import already_read
from roadmap_pipeline.orchestration.metadata import UNRECORDED, data_version, table_metadata
from roadmap_pipeline.orchestration.partitions import note_first_week
from roadmap_pipeline.orchestration.resources import RuntimeParam
from roadmap_pipeline.reports.coverage import Unread, unread
from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.settings import warehouse_path
from roadmap_pipeline.warehouse.critical_workflows import unknown_critical_workflows
from roadmap_pipeline.warehouse.lake.address import is_lake
from roadmap_pipeline.warehouse.source_tables import TABLES

if TYPE_CHECKING:
    from roadmap_pipeline.github.ingest.store import IngestSummary

OWNERS = ["team:developer-experience"]
WRITER = "duckdb_writer"
"""Pool of every step that opens the warehouse: one writer at a time."""
READER = "github_reader"
"""Pool of the step that reads GitHub into a lake, where others may write meanwhile."""

ACTIONS = dg.AssetKey(["github", "actions"])
COLLABORATION = dg.AssetKey(["github", "collaboration"])

sources = [
    dg.AssetSpec(
        ACTIONS,
        description="GitHub Actions: workflow runs, their attempts, jobs and logs.",
        group_name="sources",
        kinds={"github"},
        owners=OWNERS,
    ),
    dg.AssetSpec(
        COLLABORATION,
        description="Repositories, pull requests, issues, milestones and their events on GitHub.",
        group_name="sources",
        kinds={"github"},
        owners=OWNERS,
    ),
]

_FROM_ACTIONS = {"workflow_runs", "workflow_jobs", "job_logs", "passing_logs"}
_RAW = [table for table in TABLES if table.schema == "raw"]

_RUNS = "workflow_runs"
_ENDPOINTS: Mapping[str, frozenset[str]] = {
    "repositories": frozenset({"repository"}),
    _RUNS: frozenset({"runs", "run", "attempt", "workflows"}),
    "workflow_jobs": frozenset({"jobs"}),
    "job_logs": frozenset({"log", "annotations"}),
    "passing_logs": frozenset({"passing_log"}),
    "pull_requests": frozenset({"pull_requests", "files", "commits"}),
    "issues": frozenset({"issues"}),
    "issue_events": frozenset({"issue_events"}),
    "milestones": frozenset({"milestones"}),
    "code_owners": frozenset({"code_owners"}),
}
"""By raw table the endpoints of ``raw.read_failures`` that fill it."""

SECONDS_BEFORE_NEXT_TRY = (30, 60)
"""Seconds for which a reading that failed is left alone; one more try than there are of them."""

_PLUMBING = {
    "workflow_returns", "http_cache", "ingest_state", "read_coverage", "run_details", "run_counts",
    "code_owner_files", "retention",
}  # fmt: skip
"""The tables that the ingest remembers for itself, in a group of its own."""

FRESH = dg.FreshnessPolicy.time_window(warn_window=timedelta(hours=26), fail_window=timedelta(hours=50))
"""A table that nobody read for a day is doubtful, for two days wrong: people push every day. Models that follow from it
are as fresh as it is: one of which nothing changed is left as it was."""

EVERYTHING_READ = "everything_could_be_read"
TO_THE_END = "was_read_to_the_end"
CRITICAL_WORKFLOWS_EXIST = "critical_workflows_exist"


@dg.multi_asset(
    name="github_ingest",
    specs=[
        dg.AssetSpec(
            [table.schema, table.name],
            deps=[ACTIONS if table.name in _FROM_ACTIONS else COLLABORATION],
            description=table.description,
            group_name="plumbing" if table.name in _PLUMBING else "raw",
            kinds={"github", "duckdb"},
            owners=OWNERS,
            freshness_policy=FRESH,
        )
        for table in _RAW
    ],
    # None of them blocks: what was read is worth building on, and the report says what it rests on.
    check_specs=[
        *(
            dg.AssetCheckSpec(
                EVERYTHING_READ,
                asset=["raw", name],
                description="nothing was refused by GitHub; what was is left out, named here and asked for again",
            )
            for name in _ENDPOINTS
        ),
        dg.AssetCheckSpec(
            CRITICAL_WORKFLOWS_EXIST,
            asset=["raw", "workflows"],
            description="every entry of critical_workflows in roadmap.toml is a workflow of its repository",
        ),
        dg.AssetCheckSpec(
            TO_THE_END,
            asset=["raw", _RUNS],
            description="every repository was read, and neither GitHub's quota nor the run's budget ended the reading;"
            " where one did, the next run goes on",
        ),
    ],
    # Without a retry policy of Dagster's, by which a step that a person stopped would be tried again, too.
    pool=READER if is_lake(warehouse_path()) else WRITER,
    # All or nothing is read, whatever is selected; so that checks that weren't made show as skipped.
    can_subset=True,
)
def github_ingest(
    context: dg.AssetExecutionContext, runtime: RuntimeParam
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Read what is new on GitHub since the last look, all attempts and jobs included."""
    if message := runtime.missing("github"):
        context.log.warning(message)
        return
    if note := already_read(context):
        context.log.info(note)
        for key in context.selected_asset_keys:
            yield dg.MaterializeResult(asset_key=key, metadata=UNRECORDED)
        return
    summary = _ingest(context, runtime)
    read = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in summary.read.items() if count)
    context.log.info(f"Read from GitHub: {read or 'nothing new since the last run'}")
    for note in summary.notes:
        context.log.info(note)
    ended_early = [*([summary.paused] if summary.paused else []), *summary.unreadable.values()]
    for problem in ended_early:
        context.log.warning(problem)
    with runtime.warehouse.connect() as con:
        note_first_week(runtime.settings.dagster_home, con, runtime.settings.now().date())
        for table in _RAW:
            key = dg.AssetKey([table.schema, table.name])
            if key not in context.selected_asset_keys:
                continue
            changed = summary.read.get(table.name)
            yield dg.MaterializeResult(
                asset_key=key,
                metadata=table_metadata(con, table.schema, table.name)
                | ({} if changed is None else {"rows new or changed": changed}),
                data_version=data_version(con, table.schema, table.name),
            )
        misspelt = unknown_critical_workflows(con, runtime.settings.configuration)
        for result in _checks(unread(con), ended_early, misspelt):
            if result.asset_key and dg.AssetCheckKey(result.asset_key, result.check_name or "") in (
                context.selected_asset_check_keys
            ):
                yield result


def _ingest(context: dg.AssetExecutionContext, runtime: Runtime) -> "IngestSummary":
    """Read, up to three times: a network may fail for longer than the clients wait and repeat."""
    waits = iter(SECONDS_BEFORE_NEXT_TRY)
    while True:
        try:
            return pipeline.ingest(runtime)
        except ConfigurationError as error:
            raise dg.Failure(str(error), allow_retries=False) from error  # a wrong token stays wrong
        except RoadmapError as error:
            seconds = next(waits, None)
            if seconds is None:
                raise
            context.log.warning(f"{error}; what was read is kept, the rest is tried again in {seconds} s")
            interruption.sleep(seconds)


def _checks(
    left_out: Sequence[Unread], ended_early: Sequence[str], misspelt: Sequence[str]
) -> Iterator[dg.AssetCheckResult]:
    """Yield what could not be read, as warnings on the tables that lack it; what GitHub switched off is no fault."""
    for name, endpoints in _ENDPOINTS.items():
        failed = [one for one in left_out if one.endpoint in endpoints and not one.is_setting]
        yield dg.AssetCheckResult(
            asset_key=["raw", name],
            check_name=EVERYTHING_READ,
            passed=not failed,
            severity=dg.AssetCheckSeverity.WARN,
            metadata=_what_failed(failed),
        )
    yield dg.AssetCheckResult(
        asset_key=["raw", _RUNS],
        check_name=TO_THE_END,
        passed=not ended_early,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(ended_early) or None,
    )
    yield dg.AssetCheckResult(
        asset_key=["raw", "workflows"],
        check_name=CRITICAL_WORKFLOWS_EXIST,
        passed=not misspelt,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(misspelt) or None,
    )


def _what_failed(failed: Sequence[Unread]) -> dict[str, Any]:
    if not failed:
        return {}
    return {
        "not read": sum(one.things for one in failed),
        "first failure": str(min(one.first_failed_at for one in failed)),
        "next try": str(min(one.next_try_at for one in failed)),
        "what": dg.MetadataValue.md("\n".join(f"- {escape_markdown(one.sentence())}" for one in failed)),
    }
