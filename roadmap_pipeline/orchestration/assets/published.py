"""Everything that is published: the Notion databases, their rows, the sticky comments; and the readers' snapshot.

Each is planned and applied by :mod:`roadmap_pipeline.sync`; here it gets a place in the graph.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg

from roadmap_pipeline import pipeline
from roadmap_pipeline.notion.layout import CI_REPORTS, ENGINEERING_ROADMAP, DatabaseSchema
from roadmap_pipeline.orchestration.assets.sources import OWNERS, WRITER
from roadmap_pipeline.orchestration.links import databases, milestones, pull_requests, report_page, tracking_issues
from roadmap_pipeline.orchestration.metadata import markdown_table, table_metadata
from roadmap_pipeline.orchestration.partitions import ISO_WEEKS, iso_week
from roadmap_pipeline.orchestration.resources import RuntimeParam, WarehouseParam
from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.sync.desired import REPORT_COLUMNS, ROADMAP_COLUMNS
from roadmap_pipeline.warehouse.connection import scalar

if TYPE_CHECKING:
    import duckdb

    from roadmap_pipeline.sync.reconciler import Part
    from roadmap_pipeline.sync.result import SyncResult


def _publish(
    context: dg.AssetExecutionContext,
    runtime: Runtime,
    part: "Part",
    *,
    rows_of: str | None = None,
    report_name: str | None = None,
    links: Callable[["duckdb.DuckDBPyConnection"], Mapping[str, Any]] | None = None,
) -> Iterator[dg.MaterializeResult]:
    """Plan and apply one part. Without credentials for its side nothing is yielded: the step shows as skipped.

    Failed changes fail the step, after the others were written and noted.

    Args:
        context: Of the step.
        runtime: Of the run.
        part: What is published.
        rows_of: The table whose rows are what is now published.
        report_name: The one report that is published.
        links: Says where the published things are.
    """
    from roadmap_pipeline.sync.result import raise_failures

    if message := runtime.missing("github" if part in ("comments", "tracking_issues") else "notion"):
        context.log.warning(message)
        return
    result = pipeline.sync(runtime, [part], report_name=report_name)
    for place, phrases in result.written().items():
        context.log.info(f"Written to {place}: {', '.join(phrases)}")
    if not result.plan.changes:
        context.log.info("Nothing had to be written")
    if result.plan.mass_changes:
        context.log.warning(
            "Nothing was written, more rows than usual would lose something: "
            + "; ".join(result.plan.mass_changes)
            + ". Look at both sides; to go on nevertheless: roadmap sync --allow-mass-change"
        )
    if result.pause:
        context.log.warning(result.pause)
    metadata = _metadata(result)
    with runtime.warehouse.connect() as con:
        if links:
            metadata = {**links(con), **metadata}
        if rows_of:
            metadata["dagster/row_count"] = scalar(con, f"select count(*) from {rows_of}")  # noqa: S608
    if report_name:
        metadata = {**report_page(result.urls, report_name), **metadata}
        metadata["dagster/partition_row_count"] = 1
    yield dg.MaterializeResult(metadata=metadata)
    raise_failures(result)


def _metadata(result: "SyncResult") -> dict[str, Any]:
    changes = [
        {
            "write": change.kind.replace("_", " "),
            "title": change.title,
            "fields": ", ".join(field.field for field in change.fields),
        }
        for change in result.done
    ]
    metadata: dict[str, Any] = {
        "writes": len(changes),
        "preview": dg.MetadataValue.md(markdown_table(changes) if changes else "*nothing had to be written*"),
    }
    if notes := [*result.plan.notes, *result.notes, *([result.pause] if result.pause else [])]:
        metadata["notes"] = dg.MetadataValue.md("\n".join(f"- {note}" for note in notes))
    if result.plan.mass_changes:
        metadata["mass_changes"] = dg.MetadataValue.json(list(result.plan.mass_changes))
    if result.plan.conflicts:
        metadata["conflicts"] = dg.MetadataValue.json([conflict.to_json() for conflict in result.plan.conflicts])
    return metadata


def _columns(database: DatabaseSchema, columns: Mapping[str, str], source: str) -> dict[str, object]:
    """Column schema and lineage of a Notion database: its properties, each from one column of ``publish``."""
    table = dg.AssetKey(["publish", source])
    return {
        "dagster/column_schema": dg.TableSchema(
            columns=[dg.TableColumn(spec.name, spec.type, description=spec.description) for spec in database.properties]
        ),
        "dagster/column_lineage": dg.TableColumnLineage(
            deps_by_column={name: [dg.TableColumnDep(table, column)] for name, column in columns.items()}
        ),
    }


@dg.asset(
    key=["notion", "databases"],
    description="The two databases under the parent page, with their properties and views; made once, then checked.",
    group_name="notion",
    kinds={"notion"},
    owners=OWNERS,
    pool="notion_api",
    output_required=False,
)
def notion_databases(context: dg.AssetExecutionContext, runtime: RuntimeParam) -> Iterator[dg.MaterializeResult]:
    """Create what is missing; stop here, before anything is written, when a database is out of shape."""
    yield from _publish(context, runtime, "databases", links=databases)


@dg.asset(
    key=["notion", "ci_reports"],
    deps=[["publish", "notion_ci_reports"], ["notion", "databases"]],
    description="Rows of CI Intelligence Reports, each with the whole report as its page. A partition is an ISO week.",
    partitions_def=ISO_WEEKS,
    group_name="notion",
    kinds={"notion"},
    owners=OWNERS,
    pool="notion_api",
    metadata=_columns(CI_REPORTS, REPORT_COLUMNS, "notion_ci_reports"),
    output_required=False,
)
def notion_ci_reports(context: dg.AssetExecutionContext, runtime: RuntimeParam) -> Iterator[dg.MaterializeResult]:
    """Create or update the row of the week's report, which is rendered and given out for publication first.

    So the row is there also where the report or ``publish.notion_ci_reports`` was not materialised for this week.
    """
    week = iso_week(context.partition_key)
    if not runtime.missing("notion"):
        pipeline.publish_week(runtime, week)
    yield from _publish(context, runtime, "reports", report_name=f"ci-report-{week}.md")


@dg.asset(
    key=["notion", "quarterly_reports"],
    deps=[["derived", "quarterly_reports"], ["publish", "notion_ci_reports"], ["notion", "databases"]],
    description="Row of the quarter that ended last in CI Intelligence Reports, with its roadmap report as the page.",
    group_name="notion",
    kinds={"notion"},
    owners=OWNERS,
    pool="notion_api",
    output_required=False,
)
def quarterly_rows(context: dg.AssetExecutionContext, runtime: RuntimeParam) -> Iterator[dg.MaterializeResult]:
    """Create or update the row of the quarter that ended last; without one nothing is written."""
    with runtime.warehouse.connect() as con:
        name = scalar(
            con,
            "select max_by(q.report_name, q.report_date) from derived.quarterly_reports as q"
            " semi join publish.notion_ci_reports as n on n.report_name = q.report_name",
        )
    if name is None:
        context.log.info("There is no quarter to report on yet")
        return
    yield from _publish(context, runtime, "reports", report_name=name)


@dg.asset(
    key=["notion", "roadmap"],
    # Rows point to the latest report's page, so reports go first.
    deps=[
        ["publish", "notion_roadmap"],
        ["publish", "milestones_to_create"],
        ["notion", "databases"],
        ["notion", "ci_reports"],
    ],
    description="Rows of Engineering Roadmap, one per milestone, in step with GitHub: edits of people go both ways.",
    group_name="notion",
    kinds={"notion"},
    owners=OWNERS,
    pool="notion_api",
    metadata=_columns(ENGINEERING_ROADMAP, ROADMAP_COLUMNS, "notion_roadmap"),
    output_required=False,
)
def notion_roadmap(context: dg.AssetExecutionContext, runtime: RuntimeParam) -> Iterator[dg.MaterializeResult]:
    """Bring rows and milestones in step: figures to the rows, and edits of people to the other side."""
    yield from _publish(context, runtime, "roadmap", rows_of="publish.notion_roadmap", links=milestones)


@dg.asset(
    key=["github", "tracking_issues"],
    # An issue links to its milestone's row.
    deps=[["publish", "tracking_issues"], ["notion", "roadmap"]],
    description="One tracking issue per open milestone: its label carries the status, its text says how it stands.",
    group_name="github",
    kinds={"github"},
    owners=OWNERS,
    pool="github_api",
    output_required=False,
)
def github_tracking_issues(context: dg.AssetExecutionContext, runtime: RuntimeParam) -> Iterator[dg.MaterializeResult]:
    """Create, edit and close the tracking issues, and label them with the status that people set in Notion."""
    yield from _publish(context, runtime, "tracking_issues", rows_of="publish.tracking_issues", links=tracking_issues)


@dg.asset(
    key=["github", "pull_request_comments"],
    # Every writing job first looks at both databases: notion/databases fails before a comment is written.
    deps=[["publish", "pull_request_comments"]],
    description="One sticky comment per open pull request, edited in place.",
    group_name="github",
    kinds={"github"},
    owners=OWNERS,
    pool="github_api",
    output_required=False,
)
def github_comments(context: dg.AssetExecutionContext, runtime: RuntimeParam) -> Iterator[dg.MaterializeResult]:
    """Create or edit the sticky comments."""
    yield from _publish(context, runtime, "comments", rows_of="publish.pull_request_comments", links=pull_requests)


@dg.asset(
    key=["warehouse", "snapshot"],
    deps=[
        ["publish", "notion_ci_reports"],
        ["publish", "notion_roadmap"],
        ["publish", "pull_request_comments"],
        ["publish", "tracking_issues"],
        ["publish", "milestones_to_create"],
        ["marts", "quarterly_rollup"],
        ["marts", "sync_reliability"],
    ],
    description="The copy that readers open: `duckdb -readonly data/roadmap.snapshot.duckdb`, or `roadmap query`.",
    group_name="warehouse",
    kinds={"duckdb"},
    owners=OWNERS,
    pool=WRITER,
)
def snapshot(context: dg.AssetExecutionContext, runtime: RuntimeParam) -> dg.MaterializeResult:
    """Replace the readers' copy; whoever has the old one open keeps it."""
    path = pipeline.snapshot(runtime)
    context.log.info(f"Readers open {path}")
    if isinstance(path, str):  # of a lake
        return dg.MaterializeResult(metadata={"dagster/uri": dg.MetadataValue.text(path)})
    return dg.MaterializeResult(metadata={"dagster/uri": dg.MetadataValue.path(path), "bytes": path.stat().st_size})


