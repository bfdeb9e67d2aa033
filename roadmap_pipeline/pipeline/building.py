"""Building: settings, verdicts and milestones as tables, and the SQL models that follow from them.

Belongs here: everything between reading and rendering, and what it would change. How a model is built is in
``dbt_like_sql``.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.warehouse.models import (
    Difference,
    Key,
    ModelResult,
    Policy,
    SqlModel,
    build,
    differences,
    project,
    selected_models,
)
from roadmap_pipeline.warehouse.parameters import store_parameters

if TYPE_CHECKING:
    import duckdb

    from roadmap_pipeline.failures.reclassification import Moved
    from roadmap_pipeline.milestones.forecast.calendar import WorkingCalendar


def store_settings(runtime: Runtime) -> dict[str, int]:
    """Write the settings that metrics depend on into ``config``; return the number of rows by table."""
    with runtime.warehouse.connect() as con:
        return store_parameters(con, runtime.settings)


def classify_failures(runtime: Runtime) -> int:
    """Judge the failed jobs that have no verdict of the present rules; return how many were judged."""
    from roadmap_pipeline.failures import stored_jobs
    from roadmap_pipeline.failures.rules.own_rules import rules_with

    rules = rules_with(runtime.settings.rules_file)
    with runtime.warehouse.connect() as con:
        return stored_jobs.classify_failures(con, rules=rules)


def match_milestones(runtime: Runtime) -> list[str]:
    """Match branches and pull requests to milestones, and note the milestones' target dates.

    Returns a sentence for each name that matches none.
    """
    from roadmap_pipeline.milestones.derive import derive_milestones
    from roadmap_pipeline.milestones.targets import note_targets

    with runtime.warehouse.connect() as con:
        note_targets(con)
        return derive_milestones(con, runtime.settings.configuration.milestones.mapping)


def backtest_forecasts(runtime: Runtime) -> int:
    """Compute what would have been forecast in the past; return how many rows that took."""
    from roadmap_pipeline.milestones.forecast.storing import store_backtest

    with runtime.warehouse.connect() as con:
        return store_backtest(con, _calendar(runtime))


def forecast_milestones(runtime: Runtime) -> int:
    """Forecast when milestones will be finished; return how many rows that took."""
    from roadmap_pipeline.milestones.forecast.storing import store_forecasts

    with runtime.warehouse.connect() as con:
        return store_forecasts(con, _calendar(runtime))


def learn_progress(runtime: Runtime) -> int:
    """Learn from finished milestones where other ones are finished than before; return how many rows that took."""
    from roadmap_pipeline.milestones.learnt.storing import store_model

    with runtime.warehouse.connect() as con:
        return store_model(con)


def backtest_learnt_progress(runtime: Runtime) -> int:
    """Compute what learnt progress would have said of finished milestones; return how many rows that took."""
    from roadmap_pipeline.milestones.learnt.storing import store_backtest

    with runtime.warehouse.connect() as con:
        return store_backtest(con)


def _calendar(runtime: Runtime) -> "WorkingCalendar":
    from roadmap_pipeline.configuration import WEEKDAYS
    from roadmap_pipeline.milestones.forecast.calendar import WorkingCalendar

    forecast = runtime.settings.configuration.forecast
    return WorkingCalendar(frozenset(map(WEEKDAYS.index, forecast.working_days)), forecast.blackout())


def _selected(con: "duckdb.DuckDBPyConnection", select: Collection[str]) -> Callable[[SqlModel], bool]:
    """Return which models ``select`` names in dbt's syntax; all of them where it is empty.

    Raises:
        ConfigurationError: The selection names none.
    """
    if not select:
        return lambda _model: True
    keys = selected_models(con, select)
    return lambda model: model.key in keys


@dataclass(slots=True)
class BuildResult:
    """Models that were built, and what a person should know."""

    models: list[ModelResult]
    notes: list[str] = field(default_factory=list)

    def rows(self) -> list[dict[str, Any]]:
        """Return one row a model, for printing."""
        return [
            {
                "model": result.model.qualified_name,
                "build": result.action,
                "rows": result.rows,
                "changed": result.changed_rows,
                "checks": len(result.tests),
                "warnings": [
                    f"{test.name} not run: {test.not_run}" if test.not_run else test.name
                    for test in result.tests
                    if not test.passed
                ],
                "seconds": round(result.seconds, 3),
                "reason": result.reason,
            }
            for result in self.models
        ]


def build_all(runtime: Runtime, *, select: Collection[str] = (), full_refresh: bool = False) -> BuildResult:
    """Do everything between reading and rendering: settings, verdicts, milestones, and models, each after its parents.

    Args:
        select: The models, in dbt's syntax; all of them where it is empty.
        full_refresh: Build the selected ones whole, also those of which nothing changed.

    Raises:
        ConfigurationError: The selection names no model.
    """
    store_settings(runtime)
    classify_failures(runtime)
    notes = match_milestones(runtime)
    policy = Policy(full_refresh=full_refresh)
    with runtime.warehouse.connect() as con:
        models = build_around_forecasts(con, _selected(con, select), policy, _calendar(runtime))
    return BuildResult(models, notes)


def build_around_forecasts(
    con: "duckdb.DuckDBPyConnection", chosen: Callable[[SqlModel], bool], policy: Policy, calendar: "WorkingCalendar"
) -> list[ModelResult]:
    """Build the ``chosen`` models, those that forecasts read before these are made, and the others after it.

    Learnt progress is made with the forecasts.
    """
    from roadmap_pipeline.milestones.forecast import storing as forecasts
    from roadmap_pipeline.milestones.learnt import storing as learnt

    first = {model.key for model in project().upstream([forecasts.BUILT_FROM, learnt.BUILT_FROM])}
    results = build(con, project(), lambda model: model.key in first and chosen(model), policy)

    def is_wanted(tables: frozenset[Key], source: Key) -> bool:
        # A selection in a new warehouse may leave out what these read.
        is_built = "select 1 from duckdb_tables() where schema_name = $1 and table_name = $2"
        is_read = any(chosen(model) and not tables.isdisjoint(model.deps) for model in project().models)
        return is_read and bool(con.execute(is_built, list(source)).fetchall())

    if is_wanted(forecasts.TABLES, forecasts.BUILT_FROM):
        forecasts.store_backtest(con, calendar)
        forecasts.store_forecasts(con, calendar)
    if is_wanted(learnt.TABLES, learnt.BUILT_FROM):
        learnt.store_model(con)
        learnt.store_backtest(con)
    return results + build(con, project(), lambda model: model.key not in first and chosen(model), policy)


@dataclass(frozen=True, slots=True)
class BuildPreview:
    """The changes that a build would make: to published figures, and to the causes of failures."""

    figures: list[Difference]
    moved: "list[Moved]"

    def rows(self) -> list[dict[str, Any]]:
        """Return one object a change; ``table`` tells figures from causes."""
        causes = [{"table": "derived.failure_verdicts"} | one.to_json() for one in self.moved]
        return causes + [one.to_json() for one in self.figures]


def preview_build(runtime: Runtime, *, select: Collection[str] = (), full_refresh: bool = False) -> BuildPreview:
    """Return what :func:`build_all` would change. Nothing is written."""
    from roadmap_pipeline.failures import stored_jobs
    from roadmap_pipeline.failures.reclassification import noting_moves
    from roadmap_pipeline.failures.rules.own_rules import rules_with
    from roadmap_pipeline.milestones.derive import derive_milestones
    from roadmap_pipeline.milestones.targets import note_targets

    settings = runtime.settings
    rules = rules_with(settings.rules_file)
    moved: list[Moved] = []
    with runtime.warehouse.connect() as con:

        def build_everything() -> None:
            store_parameters(con, settings)
            with noting_moves(con, moved):
                stored_jobs.classify_failures(con, rules=rules)
            note_targets(con)
            derive_milestones(con, settings.configuration.milestones.mapping)
            # Nothing can be attached within a transaction, which is what an incremental build needs.
            policy = Policy(full_refresh=full_refresh, incremental=False)
            build_around_forecasts(con, _selected(con, select), policy, _calendar(runtime))

        return BuildPreview(differences(con, build_everything), moved)
