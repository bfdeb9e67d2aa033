"""Opening the warehouse, its lock, and transactions."""

import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from roadmap_pipeline import warehouse
from roadmap_pipeline.errors import RoadmapError
from roadmap_pipeline.warehouse.connection import WarehouseError, connect, scalar, transaction
from roadmap_pipeline.warehouse_configuration import DEFAULT_MEMORY_LIMIT, Warehouse, in_bytes

_HOLD = """
import sys, duckdb
con = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "reader")
print("open", flush=True)
sys.stdin.readline()
con.close()
"""


@contextmanager
def _another_process(path: Path, mode: str = "writer") -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(path), mode], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "open\n"
        yield process
        process.communicate("\n")


def test_importing_the_package_does_not_import_the_engines() -> None:
    modules = sorted(path.stem for path in Path(warehouse.__file__).parent.glob("*.py"))
    heavy = {"duckdb", "sqlglot", "pandas", "pyarrow"}
    imports = "; ".join(f"import {warehouse.__name__}.{module}" for module in modules)
    code = f"import sys; {imports}; sys.exit(' '.join(sorted({heavy!r} & set(sys.modules))))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (1, "\n")


def test_a_missing_file_is_made_with_its_folder_and_the_source_tables(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "roadmap.duckdb"
    with connect(path) as con:
        assert scalar(con, "select count(*) from raw.workflow_runs") == 0
        assert scalar(con, "select current_setting('TimeZone')") == "UTC"
    assert path.exists()


def test_what_was_written_is_there_for_the_next_connection_also_read_only(tmp_path: Path) -> None:
    path = tmp_path / "roadmap.duckdb"
    with connect(path) as con:
        con.execute("insert into config.autofix_bots values ('a')")
    with connect(path, read_only=True) as con:
        assert scalar(con, "select login from config.autofix_bots") == "a"
        with pytest.raises(duckdb.InvalidInputException, match="read-only"):
            con.execute("insert into config.autofix_bots values ('b')")


def test_it_closes_when_the_block_fails(tmp_path: Path) -> None:
    path = tmp_path / "roadmap.duckdb"
    with pytest.raises(ZeroDivisionError), connect(path) as con:
        raise ZeroDivisionError
    with pytest.raises(duckdb.ConnectionException):
        con.execute("select 1")
    with _another_process(path):
        pass  # it got the lock


def test_it_waits_until_another_process_gives_up_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "roadmap.duckdb"
    with _another_process(path) as process:
        assert process.stdin
        release = threading.Timer(0.3, process.stdin.close)
        release.start()
        with connect(path, lock_timeout_s=20) as con:
            assert scalar(con, "select 1") == 1
        release.join()
        process.stdin = None


@pytest.mark.parametrize(("held_by", "read_only"), [("writer", False), ("writer", True), ("reader", False)])
def test_a_lock_that_stays_is_an_error_that_names_file_holder_and_remedy(
    tmp_path: Path, held_by: str, read_only: bool
) -> None:
    path = tmp_path / "roadmap.duckdb"
    with connect(path):
        pass
    with _another_process(path, held_by) as process:
        started = time.monotonic()
        with pytest.raises(WarehouseError) as error, connect(path, read_only=read_only, lock_timeout_s=0.2):
            pass
        assert 0.2 <= time.monotonic() - started < 5
        assert str(path) in str(error.value)
        assert re.search(rf"process {process.pid} \(python[\d.]*\) holds it", str(error.value))
        assert "snapshot" in str(error.value)


def test_two_readers_share_the_file(tmp_path: Path) -> None:
    path = tmp_path / "roadmap.duckdb"
    with connect(path):
        pass
    with _another_process(path, "reader"), connect(path, read_only=True, lock_timeout_s=0) as con:
        assert scalar(con, "select 1") == 1


def test_a_thread_that_reads_waits_for_a_thread_that_writes(tmp_path: Path) -> None:
    path = tmp_path / "roadmap.duckdb"
    with connect(path):
        with (
            pytest.raises(WarehouseError, match="this process itself"),
            connect(path, read_only=True, lock_timeout_s=0),
        ):
            pass
        with connect(path, lock_timeout_s=0) as second:
            assert scalar(second, "select 1") == 1


@pytest.mark.parametrize("read_only", [False, True])
def test_a_file_that_is_no_database_is_refused_at_once(tmp_path: Path, read_only: bool) -> None:
    path = tmp_path / "notes.duckdb"
    path.write_text("not a database " * 1000)
    started = time.monotonic()
    with pytest.raises(WarehouseError, match=r"notes\.duckdb.*not a DuckDB file"), connect(path, read_only=read_only):
        pass
    assert time.monotonic() - started < 5
    assert path.read_text().startswith("not a database")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RoadmapError, match="can't be opened"), connect(tmp_path):
        pass


