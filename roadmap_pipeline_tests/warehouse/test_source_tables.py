"""Loading rows into the tables that Python fills."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadmap_pipeline.warehouse import source_tables
from roadmap_pipeline.warehouse.connection import connect

_VERDICT = st.fixed_dictionaries(
    {"repo": st.just("acme/payments"), "job_id": st.integers(1, 6)},
    optional={
        "category": st.none()
        | st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=5),
        "line": st.none() | st.integers(0, 2**40),
        "retryable": st.none() | st.booleans(),
    },
)
_CRITICAL = st.fixed_dictionaries({"repo": st.sampled_from(["a/b", "a/c"]), "workflow_path": st.sampled_from("xyz")})


def _stored(con: duckdb.DuckDBPyConnection, table: str) -> list[dict[str, Any]]:
    names = [column.name for column in source_tables.BY_NAME[table].columns]
    return [dict(zip(names, row, strict=True)) for row in con.execute(f"select * from {table}").fetchall()]


def _complete(table: str, row: dict[str, Any]) -> dict[str, Any]:
    return {column.name: row.get(column.name) for column in source_tables.BY_NAME[table].columns}


def test_topics_and_properties_of_an_older_version_are_those_of_the_payload(tmp_path: Path) -> None:
    rows = [
        {"repo": "acme/a", "payload": '{"topics": ["team-a", "b"], "custom_properties": {"team": "a"}}'},
        {"repo": "acme/b", "payload": '{"topics": null}'},
        {"repo": "acme/c", "payload": "{}"},
    ]
    with connect(tmp_path / "roadmap.duckdb") as con:
        source_tables.replace_rows(con, "raw.repositories", rows)
        con.execute("alter table raw.repositories drop column topics")
        con.execute("alter table raw.repositories drop column custom_properties")
        con.execute("drop table build.declarations")
    with connect(tmp_path / "roadmap.duckdb") as con:
        stored = con.execute("select repo, topics, custom_properties from raw.repositories order by repo").fetchall()
        assert stored == [
            ("acme/a", ["team-a", "b"], '{"team":"a"}'), ("acme/b", None, None), ("acme/c", None, None),
        ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("table", "rows"), [("derived.failure_verdicts", _VERDICT), ("config.critical_workflows", _CRITICAL)]
)
def test_any_sequence_of_replacements_equals_a_dict_by_key(table: str, rows: st.SearchStrategy[dict[str, Any]]) -> None:
    key = source_tables.BY_NAME[table].key

    @settings(deadline=None)
    @given(batches=st.lists(st.tuples(st.booleans(), st.lists(rows, max_size=6)), max_size=6))
    def check(batches: list[tuple[bool, list[dict[str, Any]]]]) -> None:
        source_tables.replace_table(con, table, [])
        expected: dict[tuple[Any, ...], dict[str, Any]] = {}
        for whole_table, batch in batches:
            if whole_table:
                expected.clear()
                source_tables.replace_table(con, table, batch)
            else:
                source_tables.replace_rows(con, table, batch)
            expected |= {tuple(row[name] for name in key): _complete(table, row) for row in batch}
        stored = _stored(con, table)
        assert {tuple(row[name] for name in key): row for row in stored} == expected
        assert len(stored) == len(expected)

    with duckdb.connect(":memory:") as con:
        source_tables.create_source_tables(con)
        check()


def test_every_type_comes_back_as_it_was_put_in(tmp_path: Path) -> None:
    run = {
        "repo": "acme/payments",
        "run_id": 2**40,
        "run_attempt": 1,
        "pull_request_numbers": [3, 4],
        "created_at": datetime(2026, 11, 9, 23, 59, 59, 123456, tzinfo=UTC).replace(tzinfo=None),
        "payload": '{"id": 1}',
    }
    with connect(tmp_path / "roadmap.duckdb") as con:
        assert source_tables.replace_rows(con, "raw.workflow_runs", [run]) == 1
        assert _stored(con, "raw.workflow_runs") == [_complete("raw.workflow_runs", run)]


def test_a_column_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with (
        connect(tmp_path / "roadmap.duckdb") as con,
        pytest.raises(ValueError, match=r"raw\.issues has no column nope"),
    ):
        source_tables.replace_rows(con, "raw.issues", [{"repo": "a/b", "number": 1, "nope": 1}])


def test_every_table_and_column_has_its_description_as_comment(tmp_path: Path) -> None:
    with connect(tmp_path / "roadmap.duckdb") as con:
        source_tables.describe_source_tables(con)
        tables = dict(
            con.execute(
                "select schema_name || '.' || table_name, comment from duckdb_tables()"
                " where schema_name not in ('build', 'changes')"  # the state of building: nobody's data
            ).fetchall()
        )
        columns = con.execute(
            "select schema_name || '.' || table_name, column_name, data_type, comment from duckdb_columns()"
            " where not internal order by column_index"
        ).fetchall()
    assert tables == {table.qualified_name: table.description for table in source_tables.TABLES}
    for table in source_tables.TABLES:
        found = [row[1:] for row in columns if row[0] == table.qualified_name]
        assert found == [(column.name, column.type, column.description) for column in table.columns]


def test_creating_the_tables_again_keeps_their_rows(tmp_path: Path) -> None:
    with connect(tmp_path / "roadmap.duckdb") as con:
        source_tables.replace_rows(con, "config.autofix_bots", [{"login": "autofix-ci[bot]"}])
    with connect(tmp_path / "roadmap.duckdb") as con:
        assert _stored(con, "config.autofix_bots") == [{"login": "autofix-ci[bot]"}]


@pytest.mark.parametrize(
    "before", ["drop table build.declarations", "update build.declarations set digest = 'of an older version'"]
)
def test_a_file_of_an_older_version_gets_its_missing_columns(before: str, tmp_path: Path) -> None:
    path = tmp_path / "roadmap.duckdb"
    job = {"repo": "acme/payments", "job_id": 1, "category": "test", "evidence": "E   assert 1 == 2", "line": 3}
    with connect(path) as con:
        source_tables.describe_source_tables(con)
        source_tables.replace_rows(con, "derived.failure_verdicts", [job])
    with duckdb.connect(str(path)) as con:
        con.execute("alter table derived.failure_verdicts drop column evidence")
        con.execute("alter table derived.failure_verdicts drop column retryable")
        con.execute("drop table derived.reports")
        con.execute(before)
    with connect(path) as con:
        (kept,) = con.execute(
            "select job_id, category, line, evidence, retryable from derived.failure_verdicts"
        ).fetchall()
        assert kept == (1, "test", 3, None, None)
        found = con.execute(
            "select column_name, data_type, comment from duckdb_columns()"
            " where schema_name = 'derived' and table_name = 'failure_verdicts'"
        ).fetchall()
        wanted = source_tables.BY_NAME["derived.failure_verdicts"].columns
        assert set(found) == {(column.name, column.type, column.description) for column in wanted}
        # Order in the file does not matter to loading.
        source_tables.replace_rows(con, "derived.failure_verdicts", [{**job, "retryable": True}])
        assert con.execute("select line, evidence, retryable from derived.failure_verdicts").fetchall() == [
            (3, "E   assert 1 == 2", True)
        ]
        assert con.execute("select count(*) from derived.reports").fetchall() == [(0,)]
