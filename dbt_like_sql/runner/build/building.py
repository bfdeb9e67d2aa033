"""Building the models' tables: what has to be built at all, and write–audit–publish.

Belongs here: the decision between skipping a model, taking in what changed and building it whole, and the last. Taking
in changes is in ``incremental``, what is known of earlier builds in ``build_state``.
"""

import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from dbt_like_sql.runner.build import change_log
from dbt_like_sql.runner.build.model_sql import ModelBuildError, create
from dbt_like_sql.runner.build.state import BuildState, Inputs, Kind, LastBuild
from dbt_like_sql.runner.project.project import Project, SingularTest, SqlModel
from dbt_like_sql.runner.testing.data_tests import TestResult, identifier, literal, run_singular_test, run_tests
from dbt_like_sql.runner.testing.unit_tests import UnitTestResult, UnitTests
from roadmap_pipeline import interruption
from roadmap_pipeline.errors import RoadmapError
from roadmap_pipeline.progress import task
from roadmap_pipeline.warehouse.connection import scalar, transaction

if TYPE_CHECKING:
    import duckdb

_BUILDING = "__building"
_UNSORTED = "__unsorted"
_ROW_GROUP = 122_880
"""Rows that DuckDB keeps the smallest and largest values of, and skips together."""
_OVERLAP = 16.0
"""A row of a sorted table lies in the time span of 1 row group; a table is sorted when it is more on average. Some more
cost little to scan: each thread that wrote the table leaves a few that mix what it had left over."""
_COMPARED_ROWS = 20_000
"""A table built whole is compared with what it was up to this size: it takes as long as building most of them."""
# Types that mislead readers: a zone that depends on the session, integers that pandas turns to floats, no type at all.
_UNWANTED_TYPES = {
    "TIMESTAMP WITH TIME ZONE": "store UTC in a TIMESTAMP (… at time zone 'UTC')",
    "HUGEINT": "cast it to bigint",
    '"NULL"': "cast it to the type it should have",
}

Action = Literal["full", "incremental", "skipped"]


@dataclass(frozen=True, slots=True)
class Policy:
    """How a build goes about it. ``full_refresh`` builds everything that is selected whole.

    What has fewer than ``small_rows`` rows, and reads only such tables, is built whole: that is faster than finding out
    what changed. So is what is touched in more than ``share`` of its rows. ``incremental`` is off where nothing may be
    attached, that is within a transaction.
    """

    full_refresh: bool = False
    incremental: bool = True
    small_rows: int = 500_000
    share: float = 0.3


@dataclass(frozen=True, slots=True)
class ModelResult:
    """A model that was built or needed no building: its rows, its columns as (name, DuckDB type), what its tests found,
    and how long it took. ``reason`` says in words why ``action`` was taken; ``changed_rows`` is how many rows differ
    from before, None when that isn't known."""

    model: SqlModel
    rows: int
    columns: tuple[tuple[str, str], ...]
    tests: tuple[TestResult, ...]
    seconds: float
    action: Action = "full"
    reason: str = ""
    changed_rows: int | None = None


class UnitTestFailed(RoadmapError):
    """A model doesn't make of given rows what its unit tests expect; it isn't built."""

    def __init__(self, model: SqlModel, results: Sequence[UnitTestResult]) -> None:
        self.model = model
        self.results = tuple(results)
        lines = {test.name: f"{test.path}:{test.line}" for test in model.unit_tests}
        found = "; ".join(f"{lines[result.name]}: {result.name}: {result.difference}" for result in results)
        super().__init__(
            f"{model.qualified_name} ({model.path}) keeps its previous content, since these unit tests failed: {found}"
        )


class ModelTestFailed(RoadmapError):
    """Tests that must hold failed; the table keeps its previous content."""

    def __init__(self, model: SqlModel, tests: Sequence[TestResult]) -> None:
        self.model = model
        self.tests = tuple(tests)
        found = "; ".join(test.summary for test in self.tests)
        super().__init__(
            f"{model.qualified_name} ({model.path}) keeps its previous content, since these tests failed: {found}"
        )


