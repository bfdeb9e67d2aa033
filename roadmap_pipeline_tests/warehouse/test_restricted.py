"""SQL of one's own: it reads tables, and has no way out of them."""

import time
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from roadmap_pipeline.warehouse.connection import WarehouseError
from roadmap_pipeline.warehouse.query import QueryError
from roadmap_pipeline.warehouse.restricted import open_restricted, run_restricted


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("restricted") / "some.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("create table numbers as select range as n from range(5)")
    (path.parent / "secret.csv").write_text("a\n1\n", encoding="utf-8")
    return path


def test_rows_are_bounded_and_parameters_named(file: Path) -> None:
    with open_restricted(file) as con:
        parameters = {"week": "2026-W46", "start": date(2026, 11, 9)}
        sql = "-- of one week\nselect n, $week as week, $start + 1 as day from numbers order by n;\n"
        result = run_restricted(con, sql, parameters, 2)
        assert (result.columns, result.has_more) == (["n", "week", "day"], True)
        assert result.rows == [(0, "2026-W46", date(2026, 11, 10)), (1, "2026-W46", date(2026, 11, 10))]
        assert not run_restricted(con, "select n from numbers", parameters, 5).has_more
        assert run_restricted(con, "select n from numbers where n > 9", parameters, 5).rows == []
        values = run_restricted(con, "select 1.50::decimal(4, 2), timestamptz '2026-11-09 10:00:00+02'", parameters, 1)
        assert values.rows == [(Decimal("1.50"), datetime(2026, 11, 9, 8, tzinfo=UTC))]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("create table more as select 1", "writes"),
        ("insert into numbers values (9)", "writes"),
        ("copy numbers to '{folder}/out.csv'", "writes"),
        ("explain analyze copy numbers to '{folder}/out.csv'", "writes"),
        ("attach '{folder}/other.duckdb'", "writes"),
        ("install httpfs", "writes"),
        ("set enable_external_access = true", "writes"),
        ("select 1; select 2", "not 2"),
        ("", "not 0"),
        ("select * from '{folder}/secret.csv'", "disabled"),
        ("select * from read_csv('{folder}/secret.csv')", "disabled"),
        ("select * from read_text('{folder}/secret.csv')", "disabled"),
        ("select * from glob('{folder}/*')", "disabled"),
        ("select * from read_parquet('https://example.com/x.parquet')", ""),
        ("select getenv('HOME')", "does not exist"),
        ("select * from duckdb_secrets()", "disabled"),
        ("select $month", "$month is no parameter; known here: $week"),
        ("selec 1", "syntax error"),
        ("select nothing from numbers", "nothing"),
    ],
)
def test_it_cannot_get_out(sql: str, reason: str, file: Path) -> None:
    before = sorted(path.name for path in file.parent.iterdir())
    with open_restricted(file) as con, pytest.raises(QueryError) as caught:
        run_restricted(con, sql.format(folder=file.parent), {"week": "2026-W46"}, 5)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)
    assert sorted(path.name for path in file.parent.iterdir()) == before


def test_what_takes_too_long_is_broken_off_and_the_next_one_runs(file: Path) -> None:
    with open_restricted(file) as con:
        started = time.monotonic()
        with pytest.raises(QueryError, match="it takes longer than"):
            run_restricted(con, "select count(*) from range(100000000) as a, range(1000000) as b", {}, 5, seconds=0.2)
        assert time.monotonic() - started < 30
        assert run_restricted(con, "select 1", {}, 5).rows == [(1,)]


def test_memory_is_bounded_and_nothing_is_put_on_the_disk(file: Path) -> None:
    sql = "select current_setting('memory_limit') as memory, current_setting('temp_directory') as folder"
    with open_restricted(file) as con:
        assert run_restricted(con, sql, {}, 5).rows == [("953.6 MiB", "")]


def test_only_files_can_be_opened(file: Path) -> None:
    with pytest.raises(WarehouseError, match="in a file only"), open_restricted("ducklake:somewhere"):
        pass
    with pytest.raises(WarehouseError, match="does not exist"), open_restricted(file.with_name("none.duckdb")):
        pass