@dg.asset(
    key=["sync", "notifications"],
    # Messages link to rows and issues, so these go first.
    deps=[
        ["marts", "milestone_risks"],
        ["marts", "milestones"],
        ["notion", "roadmap"],
        ["github", "tracking_issues"],
        ["github", "pull_request_comments"],
    ],
    description="Messages about risks of milestones to the addresses of ROADMAP_NOTIFY_URLS, and the journal of what"
    " was told: each change once.",
    group_name="sync",
    kinds={"notifications", "duckdb"},
    owners=OWNERS,
    pool=WRITER,
)
def notifications(context: dg.AssetExecutionContext, runtime: RuntimeParam) -> dg.MaterializeResult:
    """Tell every address what changed about risks; one that fails is tried again by the next run."""
    if not runtime.settings.notify_urls:
        context.log.info("Nobody is told: ROADMAP_NOTIFY_URLS is not set")
    deliveries = pipeline.notify(runtime)
    for note in pipeline.notes_of(deliveries):
        context.log.warning(note)
    shown = [{"address": one.address, "message": one.title, "state": one.state} for one in deliveries]
    with runtime.warehouse.connect() as con:
        metadata = table_metadata(con, "sync", "notifications")
    return dg.MaterializeResult(
        metadata=metadata
        | {
            "told": sum(one.state == "sent" for one in deliveries),
            "messages": dg.MetadataValue.md(markdown_table(shown) if shown else "*nothing to tell*"),
        }
    )


