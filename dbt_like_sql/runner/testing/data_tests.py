"""Data tests, generic and singular: tests of what is stored, as the rows that break them.

Belongs here: each kind of test in SQL, running it, and its result. What happens to a model whose tests fail is decided
in ``build``; tests of the SQL itself on given rows are in ``unit_tests``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dbt_like_sql.runner.database import first_line, identifier, literal, relation_name
from dbt_like_sql.runner.errors import RunnerError
from dbt_like_sql.runner.progress import StartTask, silent
from dbt_like_sql.runner.project.project import GenericTest, Project, Severity, SingularTest

if TYPE_CHECKING:
    import duckdb

SAMPLE_ROWS = 5


@dataclass(frozen=True, slots=True)
class TestResult:
    """The result of a data test: ``failing_rows`` rows (or groups of equal rows) break it, ``sample`` shows a few.

    ``not_run`` says why there was nothing to look at yet, which is a warning.
    """

    __test__ = False  # pytest: no test class

    name: str
    passed: bool
    severity: Severity
    failing_rows: int
    sample: tuple[Mapping[str, Any], ...] = ()
    not_run: str = ""

    @property
    def summary(self) -> str:
        """The name, the number of rows and the first of them, on one line."""
        if not self.sample:
            return self.name
        rows = "1 row" if self.failing_rows == 1 else f"{self.failing_rows} rows"
        return f"{self.name} ({rows}, e.g. {dict(self.sample[0])})"

    @property
    def blocking(self) -> bool:
        """True for a failure that must stop the build."""
        return not self.passed and self.severity == "error"


class TestError(RunnerError):
    """A test can't be run at all: its SQL is wrong."""

    __test__ = False


def run_tests(
    con: "duckdb.DuckDBPyConnection", relation: str, tests: Sequence[GenericTest], *, of: tuple[str, str]
) -> tuple[TestResult, ...]:
    """Run ``tests`` of the model ``of`` on ``relation`` (SQL name of the table that holds its rows), in their order.

    Tests that look at one row at a time share one scan.

    Raises:
        TestError: A test's SQL is wrong.
    """
    import duckdb

    by_row = [test for test in tests if test.kind in ("not_null", "accepted_values", "expression_is_true")]
    columns = con.execute(f"describe {relation}").fetchall()
    counts: dict[str, int] = {}
    if by_row:
        counters = ", ".join(f"count(*) filter (where {_breaks(test)}\n)" for test in by_row)
        try:
            (row,) = con.execute(f"select {counters} from {relation}").fetchall()  # noqa: S608
            counts = dict(zip((test.name for test in by_row), row, strict=True))
        except duckdb.Error as error:
            raise _blamed(con, columns, by_row, error) from error
    results = []
    for test in tests:
        failing = failing_rows_sql(test, relation, of)
        try:
            if test.name in counts:
                count = counts[test.name]
            else:
                count = int(con.execute(f"select count(*) from ({failing}\n)").fetchall()[0][0])  # noqa: S608
            sample = _sample(con, failing) if count else ()
        except duckdb.Error as error:
            raise TestError(f"{test.path}:{test.line}: test {test.name} can't run: {first_line(error)}") from error
        results.append(TestResult(test.name, count == 0, test.severity, count, sample))
    return tuple(results)


def _blamed(
    con: "duckdb.DuckDBPyConnection", columns: Sequence[Sequence[Any]], tests: Sequence[GenericTest], error: Exception
) -> TestError:
    """Return the error of that of ``tests``, counted together, which made the statement fail.

    Each is tried alone on a table without rows, on a connection of its own, since the failure has aborted the caller's
    transaction.
    """
    import duckdb

    with con.cursor() as probe:
        declared = ", ".join(f"{identifier(name)} {type_}" for name, type_, *_ in columns)
        probe.execute(f"create or replace temp table tested ({declared})")
        for test in tests:
            try:
                probe.execute(f"select count(*) filter (where {_breaks(test)}\n) from temp.tested").fetchall()  # noqa: S608
            except duckdb.Error as own:
                return TestError(f"{test.path}:{test.line}: test {test.name} can't run: {first_line(own)}")
    names = ", ".join(test.name for test in tests)  # it fails on the data, which says nothing about the test
    return TestError(f"{tests[0].path}:{tests[0].line}: one of the tests {names} can't run: {first_line(error)}")