def build(
    con: "duckdb.DuckDBPyConnection",
    project: Project,
    select: Callable[[SqlModel], bool] | None = None,
    policy: Policy = Policy(),
) -> list[ModelResult]:
    """Build all models (or those that ``select`` accepts), every one after those it reads.

    Stops at the first that fails, leaving it and those after it as they were; raises what :func:`build_model` raises.
    """
    models = [model for model in project.models if select is None or select(model)]
    state = BuildState(con)
    results = []
    with UnitTests(project) as unit_tests, task("Building models", total=len(models)) as progress:
        for model in models:
            interruption.check()
            progress.describe(model.qualified_name)
            results.append(build_model(con, project, model, policy, state, unit_tests))
            progress.advance()
    if any(result.action != "skipped" for result in results):
        with transaction(con):
            state.forget_seen_changes(project)
    return results


def build_model(
    con: "duckdb.DuckDBPyConnection",
    project: Project,
    model: SqlModel,
    policy: Policy = Policy(),
    state: BuildState | None = None,
    unit_tests: UnitTests | None = None,
) -> ModelResult:
    """Bring one model up to date: not at all when nothing changed, by the rows that changed, or as a whole.

    As a whole it is built beside its table, tested, and put in the table's place; changed rows are replaced and tested:
    either way all in one transaction. A new definition must pass its unit tests first. What the model reads must be
    there. Raises UnitTestFailed, ModelBuildError when the SQL fails or gives other columns than are described, and
    ModelTestFailed when a test of severity error fails; the table is then as it was before. ``state`` and
    ``unit_tests`` may be handed on from model to model, until one fails.
    """
    from dbt_like_sql.runner.build.incremental import Impossible, take_in_changes

    started = time.monotonic()
    state = state or BuildState(con)
    known = state.last_build(model)
    inputs = state.present_inputs(project, model)
    if known is None or known.definition != model.definition:
        _test_on_given_rows(project, model, unit_tests)
    reason = _reason_to_build_whole(model, known, state.kind(model), policy)
    if reason is None:
        assert known is not None
        if not known.changed(inputs, (*model.deps, *model.tested_against)):
            result = _skipped(con, state, project, model, known, inputs)
            return dataclasses.replace(result, seconds=time.monotonic() - started)
        try:
            found = take_in_changes(con, state, project, model, known, inputs, policy)
            return dataclasses.replace(found, seconds=time.monotonic() - started)
        except Impossible as why:
            reason = str(why)
    result = _build_whole(con, state, project, model, inputs, reason)
    return dataclasses.replace(result, seconds=time.monotonic() - started)


def check_model(con: "duckdb.DuckDBPyConnection", project: Project, model: SqlModel) -> tuple[TestResult, ...]:
    """Run the tests of ``model`` on its rows as they are stored; nothing is built, and no failure raises.

    Raises RoadmapError when there is nothing stored yet.
    """
    state = BuildState(con)
    if state.kind(model) is None:
        raise RoadmapError(f"{model.qualified_name} can't be checked: nothing is stored yet, build it first")
    return (
        *run_tests(con, qualified(model), model.tests, of=model.key),
        *_compared(state, project, model, lambda test: run_singular_test(con, test)),
    )


def _test_on_given_rows(project: Project, model: SqlModel, unit_tests: UnitTests | None) -> None:
    with nullcontext(unit_tests) if unit_tests else UnitTests(project) as tests:
        if failed := tests.failed(model):
            raise UnitTestFailed(model, failed)


def _reason_to_build_whole(model: SqlModel, known: LastBuild | None, stored: Kind | None, policy: Policy) -> str | None:
    if known is None:
        return "first build"
    if policy.full_refresh:
        return "full refresh"
    if stored != ("view" if model.materialized == "view" else "table"):
        return f"its {model.materialized} is missing"
    if known.definition != model.definition:
        return "its definition changed"
    return None


