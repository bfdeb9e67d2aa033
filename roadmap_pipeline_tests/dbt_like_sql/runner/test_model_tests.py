"""Each kind of data test, and the rows that it counts as failures."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbt_like_sql.runner.project.project import GenericTest, TestKind
from dbt_like_sql.runner.testing.data_tests import TestError, run_singular_tests, run_tests
from roadmap_pipeline_tests.dbt_like_sql.runner.small_project import load_project, small_project, write


@contextmanager
def _stored() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as con:
        con.execute("create table rows (a integer, b varchar)")
        con.execute("create schema marts")
        con.execute("create table marts.parents (id integer)")
        con.execute("insert into marts.parents values (1), (2), (null)")
        yield con


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with _stored() as con:
        yield con


def _test(kind: TestKind, **more: Any) -> GenericTest:
    return GenericTest(more.pop("name", kind), kind, Path("models/marts/schema.yml"), 7, **more)


_A = {"columns": ("a",)}
_EVERY_KIND: Mapping[str, GenericTest] = {
    "not_null": _test("not_null", name="not_null", **_A),
    "unique": _test("unique", name="unique", **_A),
    "values": _test("accepted_values", name="values", columns=("b",), values=("x", "it's")),
    "numbers": _test("accepted_values", name="numbers", **_A, values=(0, 1)),
    "parent": _test("relationships", name="parent", **_A, parent=("marts", "parents", "id")),
    "itself": _test("relationships", name="itself", **_A, parent=("marts", "children", "a")),
    "row": _test("expression_is_true", name="row", expression="a > 0 or b = 'x' -- or nothing"),
    "column": _test("expression_is_true", name="column", **_A, expression="< 3"),
    "pair": _test("unique_combination_of_columns", name="pair", columns=("a", "b")),
    "where": _test("not_null", name="where", **_A, where="b = 'x' -- only"),
    "unique_where": _test("unique", name="unique_where", **_A, where="b = 'x'"),
}


def _expected(rows: list[tuple[int | None, str | None]]) -> dict[str, int]:
    """Return the same by hand, in Python."""

    def repeated(keys: list[Any]) -> int:
        return sum(keys.count(key) > 1 for key in set(keys))

    return {
        "not_null": sum(a is None for a, _ in rows),
        "unique": repeated([a for a, _ in rows if a is not None]),
        "values": sum(b is not None and b not in ("x", "it's") for _, b in rows),
        "numbers": sum(a is not None and a not in (0, 1) for a, _ in rows),
        "parent": sum(a is not None and a not in (1, 2) for a, _ in rows),
        "itself": 0,
        # NULL is neither true nor false, and only false fails.
        "row": sum(a is not None and a <= 0 and b is not None and b != "x" for a, b in rows),
        "column": sum(a is not None and a >= 3 for a, _ in rows),
        "pair": repeated(rows),
        "where": sum(a is None and b == "x" for a, b in rows),
        "unique_where": repeated([a for a, b in rows if a is not None and b == "x"]),
    }


_ROWS = st.lists(st.tuples(st.none() | st.integers(-1, 4), st.none() | st.sampled_from(["x", "y", "it's"])), max_size=8)


@given(rows=_ROWS)
@settings(deadline=None, max_examples=50)
def test_every_kind_counts_what_the_same_rule_counts_by_hand(rows: list[tuple[int | None, str | None]]) -> None:
    with _stored() as con:
        for row in rows:
            con.execute("insert into rows values (?, ?)", row)
        results = run_tests(con, "rows", list(_EVERY_KIND.values()), of=("marts", "children"))
    assert {result.name: result.failing_rows for result in results} == _expected(rows)
    for result in results:
        assert result.passed == (result.failing_rows == 0)
        assert len(result.sample) == min(result.failing_rows, 5)


@pytest.mark.parametrize(
    "wrong",
    [
        _test("expression_is_true", name="wrong", expression="nope > 1"),
        _test("not_null", name="wrong", columns=("nope",)),
        _test("unique", name="wrong", columns=("nope",)),
        _test("expression_is_true", name="wrong", expression="a >"),
    ],
)
def test_a_test_that_can_not_run_is_named_with_its_place(con: duckdb.DuckDBPyConnection, wrong: GenericTest) -> None:
    con.execute("begin")
    with pytest.raises(TestError, match=r"schema\.yml:7: test wrong can't run"):
        run_tests(con, "rows", [_EVERY_KIND["not_null"], wrong, _EVERY_KIND["column"]], of=("marts", "children"))
    con.execute("rollback")


def test_an_expression_that_fails_on_the_data_is_an_error_of_the_tests(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("delete from rows")
    con.execute("insert into rows values (1, 'x')")
    wrong = _test("expression_is_true", name="wrong", expression="b::integer > 0")
    con.execute("begin")
    with pytest.raises(TestError, match=r"schema\.yml:7: .*wrong.* can't run: .*'x'"):
        run_tests(con, "rows", [wrong], of=("marts", "children"))
    con.execute("rollback")


def test_rows_of_a_singular_test_are_failures(tmp_path: Path) -> None:
    files = small_project() | {
        "tests/all_have_ids.sql": "select r.run_id from raw.workflow_runs as r where r.run_attempt is null -- none",
        "tests/none_is_red.sql": "select r.run_id from raw.workflow_runs as r where r.conclusion = 'failure'",
    }
    project = load_project(write(tmp_path, files))
    with duckdb.connect(":memory:") as con:
        con.execute("create schema raw")
        con.execute("create table raw.workflow_runs as select 4 as run_id, 1 as run_attempt, 'failure' as conclusion")
        results = run_singular_tests(con, project)
        assert [(result.name, result.passed, result.failing_rows, result.sample) for result in results] == [
            ("all_have_ids", True, 0, ()),
            ("none_is_red", False, 1, ({"run_id": 4},)),
        ]
        assert results[1].blocking
        con.execute("alter table raw.workflow_runs drop run_attempt")
        with pytest.raises(TestError, match=r"all_have_ids\.sql: the test can't run: .*run_attempt"):
            run_singular_tests(con, project)