def run_singular_tests(
    con: "duckdb.DuckDBPyConnection", project: Project, *, start_task: StartTask = silent
) -> list[TestResult]:
    """Run the SELECT files of the project's folder ``tests``: every row one returns is a failure.

    Raises:
        TestError: A file's SQL is wrong.
    """
    results = []
    with start_task("Testing across models", total=len(project.singular_tests)) as progress:
        for test in project.singular_tests:
            progress.describe(test.name)
            results.append(run_singular_test(con, test))
            progress.advance()
    return results


def run_singular_test(con: "duckdb.DuckDBPyConnection", test: SingularTest, *, on_views: bool = False) -> TestResult:
    """Run one test across models, with ``on_views`` on the rows of ``temp."schema.name"``.

    Raises:
        TestError: Its SQL is wrong.
    """
    import duckdb

    sql = test.sql_on_views if on_views else test.sql
    try:
        count = int(con.execute(f"select count(*) from ({sql}\n)").fetchall()[0][0])  # noqa: S608
        sample = _sample(con, sql) if count else ()
    except duckdb.Error as error:
        raise TestError(f"{test.path}: the test can't run: {first_line(error)}") from error
    return TestResult(test.name, count == 0, test.severity, count, sample)


def _breaks(test: GenericTest) -> str:
    """Return the condition under which a row breaks a test that looks at one row at a time.

    As in dbt, NULL breaks only ``not_null``.
    """
    column = identifier(test.columns[0]) if test.columns else ""
    if test.kind == "not_null":
        condition = f"{column} is null"
    elif test.kind == "accepted_values":
        condition = f"{column} not in ({', '.join(literal(value) for value in test.values)})"
    else:
        condition = f"not ({column} {test.expression}\n)"
    return f"({test.where}\n) and {condition}" if test.where else condition


def failing_rows_sql(test: GenericTest, relation: str, of: tuple[str, str]) -> str:
    """Return a SELECT of the rows that break a test; of repeated keys one row each, with how often it occurs."""
    rows = f"(select * from {relation} where {test.where}\n)" if test.where else relation  # noqa: S608
    if test.kind in ("unique", "unique_combination_of_columns"):
        columns = ", ".join(identifier(column) for column in test.columns)
        # A single key that is NULL is the business of not_null; NULLs in a combination are values like others (dbt).
        present = f"where {columns} is not null" if test.kind == "unique" else ""
        return (
            f"select {columns}, count(*) as occurrences from {rows} as tested {present}"  # noqa: S608
            f" group by {columns} having count(*) > 1"
        )
    if test.parent is not None:
        schema, table, parent_column = test.parent
        parent = relation if (schema, table) == of else relation_name(schema, table)
        same = f"tested.{identifier(test.columns[0])} = parent.{identifier(parent_column)}"
        # Few rows of a long table are asked for: DuckDB then skips the blocks that hold none of them.
        asked = f"select parent.* from {parent} as parent semi join {rows} as tested on {same}"  # noqa: S608
        return (
            f"select tested.* from {rows} as tested anti join ({asked}) as parent on {same}"  # noqa: S608
            f" where tested.{identifier(test.columns[0])} is not null"
        )
    return f"select * from {relation} where {_breaks(test)}"  # noqa: S608


def _sample(con: "duckdb.DuckDBPyConnection", failing: str) -> tuple[Mapping[str, Any], ...]:
    cursor = con.execute(f"select * from ({failing}\n) limit {SAMPLE_ROWS}")  # noqa: S608
    names = [column[0] for column in cursor.description or ()]
    return tuple(dict(zip(names, row, strict=True)) for row in cursor.fetchall())
