"""One asset per SQL model; dependencies, checks, columns and lineage come from the file and its ``.yml``."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg

from roadmap_pipeline.orchestration.assets.derived import LATE
from roadmap_pipeline.orchestration.assets.sources import OWNERS, WRITER
from roadmap_pipeline.orchestration.checks import Checks, check_results, check_specs, checks_of, evaluated
from roadmap_pipeline.orchestration.lineage import lineage_metadata
from roadmap_pipeline.orchestration.metadata import UNRECORDED, data_version, is_recorded, table_metadata
from roadmap_pipeline.orchestration.partitions import ISO_WEEKS
from roadmap_pipeline.orchestration.resources import SettingsParam, WarehouseParam
from roadmap_pipeline.settings import Settings
from roadmap_pipeline.warehouse.models import (
    ModelBuildError,
    ModelResult,
    ModelTestFailed,
    Project,
    SqlModel,
    UnitTestFailed,
    build_model,
    check_model,
)

if TYPE_CHECKING:
    import duckdb

REFRESH = (
    # Unpartitioned models below partitioned reports: not every week has one, which `eager` alone would wait for.
    dg.AutomationCondition.eager().without(~dg.AutomationCondition.any_deps_missing())
    & dg.AutomationCondition.all_deps_blocking_checks_passed()
).with_label("eager_after_checks")
"""Under automation a model follows what it reads; late data of any age is taken in by the build itself."""

BY_WEEK = frozenset({("publish", "notion_ci_reports")})
"""Models between a week's report and its page: a chain of partitions has no link without them."""


def model_assets(project: Project) -> list[dg.AssetsDefinition]:
    """Return the assets of all models, in build order."""
    return [_asset(project, model) for model in project.models]


def _asset(project: Project, model: SqlModel) -> dg.AssetsDefinition:
    checks = checks_of(model)

    @dg.multi_asset(
        name="__".join(model.key),
        specs=[_spec(model)],
        pool=WRITER,
        check_specs=check_specs(model, checks),
        # So that checks can be run without building anything, and one that can't be made shows as skipped.
        can_subset=True,
    )
    def build(context: dg.AssetExecutionContext, warehouse: WarehouseParam, settings: SettingsParam) -> Iterator[Any]:
        selected = {check.name for check in context.selected_asset_check_keys}
        chosen = {name: tests for name, tests in checks.items() if name in selected}
        with warehouse.connect() as con:
            if dg.AssetKey(list(model.key)) in context.selected_asset_keys:
                yield from _build(context, settings, con, project, model, chosen)
            else:
                results = {test.name: test for test in check_model(con, project, model)}
                yield from check_results(context, model, chosen, results)

    return build


def _spec(model: SqlModel) -> dg.AssetSpec:
    return dg.AssetSpec(
        list(model.key),
        # The journal is read as it stands: waiting for this run's writes would keep the readers' copy from them.
        # What its tests look at must be up to date before they run.
        deps=[
            dg.AssetKey(list(dep))
            for dep in (*model.deps, *model.tested_against, *model.compared_with)
            if dep[0] != "sync"
        ],
        description=model.description,
        group_name=model.schema,
        kinds={"sql", "duckdb"},
        owners=OWNERS,
        code_version=model.version,
        automation_condition=LATE if model.key in BY_WEEK else REFRESH,
        partitions_def=ISO_WEEKS if model.key in BY_WEEK else None,
    )


def _build(
    context: dg.AssetExecutionContext,
    settings: Settings,
    con: "duckdb.DuckDBPyConnection",
    project: Project,
    model: SqlModel,
    checks: Checks,
) -> Iterator[Any]:
    """Build a model; yield what came of its checks, and a materialization unless it is recorded and nothing changed."""
    try:
        result = build_model(con, project, model)
    except ModelTestFailed as error:
        # What failed belongs on the checks, although the table keeps its previous content.
        for test in error.tests:
            context.log.error(test.summary)
        failed = {test.name: test for test in error.tests}
        yield from check_results(context, model, evaluated(checks, failed), failed)
        raise dg.Failure(str(error), allow_retries=False) from error
    except UnitTestFailed as error:
        raise dg.Failure(str(error), metadata={"sql": _sql(model)}, allow_retries=False) from error
    except ModelBuildError as error:
        raise dg.Failure(
            error.details, metadata={"sql": _sql(model), "file": model.path.name}, allow_retries=False
        ) from error
    checked = list(check_results(context, model, checks, {test.name: test for test in result.tests}))
    if result.action == "skipped" and is_recorded(context, dg.AssetKey(list(model.key))):
        yield dg.MaterializeResult(metadata=UNRECORDED, check_results=checked)
        return
    if result.action != "skipped":
        changed = "" if result.changed_rows is None else f", {result.changed_rows:,} changed"
        context.log.info(f"{model.qualified_name}: {result.rows:,} rows{changed} ({result.action}: {result.reason})")
    yield dg.MaterializeResult(
        metadata=table_metadata(con, *model.key)
        | lineage_metadata(settings.dagster_home, project, model, con)
        | _build_metadata(model, result),
        check_results=checked,
        data_version=data_version(con, *model.key),
    )


def _build_metadata(model: SqlModel, result: ModelResult) -> dict[str, Any]:
    return {
        "seconds": round(result.seconds, 3),
        "build": f"{result.action}: {result.reason}",
        "sql": _sql(model),
    } | ({} if result.changed_rows is None else {"changed rows": result.changed_rows})


def _sql(model: SqlModel) -> dg.MetadataValue:
    return dg.MetadataValue.md(f"```sql\n{model.sql}\n```")
