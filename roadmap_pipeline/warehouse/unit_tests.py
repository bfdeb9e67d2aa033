"""Unit tests of the models: the SELECT files as they are, on given rows, in memory.

Belongs here: running them. They are declared in ``schema.yml`` as dbt does; tests of stored data are in
``model_tests``.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from roadmap_pipeline.progress import task
from roadmap_pipeline.warehouse import raw
from roadmap_pipeline.warehouse.model_tests import identifier

if TYPE_CHECKING:
    import duckdb

    from roadmap_pipeline.warehouse.models import Key, Project, SqlModel, UnitTest


@dataclass(frozen=True, slots=True)
class UnitTestResult:
    """What a unit test found: rows that were expected and not given (``missing``), and the reverse (``unexpected``),
    as dicts of the compared columns. ``error`` is what DuckDB said when the rows or the SQL don't work at all."""

    name: str
    model: str
    passed: bool
    missing: tuple[Mapping[str, Any], ...] = ()
    unexpected: tuple[Mapping[str, Any], ...] = ()
    error: str | None = None


def run_unit_tests(project: "Project") -> list[UnitTestResult]:
    """Run every unit test of ``project``, in an in-memory database with UTC times.

    Values are cast to the type that the column really has, which is learnt by building the models on empty tables;
    doubles are compared to nine significant digits, rows in any order. Raises ModelBuildError when a model doesn't
    even work on empty tables.
    """
    import duckdb

    tested = [model for model in project.models if model.unit_tests]
    results = []
    with (
        duckdb.connect(":memory:") as con,
        task("Testing models on given rows", total=sum(len(model.unit_tests) for model in tested)) as progress,
    ):
        con.execute("set TimeZone = 'UTC'")
        raw.create_source_tables(con)
        _create_empty(con, project, tested)
        for model in tested:
            for test in model.unit_tests:
                progress.describe(test.name)
                results.append(_run(con, model, test))
                progress.advance()
    return results


def _create_empty(con: "duckdb.DuckDBPyConnection", project: "Project", tested: "Sequence[SqlModel]") -> None:
    from roadmap_pipeline.warehouse.models import create

    needed: set[Key] = {model.key for model in tested}
    for model in reversed(project.models):
        if model.key in needed:
            needed.update(model.deps)
    for model in project.models:
        if model.key in needed:
            con.execute(f"create schema if not exists {identifier(model.schema)}")
            create(con, model, _relation(model.key), "table")


def _run(con: "duckdb.DuckDBPyConnection", model: "SqlModel", test: "UnitTest") -> UnitTestResult:
    import duckdb

    # Rolled back each time, so that every test finds empty tables.
    con.execute("begin transaction")
    try:
        for key, rows in test.given.items():
            _insert(con, _relation(key), rows)
        # The columns' types come from the model's own, still empty table; its result is compared with rows put there.
        compared = list(dict.fromkeys(name for row in test.expect for name in row))
        columns = ", ".join(map(identifier, compared)) or "*"
        cursor = con.execute(f"select {columns} from ({model.sql}\n)")  # noqa: S608
        names = [column[0] for column in cursor.description or ()]
        actual = cursor.fetchall()
        _insert(con, _relation(model.key), test.expect)
        expected = con.execute(f"select {', '.join(map(identifier, names))} from {_relation(model.key)}").fetchall()  # noqa: S608
    except duckdb.Error as error:
        return UnitTestResult(test.name, model.qualified_name, passed=False, error=str(error))
    finally:
        con.execute("rollback")
    missing = _difference(expected, actual, names)
    unexpected = _difference(actual, expected, names)
    return UnitTestResult(test.name, model.qualified_name, not missing and not unexpected, missing, unexpected)


def _relation(key: "Key") -> str:
    return f"{identifier(key[0])}.{identifier(key[1])}"


def _insert(con: "duckdb.DuckDBPyConnection", relation: str, rows: Sequence[Mapping[str, Any]]) -> None:
    types = {str(row[0]): str(row[1]) for row in con.execute(f"describe {relation}").fetchall()}
    for row in rows:
        if not row:
            con.execute(f"insert into {relation} default values")
            continue
        columns = ", ".join(map(identifier, row))
        values = ", ".join(f"cast(? as {types.get(name, 'varchar')})" for name in row)
        con.execute(
            f"insert into {relation} ({columns}) values ({values})",  # noqa: S608
            [_parameter(value) for value in row.values()],
        )


def _parameter(value: Any) -> Any:
    """A value of YAML as DuckDB takes it: zoned times as naive UTC, structures as JSON."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(item, dict | list) for item in value)):
        return json.dumps(value, default=str)
    return value


def _difference(rows: Sequence[tuple[Any, ...]], others: Sequence[tuple[Any, ...]], names: Sequence[str]) -> Any:
    left = Counter(map(_canonical, others))
    found = []
    for row in rows:
        key = _canonical(row)
        if left[key]:
            left[key] -= 1
        else:
            found.append(dict(zip(names, row, strict=True)))
    return tuple(found)


def _canonical(row: Sequence[Any]) -> str:
    return repr([float(f"{value:.9g}") if isinstance(value, float) else value for value in row])
