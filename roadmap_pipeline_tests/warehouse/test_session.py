"""A warehouse that stays loaded between steps, and never longer than others can wait."""

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from roadmap_pipeline import pipeline
from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.settings import load_settings
from roadmap_pipeline.warehouse import session
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline.warehouse.origin import claim, stored_origin
from roadmap_pipeline.warehouse.session import WarehouseSession
from roadmap_pipeline.warehouse.source_tables import replace_rows
from roadmap_pipeline_tests.github.conftest import full_repository

_OPEN_ELSEWHERE = """
import sys
from roadmap_pipeline.warehouse.connection import connect
with connect(sys.argv[1], lock_timeout_s=10) as con:
    print(con.execute("select n from kept").fetchall())
"""


def _threads(con: duckdb.DuckDBPyConnection) -> int:
    ((threads,),) = con.execute("select current_setting('threads')").fetchall()
    return int(threads)


def _mark(con: duckdb.DuckDBPyConnection) -> None:
    """Change a setting that holds as long as the file stays loaded."""
    con.execute("set global threads = 7")


def test_the_file_stays_loaded_for_the_next_step_and_for_plain_connections(tmp_path: Path) -> None:
    path = str(tmp_path / "w.duckdb")
    warehouse = WarehouseSession(path)
    with warehouse.connect() as con:
        _mark(con)
    with warehouse.connect() as con:
        assert _threads(con) == 7
    with connect(path) as con:
        assert _threads(con) == 7
    warehouse.close()
    with connect(path) as con:
        assert _threads(con) != 7


def test_another_process_gets_in_between_two_steps_that_do_not_follow_at_once(tmp_path: Path) -> None:
    path = str(tmp_path / "w.duckdb")
    warehouse = WarehouseSession(path)
    with warehouse.connect() as con:
        con.execute("create table kept as select 1 as n")
    # Not closed: it lets go by itself.
    found = subprocess.run(
        [sys.executable, "-c", _OPEN_ELSEWHERE, path], capture_output=True, text=True, check=False, timeout=60
    )
    assert found.stdout.strip() == "[(1,)]", found.stderr
    with warehouse.connect() as con:
        assert con.execute("select n from kept").fetchall() == [(1,)]
    warehouse.close()


def test_a_long_series_of_steps_gives_the_file_up_between_two_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(tmp_path / "w.duckdb")
    warehouse = WarehouseSession(path)
    with warehouse.connect() as con:
        _mark(con)
    monkeypatch.setattr(session, "LONGEST_S", 0.0)
    with warehouse.connect():
        pass
    with connect(path, read_only=True, lock_timeout_s=0) as con:
        assert _threads(con) != 7


def test_a_step_that_fails_lets_go_too(tmp_path: Path) -> None:
    path = str(tmp_path / "w.duckdb")
    warehouse = WarehouseSession(path)
    try:
        with warehouse.connect():
            raise ZeroDivisionError
    except ZeroDivisionError:
        pass
    # The other mode within one process has to wait for the file as another process has.
    with connect(path, read_only=True, lock_timeout_s=5) as con:
        assert con.execute("select count(*) from raw.workflow_runs").fetchall() == [(0,)]


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps a lock whatever else is closed")
def test_a_snapshot_does_not_take_the_lock_from_the_next_step(tmp_path: Path) -> None:
    runtime = Runtime(load_settings({}, tmp_path))
    path = runtime.settings.warehouse
    with runtime.warehouse.connect() as con:
        con.execute("create table kept as select 1 as n")
    pipeline.snapshot(runtime)
    with runtime.warehouse.connect():
        found = subprocess.run(
            [sys.executable, "-c", _OPEN_ELSEWHERE.replace("=10", "=0"), path],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    runtime.close()
    assert "is locked" in found.stderr


def test_real_data_do_not_go_into_a_sandbox_file_that_is_still_loaded(tmp_path: Path) -> None:
    runtime = Runtime(load_settings({}, tmp_path))
    claim(runtime.settings.warehouse, "sandbox")
    with runtime.warehouse.connect() as con:
        replace_rows(con, "raw.repositories", [{"repo": "acme/payments", "repository_id": 1}])
    (tmp_path / "dump").mkdir()
    (tmp_path / "dump" / "repository.json").write_text(json.dumps(full_repository()))
    pipeline.ingest_dump(runtime, tmp_path / "dump")
    runtime.close()
    assert stored_origin(runtime.settings.warehouse) == "real"
    assert stored_origin(tmp_path / "data" / "roadmap.sandbox.duckdb") == "sandbox"
