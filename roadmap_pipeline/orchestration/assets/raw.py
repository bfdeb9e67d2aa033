"""What is read: GitHub as external assets, and the raw tables that one ingest fills."""

from collections.abc import Iterator

import dagster as dg

from roadmap_pipeline import stages
from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.orchestration.metadata import table_metadata
from roadmap_pipeline.orchestration.resources import WorkspaceParam
from roadmap_pipeline.orchestration.waits import long_waits_as_retries
from roadmap_pipeline.warehouse.raw import TABLES

OWNERS = ["team:developer-experience"]
WRITER = "duckdb_writer"
"""Pool of every step that opens the warehouse: one writer at a time."""

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


@dg.multi_asset(
    name="github_ingest",
    specs=[
        dg.AssetSpec(
            [table.schema, table.name],
            deps=[ACTIONS if table.name in _FROM_ACTIONS else COLLABORATION],
            description=table.description,
            group_name="raw",
            kinds={"github", "duckdb"},
            owners=OWNERS,
            skippable=True,
        )
        for table in _RAW
    ],
    pool=WRITER,
    # A network that fails for a moment; the clients have waited and repeated already.
    retry_policy=dg.RetryPolicy(max_retries=2, delay=30, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS),
)
def github_ingest(context: dg.AssetExecutionContext, workspace: WorkspaceParam) -> Iterator[dg.MaterializeResult]:
    """Read what is new on GitHub since the last look, all attempts and jobs included."""
    if message := workspace.missing("github"):
        context.log.warning(message)
        return
    try:
        with long_waits_as_retries(context, workspace):
            summary = stages.ingest(workspace)
    except ConfigurationError as error:
        # A wrong token stays wrong: the retry policy is for the network.
        raise dg.Failure(str(error), allow_retries=False) from error
    for note in summary.notes:
        context.log.info(note)
    with workspace.warehouse.connect() as con:
        for table in _RAW:
            changed = summary.read.get(table.name)
            yield dg.MaterializeResult(
                asset_key=[table.schema, table.name],
                metadata=table_metadata(con, table.schema, table.name)
                | ({} if changed is None else {"rows new or changed": changed}),
            )