def test_a_parent_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RoadmapError, match="ROADMAP_WAREHOUSE"), connect(tmp_path / "file" / "roadmap.duckdb"):
        pass


def test_reading_a_file_that_is_missing_names_the_remedy(tmp_path: Path) -> None:
    with (
        pytest.raises(RoadmapError, match="roadmap run"),
        connect(tmp_path / "roadmap.duckdb", read_only=True),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_would_make_schemas_ambiguous_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RoadmapError, match=r"raw\.duckdb"), connect(tmp_path / "raw.duckdb"):
        pass


def test_a_transaction_keeps_all_or_nothing(tmp_path: Path) -> None:
    with connect(tmp_path / "roadmap.duckdb") as con:
        with pytest.raises(ZeroDivisionError), transaction(con):
            con.execute("insert into config.autofix_bots values ('lost')")
            raise ZeroDivisionError
        with pytest.raises(duckdb.ConversionException), transaction(con):
            con.execute("insert into config.autofix_bots values ('lost')")
            con.execute("select cast(login as integer) from config.autofix_bots").fetchall()
        with transaction(con):
            con.execute("insert into config.autofix_bots values ('kept')")
    with connect(tmp_path / "roadmap.duckdb") as con:
        assert con.execute("select login from config.autofix_bots").fetchall() == [("kept",)]


def test_a_commit_that_fails_says_why(tmp_path: Path) -> None:
    path = tmp_path / "roadmap.duckdb"
    with connect(path) as one, connect(path) as two:
        one.execute("insert into config.autofix_bots values ('a')")
        with pytest.raises(duckdb.TransactionException, match="onflict"), transaction(one):
            one.execute("update config.autofix_bots set login = 'one'")
            with transaction(two):
                two.execute("update config.autofix_bots set login = 'two'")
        assert scalar(one, "select count(*) from config.autofix_bots") == 1


def test_scalar_leaves_no_open_result(tmp_path: Path) -> None:
    with connect(tmp_path / "roadmap.duckdb") as con:
        assert scalar(con, "select i from range(10) as r(i) where i > ? order by i", (3,)) == 4
        assert scalar(con, "select 1 where false") is None
        assert con.sql("select 5").fetchall() == [(5,)]


def test_duckdb_takes_no_more_memory_than_the_configuration_says(tmp_path: Path) -> None:
    def limits(path: Path, given: Warehouse | None = None) -> tuple[float, str]:
        with connect(path, limits=given) as con:
            ((memory, folder),) = con.execute(
                "select current_setting('memory_limit'), current_setting('temp_directory')"
            ).fetchall()
        return in_bytes(memory), folder

    memory, folder = limits(tmp_path / "a.duckdb")
    assert memory <= in_bytes(DEFAULT_MEMORY_LIMIT)
    assert folder == f"{tmp_path / 'a.duckdb'}.tmp"
    spill = str(tmp_path / "spill")
    memory, folder = limits(tmp_path / "b.duckdb", Warehouse(memory_limit="300MB", temp_directory=spill))
    assert 299e6 < memory <= 300e6
    assert folder == spill


def test_what_exceeds_the_memory_goes_to_the_disk_also_for_the_next_connection(tmp_path: Path) -> None:
    given = Warehouse(memory_limit="40MB", temp_directory=str(tmp_path / "spill"))
    with connect(tmp_path / "a.duckdb", limits=given) as con:
        con.execute("create temp table big as select hash(i)::varchar as t from range(1_000_000) as r(i)")
        # The folder is in use now: setting it again would be an error.
        with connect(tmp_path / "a.duckdb", limits=given) as other:
            assert scalar(other, "select 1") == 1
        assert scalar(con, "select count(distinct t) from big") == 1_000_000
