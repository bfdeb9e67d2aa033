"""Building the models' tables: each brought up to date in the cheapest way that gives the right rows.

Belongs here: the decision between skipping a model, applying what changed and building it whole, and going through all
of them. Building whole is in ``whole``, applying changes in ``incremental``, what is known of earlier builds in
``state``.
"""

import dataclasses
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING

from dbt_like_sql.runner.build.audit import accepted_across_models, singular_test_results
from dbt_like_sql.runner.build.model_sql import describe
from dbt_like_sql.runner.build.results import DEFAULT_POLICY, ModelResult, Policy
from dbt_like_sql.runner.build.state import BuildState, Inputs, Kind, LastBuild
from dbt_like_sql.runner.build.whole import build_whole
from dbt_like_sql.runner.database import columns_of, count_rows, transaction
from dbt_like_sql.runner.errors import RunnerError
from dbt_like_sql.runner.progress import SafePoint, StartTask, go_on, silent
from dbt_like_sql.runner.project.project import Project, SqlModel
from dbt_like_sql.runner.testing.data_tests import TestResult, run_singular_test, run_tests
from dbt_like_sql.runner.testing.unit_tests import UnitTestResult, UnitTests

if TYPE_CHECKING:
    import duckdb


_log = logging.getLogger(__name__)


class UnitTestFailed(RunnerError):
    """A model doesn't make of given rows what its unit tests expect; it isn't built."""

    def __init__(self, model: SqlModel, results: Sequence[UnitTestResult]) -> None:
        self.model = model
        self.results = tuple(results)
        lines = {test.name: f"{test.path}:{test.line}" for test in model.unit_tests}
        failures = "; ".join(f"{lines[result.name]}: {result.name}: {result.difference}" for result in results)
        super().__init__(
            f"{model.qualified_name} ({model.path}) keeps its previous content, since these unit tests failed:"
            f" {failures}"
        )


def build(
    con: "duckdb.DuckDBPyConnection",
    project: Project,
    select: Callable[[SqlModel], bool] | None = None,
    policy: Policy = DEFAULT_POLICY,
    *,
    start_task: StartTask = silent,
    safe_point: SafePoint = go_on,
) -> list[ModelResult]:
    """Build all models (or those that ``select`` accepts), every one after those it reads.

    Stops at the first that fails, leaving it and those after it as they were.

    Args:
        con: The warehouse, in which everything that sources and the state of building need is there.
        project: The models.
        select: Which of them to build; None for all.
        policy: How to go about it.
        start_task: Shows how far it is.
        safe_point: Called before each model; raises whatever is to end the build there.

    Raises:
        RunnerError: As :func:`build_model`.
    """
    models = [model for model in project.models if select is None or select(model)]
    state = BuildState(con, project)
    results = []
    with UnitTests(project) as unit_tests, start_task("Building models", total=len(models)) as progress:
        for model in models:
            safe_point()
            progress.describe(model.qualified_name)
            results.append(build_model(con, project, model, policy, state, unit_tests))
            progress.advance()
    if any(result.action != "skipped" for result in results):
        with transaction(con):
            state.forget_seen_changes()
    # Until every model is built as it is declared now, a view may still read what has been removed.
    if not any(state.is_modified(model) for model in project.models):
        with transaction(con):
            for name in state.drop_removed():
                _log.info("%s is dropped: its model is gone", name)
    return results


def build_model(
    con: "duckdb.DuckDBPyConnection",
    project: Project,
    model: SqlModel,
    policy: Policy = DEFAULT_POLICY,
    state: BuildState | None = None,
    unit_tests: UnitTests | None = None,
) -> ModelResult:
    """Bring one model up to date: not at all when nothing changed, by the rows that changed, or as a whole.

    As a whole it is built beside its table, tested, and put in the table's place; changed rows are replaced and tested:
    either way all in one transaction. A new definition must pass its unit tests first. What the model reads must be
    there. ``state`` and ``unit_tests`` may be handed on from model to model, until one fails.

    Raises:
        UnitTestFailed: The SQL doesn't make of given rows what is expected.
        ModelBuildError: The SQL fails or gives other columns than are described.
        ModelTestFailed: A test of severity error fails.
        TestError: A test can't be run. In all cases the table is as it was before.
    """
    from dbt_like_sql.runner.build.incremental import CannotApply, apply_incremental

    started = time.monotonic()
    state = state or BuildState(con, project)
    known = state.last_build(model)
    inputs = state.present_inputs(model)
    if known is None or known.definition != model.definition:
        _run_unit_tests(project, model, unit_tests)
    reason = _reason_to_build_whole(model, known, state.kind(model), policy)
    if reason is None:
        assert known is not None
        if not known.changed(inputs, (*model.deps, *model.tested_against)):
            result = _skip(con, state, model, known, inputs)
            return dataclasses.replace(result, seconds=time.monotonic() - started)
        try:
            result = apply_incremental(con, state, project, model, known, inputs, policy)
            return dataclasses.replace(result, seconds=time.monotonic() - started)
        except CannotApply as why:
            reason = str(why)
    result = build_whole(con, state, model, inputs, reason)
    return dataclasses.replace(result, seconds=time.monotonic() - started)


def check_model(con: "duckdb.DuckDBPyConnection", project: Project, model: SqlModel) -> tuple[TestResult, ...]:
    """Run the tests of ``model`` on its rows as they are stored; nothing is built, and no failure raises.

    Raises:
        RunnerError: There is nothing stored yet.
        TestError: A test can't be run.
    """
    state = BuildState(con, project)
    if state.kind(model) is None:
        raise RunnerError(f"{model.qualified_name} can't be checked: nothing is stored yet, build it first")
    return (
        *run_tests(con, model.relation, model.tests, of=model.key),
        *singular_test_results(state, model, lambda test: run_singular_test(con, test)),
    )


def _run_unit_tests(project: Project, model: SqlModel, unit_tests: UnitTests | None) -> None:
    with nullcontext(unit_tests) if unit_tests else UnitTests(project) as tests:
        if failed := tests.failed(model):
            raise UnitTestFailed(model, failed)


def _reason_to_build_whole(model: SqlModel, known: LastBuild | None, stored: Kind | None, policy: Policy) -> str | None:
    if known is None:
        return "first build"
    if policy.full_refresh:
        return "full refresh"
    if stored != model.stored_as:
        return f"its {model.materialized} is missing"
    if known.definition != model.definition:
        return "its definition changed"
    return None


def _skip(
    con: "duckdb.DuckDBPyConnection", state: BuildState, model: SqlModel, known: LastBuild, inputs: Inputs
) -> ModelResult:
    """Leave the rows of ``model`` as they are; tests across models run again where another table of theirs changed."""
    tests = known.tests
    compared_anew = bool(known.changed(inputs, model.compared_with))
    if compared_anew:
        tests = tests[: len(model.tests)]
        tests += accepted_across_models(state, model, lambda test: run_singular_test(con, test))
    if compared_anew or known.described != model.described:
        with transaction(con):
            describe(con, model, model.relation)
            state.store(model, inputs, tests)
    rows = count_rows(con, model.relation) if model.stored_as == "table" else None
    columns = columns_of(con, model.relation)
    return ModelResult(model, rows, columns, tests, 0.0, "skipped", "nothing it reads changed", 0)
