"""One asset per SQL model; dependencies, checks, columns and lineage come from the file and its ``.yml``."""

import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dagster as dg

from roadmap_pipeline import interruption
from roadmap_pipeline.orchestration.assets.derived import LATE
from roadmap_pipeline.orchestration.assets.sources import OWNERS, WRITER
from roadmap_pipeline.orchestration.checks import Checks, check_results, check_specs, checks_of, evaluated
from roadmap_pipeline.orchestration.lineage import lineage_metadata
from roadmap_pipeline.orchestration.metadata import UNRECORDED, data_version, recorded_assets, table_metadata
from roadmap_pipeline.orchestration.partitions import ISO_WEEKS
from roadmap_pipeline.orchestration.resources import SettingsParam, WarehouseParam
from roadmap_pipeline.settings import Settings
from roadmap_pipeline.warehouse.models import (
    BuildState,
    Key,
    ModelBuildError,
    ModelResult,
    ModelTestFailed,
    Project,
    RunnerError,
    SqlModel,
    UnitTestFailed,
    UnitTests,
    build_model,
    check_model,
)
from roadmap_pipeline.warehouse.session import LONGEST_S, WarehouseSession

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
    """Return the assets of all models: those by weeks, and all others.

    One operation builds many, as with dbt: it opens the warehouse, looks at what was built and at what the instance
    knows once for all of them. Where something else comes between two models, Dagster divides it. A step for each model
    cost more than building it, and half of a run with nothing new.
    """
    by_week = [model for model in project.models if model.key in BY_WEEK]
    others = [model for model in project.models if model.key not in BY_WEEK]
    return [
        _assets(name, project, models) for name, models in (("models", others), ("weekly_models", by_week)) if models
    ]


def _assets(name: str, project: Project, models: Sequence[SqlModel]) -> dg.AssetsDefinition:
    checks = {model.key: checks_of(model) for model in models}

    @dg.multi_asset(
        name=name,
        specs=[_spec(model) for model in models],
        pool=WRITER,
        check_specs=[spec for model in models for spec in check_specs(model, checks[model.key])],
        # So that some can be built, and checks run without building anything; one that can't be made shows as skipped.
        can_subset=True,
    )
    def build(context: dg.AssetExecutionContext, warehouse: WarehouseParam, settings: SettingsParam) -> Iterator[Any]:
        selected = {(key.asset_key, key.name) for key in context.selected_asset_check_keys}
        steps = [
            _Step(model, _key(model) in context.selected_asset_keys, chosen)
            for model in models
            if (chosen := {name: tests for name, tests in checks[model.key].items() if (_key(model), name) in selected})
            or _key(model) in context.selected_asset_keys
        ]
        yield from _Builder(context, settings, warehouse, project).results(steps)

    return build


def _key(model: SqlModel) -> dg.AssetKey:
    return dg.AssetKey(list(model.key))


@dataclass(frozen=True, slots=True)
class _Step:
    """A model to build, or only to check."""

    model: SqlModel
    is_built: bool
    checks: Checks