def _skipped(
    con: "duckdb.DuckDBPyConnection",
    state: BuildState,
    project: Project,
    model: SqlModel,
    known: LastBuild,
    inputs: Inputs,
) -> ModelResult:
    relation = qualified(model)
    tests = known.tests
    compared_anew = bool(known.changed(inputs, model.compared_with))
    if compared_anew:
        tests = tests[: len(model.tests)]
        tests += compared(state, project, model, lambda test: run_singular_test(con, test))
    if compared_anew or known.described != model.described:
        with transaction(con):
            con.execute(comments(model, relation))
            state.store(model, inputs, tests)
    rows = int(scalar(con, f"select count(*) from {relation}"))  # noqa: S608
    return ModelResult(model, rows, columns_of(con, relation), tests, 0.0, "skipped", "nothing it reads changed", 0)


def _build_whole(
    con: "duckdb.DuckDBPyConnection",
    state: BuildState,
    project: Project,
    model: SqlModel,
    inputs: Inputs,
    reason: str,
) -> ModelResult:
    schema = identifier(model.schema)
    beside = f"{schema}.{identifier(model.name + _BUILDING)}"
    with transaction(con):
        con.execute(f"create schema if not exists {schema}")
        create(con, model, beside, model.materialized)
        columns = checked_columns(con, model, beside)
        _put_in_order(con, model, beside)
        tests = accepted(model, run_tests(con, beside, model.tests, of=model.key))
        con.execute(comments(model, beside))
        rows = int(scalar(con, f"select count(*) from {beside}"))  # noqa: S608
        changed_rows = _note_difference(con, state, project, model, beside, rows)
        _swap(con, model, beside, state.kind(model))
        # They name the table, so that it must be in its place; what fails takes it back.
        tests += compared(state, project, model, lambda test: run_singular_test(con, test))
        state.store(model, inputs, tests)
    return ModelResult(model, rows, columns, tests, 0.0, "full", reason, changed_rows)


def accepted(model: SqlModel, results: Sequence[TestResult]) -> tuple[TestResult, ...]:
    """``results``, when none must keep the new rows out. Raises ModelTestFailed."""
    if failed := [test for test in results if test.blocking]:
        raise ModelTestFailed(model, failed)
    return tuple(results)


def compared(
    state: BuildState, project: Project, model: SqlModel, run: Callable[[SingularTest], TestResult]
) -> tuple[TestResult, ...]:
    """What the tests across models find that belong to ``model``. Raises ModelTestFailed as :func:`accepted`."""
    return accepted(model, list(_compared(state, project, model, run)))


def _compared(
    state: BuildState, project: Project, model: SqlModel, run: Callable[[SingularTest], TestResult]
) -> Iterator[TestResult]:
    for test in model.singular_tests:
        behind = state.behind(project, model, test)
        if behind is None:
            yield run(test)
        else:
            why = f"{behind} is not up to date"
            yield TestResult(test.name, passed=False, severity="warn", failing_rows=0, not_run=why)


def _note_difference(
    con: "duckdb.DuckDBPyConnection", state: BuildState, project: Project, model: SqlModel, beside: str, rows: int
) -> int | None:
    """Log how the newly built ``beside`` differs from the model's table; returns how many rows do, None if unknown."""
    old = qualified(model)
    comparable = (
        model.materialized != "view"
        and rows <= _COMPARED_ROWS
        and state.kind(model) == "table"
        and columns_of(con, old) == columns_of(con, beside)
        and int(scalar(con, f"select count(*) from {old}")) <= _COMPARED_ROWS  # noqa: S608
    )
    if not comparable:
        state.versions.advance(model.qualified_name, complete=False)
        if model.name in state.logs:
            state.logs.discard(model.name)
            con.execute(f"drop table changes.{identifier(model.name)}")
        return None
    # Two passes over two small tables, and most tables that are built whole turn out to be what they were.
    con.execute(
        f"create or replace temp table model_difference as"  # noqa: S608
        f" (select true as is_old, * from (from {old} except all from {beside}))"
        f" union all (select false, * from (from {beside} except all from {old}))"
    )
    changed = int(scalar(con, "select count(*) from temp.model_difference"))
    if changed:
        log_changes(con, state, project, model, "temp.model_difference")
    con.execute("drop table temp.model_difference")
    return changed