_SYNC_TABLES = (
    "changes",
    "row_bases",
    "rows",
    "conflicts",
    "verifications",
    "refused_edits",
    "refused_comments",
    "released_reports",
    "published_figures",
    "published_quarterly_figures",
    "github_responses",
)


@dg.multi_asset(
    name="sync_state",
    specs=[
        dg.AssetSpec(
            name.split("."),
            deps=[
                ["notion", "roadmap"],
                ["notion", "ci_reports"],
                ["notion", "quarterly_reports"],
                ["github", "tracking_issues"],
                ["github", "pull_request_comments"],
            ],
            description=description,
            group_name="sync",
            kinds={"duckdb"},
            owners=OWNERS,
        )
        for name, description in (
            ("sync.changes", "Journal of all writes to Notion and GitHub."),
            ("sync.row_bases", "What each field of a Notion row held when both sides last agreed."),
            ("sync.rows", "The rows of the roadmap, and how each stands to its milestone."),
            ("sync.conflicts", "Fields that people set differently on both sides."),
            ("sync.verifications", "When both sides were compared whole."),
            ("sync.refused_edits", "Values of people in Notion that GitHub refused."),
            ("sync.refused_comments", "Pull requests on which GitHub refused a comment."),
            ("sync.released_reports", "Reports that were given out for publication, as they were then."),
            ("sync.published_figures", "Figures of weekly reports as they were when the report was first in Notion."),
            (
                "sync.published_quarterly_figures",
                "Figures of quarterly reports as they were when the report was first in Notion.",
            ),
            ("sync.github_responses", "Responses of GitHub with their entity tags: what didn't change costs no quota."),
        )
    ],
    pool=WRITER,
)
def sync_state(warehouse: WarehouseParam) -> Iterator[dg.MaterializeResult]:
    """Record what the writes of this run left in the warehouse."""
    with warehouse.connect() as con:
        for table in _SYNC_TABLES:
            yield dg.MaterializeResult(asset_key=["sync", table], metadata=table_metadata(con, "sync", table))


assets = [
    notion_databases,
    notion_ci_reports,
    quarterly_rows,
    notion_roadmap,
    github_tracking_issues,
    github_comments,
    notifications,
    snapshot,
    sync_state,
]
