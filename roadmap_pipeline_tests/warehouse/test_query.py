"""A person's query on the snapshot."""

from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from roadmap_pipeline.errors import RoadmapError
from roadmap_pipeline.warehouse import source_tables
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline.warehouse.query import QueryError, run_query
from roadmap_pipeline.warehouse.snapshot import publish_snapshot


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "roadmap.duckdb"
    with connect(path) as con:
        source_tables.replace_rows(con, "config.autofix_bots", [{"login": "a"}, {"login": "b"}])
    publish_snapshot(path)
    return path


def test_columns_and_rows_come_from_the_snapshot_while_the_file_is_locked(path: Path) -> None:
    with connect(path) as con:
        con.execute("delete from config.autofix_bots")
        columns, rows = run_query(path, "select b.login, 1 as n from config.autofix_bots as b order by b.login")
    assert columns == ["login", "n"]
    assert rows == [("a", 1), ("b", 1)]


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("from config.autofix_bots select count(*)", [(2,)]),
        ("with x as (select 1 as a) select a from x;", [(1,)]),
        ("pivot config.autofix_bots on login using count(*)", [(1, 1)]),
        ("values (1), (2)", [(1,), (2,)]),
    ],
)
def test_every_way_to_read_works(path: Path, sql: str, rows: list[tuple[int, ...]]) -> None:
    assert run_query(path, sql).rows == rows


@pytest.mark.parametrize("sql", ["describe config.autofix_bots", "show all tables", "explain analyze select 1"])
def test_looking_around_works(path: Path, sql: str) -> None:
    assert run_query(path, sql).rows


def test_zoned_times_come_back_in_utc(path: Path) -> None:
    columns, rows = run_query(path, "select timestamptz '2026-11-09 01:00:00+01' as t, null::timestamptz as n, 1 as n")
    assert columns == ["t", "n", "n_1"]
    assert rows == [(datetime.fromisoformat("2026-11-09T00:00:00"), None, 1)]


@pytest.mark.parametrize(
    "sql",
    [
        "delete from config.autofix_bots",
        "insert into config.autofix_bots values ('c') returning *",
        "create table x as select 1",
        pytest.param(
            "with d as (delete from config.autofix_bots returning *) select * from d",
            marks=pytest.mark.skipif(duckdb.__version__ < "2", reason="no SQL for DuckDB 1"),
        ),
        "copy config.autofix_bots to '{out}'",
        "explain analyze copy config.autofix_bots to '{out}'",
        "explain (analyze) copy config.autofix_bots to '{out}'",
        "attach '{out}' as other",
        "export database '{out}'",
        "set threads = 1",
        "vacuum",
    ],
)
def test_statements_that_write_are_refused_and_leave_no_trace(path: Path, sql: str) -> None:
    before = sorted(path.parent.iterdir())
    with pytest.raises(QueryError, match="for reading only"):
        run_query(path, sql.format(out=path.parent / "out"))
    assert sorted(path.parent.iterdir()) == before
    assert run_query(path, "select count(*) from config.autofix_bots").rows == [(2,)]


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_text('{secret}')",
        "select * from read_csv('{secret}')",
        "select * from read_blob('{secret}')",
        "select * from read_json('{secret}')",
        "from '{secret}'",
        "select * from glob('{folder}/*')",
        "select * from sniff_csv('{secret}')",
        "select (select content from read_text('{secret}'))",
        "with x as (from read_text('{secret}')) from x",
        "select * from query('select * from read_text(''{secret}'')')",
        "summarize from read_text('{secret}')",
        "describe from read_csv('{secret}')",
        "explain analyze select * from read_text('{secret}')",
        "from 'https://evil.example/x.csv'",
        "from 's3://bucket/x.parquet'",
        "from duckdb_secrets()",
    ],
)
def test_nothing_beyond_the_snapshot_is_read(path: Path, sql: str) -> None:
    secret = path.parent / "secret.csv"
    secret.write_text("s3cret\n1\n")
    with pytest.raises(QueryError) as caught:
        run_query(path, sql.format(secret=secret, folder=path.parent))
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "sql",
    [
        "install httpfs",
        "load httpfs",
        "attach '{live}' as live",
        "set enable_external_access = true",
        "reset enable_external_access",
        "pragma enable_external_access = true",
        "create secret s (type s3)",
        "call pragma_version()",
        "prepare p as select 1",
        "use memory",
    ],
)
def test_what_would_open_the_way_out_is_refused(path: Path, sql: str) -> None:
    with pytest.raises(QueryError):
        run_query(path, sql.format(live=path))


def test_a_query_sees_no_variable_of_the_program(path: Path) -> None:
    for name in ("sql", "con", "statements", "relation", "snapshot"):
        with pytest.raises(QueryError, match="does not exist"):
            run_query(path, f"select * from {name}")


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("selec 1", "selec"),
        ("select nope", "nope"),
        ("", "one query"),
        ("select 1; select 2", "one query"),
        ("select 1/'a'", "a"),
    ],
)
def test_a_query_that_fails_says_why(path: Path, sql: str, said: str) -> None:
    with pytest.raises(QueryError, match=said):
        run_query(path, sql)


def test_without_a_snapshot_the_remedy_is_named(tmp_path: Path) -> None:
    with pytest.raises(RoadmapError, match="run `roadmap run` first"):
        run_query(tmp_path / "roadmap.duckdb", "select 1")
    assert list(tmp_path.iterdir()) == []
