"""Unit tests of the models: the SELECT files as they are, on given rows, in memory.

Belongs here: running them. They are declared in ``schema.yml`` as dbt does; tests of stored data are in
``data_tests``.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from dbt_like_sql.runner.build.model_sql import run_sql
from dbt_like_sql.runner.database import identifier, relation_name
from dbt_like_sql.runner.progress import StartTask, silent
from dbt_like_sql.runner.project.project import Key, Project, SqlModel, UnitTest

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class UnitTestResult:
    """The result of a unit test, with rows as dicts of the compared columns.

    ``missing`` are rows that were expected and not given, ``unexpected`` the reverse; ``error`` is DuckDB's message
    where the rows or the SQL don't work at all.
    """

    name: str
    model: str
    passed: bool
    missing: tuple[Mapping[str, Any], ...] = ()
    unexpected: tuple[Mapping[str, Any], ...] = ()
    error: str | None = None

    @property
    def difference(self) -> str:
        """The difference to what was expected, on one line."""
        if self.error is not None:
            return self.error.split("\n", 1)[0]
        rows = [f"missing {dict(row)}" for row in self.missing] + [f"unexpected {dict(row)}" for row in self.unexpected]
        return ", ".join(rows)


_PASSED: set[tuple[str, ...]] = set()
"""Unit tests that all passed, by what decides their result: hashes of the model's definition and of the SQL that its
inputs' types follow from."""


class UnitTests:
    """A run of the unit tests of ``project``, model by model in any order, in one in-memory database with UTC times.

    It is opened by the first model that has tests. Each makes what it needs and an earlier one hasn't made yet: the
    tables it reads, always empty between tests, and those that decide the types of their columns. Close it, or use it
    as a context manager.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._models = {model.key: model for model in project.models}
        self._made: set[Key] = set()
        self._types: dict[Key, dict[str, str]] = {}  # by column, of the tables that were given rows
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self._opened.close()

    def failed(self, model: SqlModel) -> tuple[UnitTestResult, ...]:
        """Return the results of :meth:`run` that aren't as expected; what passed in this process isn't run again."""
        if not model.unit_tests:
            return ()
        upstream = self._project.upstream(model.deps)
        passed_as = (model.definition, *(other.version for other in upstream))
        if passed_as in _PASSED:
            return ()
        failed = tuple(result for result in self.run(model) if not result.passed)
        if not failed:
            _PASSED.add(passed_as)
        return failed

    def run(self, model: SqlModel) -> tuple[UnitTestResult, ...]:
        """Run the unit tests of ``model`` in their order.

        Values are cast to the type that the column really has; doubles are compared to nine significant digits, rows in
        any order.

        Raises:
            ModelBuildError: The SQL of ``model``, or of one it depends on, doesn't fit what it reads.
        """
        if model.unit_tests:
            for read in model.deps:
                self._make(read)
        results = tuple(self._run(model, test) for test in model.unit_tests)
        if any(result.error for result in results):
            self._make(model.key)  # raises when it isn't the rows but the SQL that doesn't work
        return results

    @cached_property
    def _con(self) -> "duckdb.DuckDBPyConnection":
        import duckdb

        # On a handful of rows threads only cost.
        con = self._opened.enter_context(duckdb.connect(":memory:", config={"threads": 1}))
        con.execute("set TimeZone = 'UTC'")
        con.execute("; ".join(f"create schema {identifier(schema)}" for schema in self._project.schemas))
        return con

    def _make(self, key: Key) -> None:
        """Make the table ``key``, empty; a model's types follow from the tables it reads, so these are made first."""
        if key in self._made:
            return
        relation = relation_name(*key)
        if model := self._models.get(key):
            for read in model.deps:
                self._make(read)
            # Not even a seed has rows but those that are given.
            run_sql(self._con, model, f"create table {relation} as {model.sql}\nwith no data")
        else:
            columns = self._project.sources.by_name[".".join(key)].columns
            typed = ", ".join(f"{identifier(column.name)} {column.type}" for column in columns)
            self._con.execute(f"create table {relation} ({typed})")
        self._made.add(key)

    def _run(self, model: SqlModel, test: UnitTest) -> UnitTestResult:
        import duckdb

        con = self._con
        # Rolled back each time, so that every test finds empty tables.
        con.execute("begin transaction")
        try:
            for key, rows in test.given.items():
                self._insert(key, rows)
            compared = ", ".join(dict.fromkeys(identifier(name) for row in test.expect for name in row)) or "*"
            cursor = con.execute(f"select {compared} from ({model.sql}\n)")  # noqa: S608
            types = {str(name): str(type_) for name, type_, *_ in cursor.description or ()}
            actual = cursor.fetchall()
            expected = con.execute(*_values(test.expect, types)).fetchall() if test.expect else []
        except duckdb.Error as error:
            return UnitTestResult(test.name, model.qualified_name, passed=False, error=str(error))
        finally:
            con.execute("rollback")
        missing = _difference(expected, actual, list(types))
        unexpected = _difference(actual, expected, list(types))
        return UnitTestResult(test.name, model.qualified_name, not missing and not unexpected, missing, unexpected)

    def _insert(self, key: Key, rows: Sequence[Mapping[str, Any]]) -> None:
        if not rows:
            return
        if key not in self._types:
            table = self._con.table(relation_name(*key))
            self._types[key] = dict(zip(table.columns, map(str, table.types), strict=True))
        types = self._types[key]
        named = dict.fromkeys(name for row in rows for name in row) or [next(iter(types))]
        # That a column is described but not there is for DuckDB to say.
        values, parameters = _values(rows, {name: types.get(name, "varchar") for name in named})
        columns = ", ".join(map(identifier, named))
        self._con.execute(f"insert into {relation_name(*key)} ({columns}) {values}", parameters)


def run_unit_tests(project: Project, *, start_task: StartTask = silent) -> list[UnitTestResult]:
    """Run every unit test of ``project``.

    Raises:
        ModelBuildError: As :meth:`UnitTests.run`.
    """
    tested = [model for model in project.models if model.unit_tests]
    results: list[UnitTestResult] = []
    with (
        UnitTests(project) as unit_tests,
        start_task("Testing models on given rows", total=sum(len(model.unit_tests) for model in tested)) as progress,
    ):
        for model in tested:
            progress.describe(model.qualified_name)
            results += unit_tests.run(model)
            progress.advance(len(model.unit_tests))
    return results


def _values(rows: Sequence[Mapping[str, Any]], types: Mapping[str, str]) -> tuple[str, list[Any]]:
    """Return ``rows`` as VALUES in the columns of ``types``, and its parameters; what a row leaves out is NULL."""
    row = f"({', '.join(f'?::{type_}' for type_ in types.values())})"
    return f"values {', '.join([row] * len(rows))}", [_parameter(row.get(name)) for row in rows for name in types]


def _parameter(value: Any) -> Any:
    """Return a value of YAML as DuckDB takes it: zoned times as naive UTC, structures as JSON."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(item, dict | list) for item in value)):
        return json.dumps(value, default=str)
    return value


def _difference(rows: Sequence[tuple[Any, ...]], others: Sequence[tuple[Any, ...]], names: Sequence[str]) -> Any:
    left = Counter(map(_canonical, others))
    missing = []
    for row in rows:
        key = _canonical(row)
        if left[key]:
            left[key] -= 1
        else:
            missing.append(dict(zip(names, row, strict=True)))
    return tuple(missing)


def _canonical(row: Sequence[Any]) -> str:
    return repr([float(f"{value:.9g}") if isinstance(value, float) else value for value in row])