class _Builder:
    """Builds and checks models one after the other; a failed one costs itself and those that read it."""

    def __init__(
        self, context: dg.AssetExecutionContext, settings: Settings, warehouse: WarehouseSession, project: Project
    ) -> None:
        self._context = context
        self._settings = settings
        self._warehouse = warehouse
        self._project = project
        self._recorded: frozenset[dg.AssetKey] = frozenset()
        self._failures: dict[Key, dg.Failure] = {}

    def results(self, steps: Sequence[_Step]) -> Iterator[Any]:
        """Yield what came of each model and its checks.

        Raises:
            dagster.Failure: A model failed; all others that don't read it are built before.
        """
        self._recorded = recorded_assets(self._context, [_key(step.model) for step in steps if step.is_built])
        remaining = deque(steps)
        with UnitTests(self._project) as unit_tests:
            while remaining:
                # Let go of in between, so that a long build lets others in; nobody else writes while it is held.
                with self._warehouse.connect() as con:
                    let_go_at = time.monotonic() + LONGEST_S
                    state = BuildState(con, self._project)
                    while remaining and time.monotonic() < let_go_at:
                        interruption.check()
                        step = remaining.popleft()
                        failed = len(self._failures)
                        yield from self._one(con, state, unit_tests, step)
                        if len(self._failures) > failed:
                            state = BuildState(con, self._project)  # a failure took rows back that this one knows
        if self._failures:
            raise next(iter(self._failures.values()))

    def _one(
        self, con: "duckdb.DuckDBPyConnection", state: BuildState, unit_tests: UnitTests, step: _Step
    ) -> Iterator[Any]:
        model = step.model
        missing = [key for key in (*model.deps, *model.tested_against) if key in self._failures]
        if step.is_built and missing:
            self._failures[model.key] = self._failures[missing[0]]
            self._context.log.error(f"{model.qualified_name} is not built: {'.'.join(missing[0])} failed")
            return
        try:
            yield from self._build(con, state, unit_tests, step) if step.is_built else self._check(con, step)
        except dg.Failure as failure:
            self._context.log.error(failure.description or "")
            self._failures[model.key] = failure

    def _check(self, con: "duckdb.DuckDBPyConnection", step: _Step) -> Iterator[dg.AssetCheckResult]:
        """Run the tests of a model on its stored rows; yield what came of its checks."""
        try:
            results = {test.name: test for test in check_model(con, self._project, step.model)}
        except RunnerError as error:
            raise dg.Failure(str(error), allow_retries=False) from error
        yield from check_results(self._context, step.model, step.checks, results)

    def _build(
        self, con: "duckdb.DuckDBPyConnection", state: BuildState, unit_tests: UnitTests, step: _Step
    ) -> Iterator[Any]:
        """Build a model; yield its checks, and a materialization unless it is recorded and nothing changed."""
        model, checks = step.model, step.checks
        try:
            result = build_model(con, self._project, model, state=state, unit_tests=unit_tests)
        except ModelTestFailed as error:
            # What failed belongs on the checks, although the table keeps its previous content.
            for test in error.tests:
                self._context.log.error(test.summary)
            failed = {test.name: test for test in error.tests}
            yield from check_results(self._context, model, evaluated(checks, failed), failed)
            raise dg.Failure(str(error), allow_retries=False) from error
        except UnitTestFailed as error:
            raise dg.Failure(str(error), metadata={"sql": _sql(model)}, allow_retries=False) from error
        except ModelBuildError as error:
            raise dg.Failure(
                error.details, metadata={"sql": _sql(model), "file": model.path.name}, allow_retries=False
            ) from error
        except RunnerError as error:
            raise dg.Failure(str(error), allow_retries=False) from error
        checked = list(check_results(self._context, model, checks, {test.name: test for test in result.tests}))
        key = _key(model)
        if result.action == "skipped" and key in self._recorded:
            yield dg.MaterializeResult(asset_key=key, metadata=UNRECORDED, check_results=checked)
            return
        if result.action != "skipped":
            rows = "a view" if result.rows is None else f"{result.rows:,} rows"
            changed = "" if result.changed_rows is None else f", {result.changed_rows:,} changed"
            self._context.log.info(f"{model.qualified_name}: {rows}{changed} ({result.action}: {result.reason})")
        yield dg.MaterializeResult(
            asset_key=key,
            metadata=table_metadata(con, *model.key)
            | lineage_metadata(self._settings.dagster_home, self._project, model, con)
            | _build_metadata(model, result),
            check_results=checked,
            data_version=data_version(con, *model.key),
        )


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


def _build_metadata(model: SqlModel, result: ModelResult) -> dict[str, Any]:
    return {
        "seconds": round(result.seconds, 3),
        "build": f"{result.action}: {result.reason}",
        "sql": _sql(model),
    } | ({} if result.changed_rows is None else {"changed rows": result.changed_rows})


def _sql(model: SqlModel) -> dg.MetadataValue:
    return dg.MetadataValue.md(f"```sql\n{model.sql}\n```")