def log_changes(
    con: "duckdb.DuckDBPyConnection", state: BuildState, project: Project, model: SqlModel, difference: str
) -> None:
    """Note a new version of the model's table; ``difference`` (SQL name) holds the rows that differ, with is_old."""
    version = state.versions.advance(model.qualified_name, complete=True)
    if not is_followed(project, model):
        return
    log = f"changes.{identifier(model.name)}"
    # Whoever reads it was built whole when it began to, so what changed before the log began is in its rows.
    if model.name not in state.logs:
        state.logs.add(model.name)
        con.execute(f"create table {log} as select 0::bigint as version, * from {difference} limit 0")  # noqa: S608
        change_log.describe_log(con, model.qualified_name, model.name)
    con.execute(f"insert into {log} select {version}, * from {difference}")  # noqa: S608


def is_followed(project: Project, model: SqlModel) -> bool:
    """Whether some model takes in the changes of ``model`` row by row."""
    readers = project.readers_of(model.key)
    return model.materialized != "view" and any(reader.materialized == "incremental" for reader in readers)


def _put_in_order(con: "duckdb.DuckDBPyConnection", model: SqlModel, beside: str) -> None:
    """Sort by the event time what isn't nearly sorted, so that scans for recent rows skip the rest.

    Most models keep the order of the rows they read, and sorting wide rows takes longer than computing them.
    """
    if model.event_time is None:
        return
    time_ = identifier(model.event_time)
    overlap = scalar(
        con,
        f"""select sum(epoch(last) - epoch(first)) / nullif(epoch(max(last)) - epoch(min(first)), 0)
        from (
            select min({time_}) as first, max({time_}) as last from {beside} group by rowid // {_ROW_GROUP}
        )""",  # noqa: S608
    )
    if overlap is not None and overlap > _OVERLAP:
        con.execute(f"alter table {beside} rename to {identifier(model.name + _UNSORTED)}")
        unsorted = f"{identifier(model.schema)}.{identifier(model.name + _UNSORTED)}"
        con.execute(f"create table {beside} as from {unsorted} order by {time_}")
        con.execute(f"drop table {unsorted}")


def columns_of(con: "duckdb.DuckDBPyConnection", relation: str) -> tuple[tuple[str, str], ...]:
    """Columns of ``relation`` (an SQL name) as (name, DuckDB type)."""
    return tuple((str(row[0]), str(row[1])) for row in con.execute(f"describe {relation}").fetchall())


def checked_columns(con: "duckdb.DuckDBPyConnection", model: SqlModel, beside: str) -> tuple[tuple[str, str], ...]:
    """Columns of ``beside``. Raises ModelBuildError when they aren't those that its ``.yml`` describes."""
    columns = columns_of(con, beside)
    built = {name for name, _ in columns}
    described = {column.name for column in model.columns}
    differences = []
    if undescribed := [name for name, _ in columns if name not in described]:
        differences.append(f"its .yml doesn't describe {', '.join(undescribed)}")
    if missing := [column.name for column in model.columns if column.name not in built]:
        differences.append(f"the SQL doesn't give {', '.join(missing)}, which its .yml describes")
    differences += [
        f"{name} is {type_}: {_UNWANTED_TYPES[type_]}" for name, type_ in columns if type_ in _UNWANTED_TYPES
    ]
    if differences:
        raise ModelBuildError(model, 1, "; ".join(differences))
    return columns


def qualified(model: SqlModel) -> str:
    """The model's table as an SQL name."""
    return f"{identifier(model.schema)}.{identifier(model.name)}"


def comments(model: SqlModel, relation: str) -> str:
    """SQL that stores the descriptions on ``relation``."""
    kind = "view" if model.materialized == "view" else "table"
    columns = (
        f"comment on column {relation}.{identifier(column.name)} is {literal(column.description)}"
        for column in model.columns
    )
    return "; ".join([f"comment on {kind} {relation} is {literal(model.description)}", *columns])


def _swap(con: "duckdb.DuckDBPyConnection", model: SqlModel, beside: str, stored: Kind | None) -> None:
    if stored:
        con.execute(f"drop {stored} {qualified(model)}")
    kind = "view" if model.materialized == "view" else "table"
    con.execute(f"alter {kind} {beside} rename to {identifier(model.name)}")
