"""A lake against a file: the same rows, workers side by side, locks, conflicts, readers, and no secret anywhere.

A suite of its own (`make test-lake`), in an environment with DuckDB's extensions: it starts PostgreSQL and S3.
"""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dbt_like_sql.runner.database import scalar
from roadmap_pipeline import pipeline
from roadmap_pipeline.errors import RoadmapError
from roadmap_pipeline.explain.recompute import attached
from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.settings import Settings, load_settings
from roadmap_pipeline.sync.lock import exclusive
from roadmap_pipeline.warehouse.compaction import compact
from roadmap_pipeline.warehouse.connection import WarehouseError, attach_reading, connect
from roadmap_pipeline.warehouse.copying import copy_warehouse
from roadmap_pipeline.warehouse.models import Policy, build, project
from roadmap_pipeline.warehouse.parquet_export import export_tables
from roadmap_pipeline.warehouse.query import open_published, published, run_query
from roadmap_pipeline.warehouse.source_tables import replace_rows
from roadmap_pipeline.warehouse.transactions import RETRIES, in_transaction
from roadmap_pipeline_tests.deploy.postgres import NAME, PASSWORD
from roadmap_pipeline_tests.stopped import SmallWorld, small
from roadmap_pipeline_tests.warehouse.lake.servers import BUCKET, SECRET, LakeServers
from roadmap_sandbox.organisation import generate

_PLUMBING = frozenset({"build", "changes"})


pytestmark = pytest.mark.usefixtures("servers")


@dataclass(frozen=True)
class Both:
    """One organisation, read and built twice: into a file, and by two workers at once into a lake."""

    world: SmallWorld
    file: Settings
    lake: Settings


@pytest.fixture(scope="module")
def both(servers: LakeServers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("both")
    content, _ = generate()
    names = list(content.repositories)
    with small(folder, content) as world:
        environment = {
            **world.environment,
            "GITHUB_REPOSITORY": ",".join(names),
            "ROADMAP_NOW": content.clock.isoformat(),
        }
        file = load_settings(environment, folder)
        lake = load_settings({**environment, "ROADMAP_WAREHOUSE": servers.address("both")}, folder)
        with Runtime(file) as runtime:
            pipeline.ingest(runtime)
            pipeline.build_all(runtime)
        workers = [
            _worker({**environment, "ROADMAP_WAREHOUSE": lake.warehouse}, folder, *chosen)
            for chosen in (names[:1], names[1:])
        ]
        for worker in workers:
            _, told = worker.communicate(timeout=3600)
            assert worker.returncode == 0, told
        with Runtime(lake) as runtime:
            pipeline.build_all(runtime)
            pipeline.snapshot(runtime)
        yield Both(world, file, lake)


def _worker(environment: Mapping[str, str], folder: Path, *repositories: str) -> "subprocess.Popen[str]":
    words = [word for name in repositories for word in ("--repository", name)]
    return subprocess.Popen(
        [Path(sys.executable).parent / "roadmap", "ingest", *words],
        env={**os.environ, **environment},
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def _tables(con: "duckdb.DuckDBPyConnection", database: str) -> set[tuple[str, str]]:
    rows = con.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = $1 and not internal union all"
        " select schema_name, view_name from duckdb_views() where database_name = $1 and not internal",
        [database],
    ).fetchall()
    return {(schema, name) for schema, name in rows if schema not in _PLUMBING}


def _differences(both: Both) -> dict[str, Any]:
    """Return of each table that isn't the same in both what differs: its columns, or how many rows."""
    found: dict[str, Any] = {}
    with connect(both.lake.warehouse, read_only=True) as con:
        lake = scalar(con, "select current_database()")
        attach_reading(con, both.file.warehouse, "file")
        tables = _tables(con, lake)
        assert tables == _tables(con, "file")
        assert len(tables) > 150
        for schema, name in sorted(tables):
            here, there = (f'{database}.{schema}."{name}"' for database in (lake, "file"))
            columns, others = (
                [row[:2] for row in con.execute(f"describe {table}").fetchall()] for table in (here, there)
            )
            if columns != others:
                found[f"{schema}.{name}"] = (columns, others)
                continue
            ((more, fewer),) = con.execute(
                f"select (select count(*) from (from {here} except all from {there})),"
                f" (select count(*) from (from {there} except all from {here}))"
            ).fetchall()
            if more or fewer:
                found[f"{schema}.{name}"] = (more, fewer)
        con.execute("detach file")
    return found


def test_two_workers_and_a_build_give_the_rows_of_a_file(both: Both) -> None:
    assert _differences(both) == {}
    with connect(both.lake.warehouse, read_only=True) as con:
        assert scalar(con, "select count(*) from raw.workflow_runs") > 3_000
        assert scalar(con, "select count(distinct repo) from raw.workflow_runs") == len(both.lake.repositories)


def test_nothing_new_writes_nothing_and_builds_nothing(both: Both) -> None:
    for settings in (both.file, both.lake):
        with Runtime(settings) as runtime:
            assert not any(pipeline.ingest(runtime).read.values())
            assert {result.action for result in pipeline.build_all(runtime).models} == {"skipped"}
    assert _differences(both) == {}


def test_changed_rows_are_applied_as_to_a_file(both: Both) -> None:
    """Applied row by row, in an overlay; then a build of everything changes nothing of it."""
    actions = []
    for settings in (both.file, both.lake):
        with connect(settings.warehouse) as con:
            newest = scalar(con, "select max(run_id) from raw.workflow_runs where conclusion = 'success'")
            stored = con.sql(f"from raw.workflow_runs where run_id = {newest}").to_arrow_table().to_pylist()
            changed = [{**row, "conclusion": "failure"} for row in stored]
            in_transaction(con, partial(replace_rows, con, "raw.workflow_runs", changed))
            results = build(con, project(), None, Policy(small_rows=0, share=1.0))
            actions.append([(result.model.qualified_name, result.action) for result in results])
    assert actions[0] == actions[1]
    assert sum(action == "incremental" for _, action in actions[1]) > 10
    assert _differences(both) == {}


def test_readers_see_what_was_published_while_others_write(both: Both, tmp_path: Path) -> None:
    with connect(both.lake.warehouse) as con:
        before = scalar(con, "select count(*) from raw.workflow_runs")
        in_transaction(
            con, lambda: con.execute("insert into config.autofix_bots values ('somebody'), ('somebody else')")
        )
    sql = "select count(*) from config.autofix_bots where login like 'somebody%'"
    assert run_query(both.lake.warehouse, sql).rows == [(0,)]
    with open_published(both.lake.warehouse) as con:
        assert scalar(con, "select count(*) from raw.workflow_runs") == before
        assert scalar(con, "select comment from duckdb_tables() where table_name = 'ci_weekly'")
        with pytest.raises(duckdb.Error, match="read-only"):
            con.execute("delete from config.autofix_bots")
    exported = export_tables(both.lake.warehouse, tmp_path / "exported")
    assert next(table.rows for table in exported if table.name == "marts.ci_weekly") > 0
    with attached(both.lake.warehouse) as con:
        assert scalar(con, sql) == 0
    with Runtime(both.lake) as runtime:
        pipeline.snapshot(runtime)
    assert run_query(both.lake.warehouse, sql).rows == [(2,)]
    assert "snapshot=" in str(published(both.lake.warehouse))


@contextmanager
def _another_process(servers: LakeServers, name: str, code: str) -> Iterator["subprocess.Popen[str]"]:
    text = (
        "import sys\nfrom roadmap_pipeline.warehouse.connection import connect\n"
        "from roadmap_pipeline.warehouse.lake.address import parse\n"
        "from roadmap_pipeline.warehouse.lake.locks import locked\n"
        f"address = sys.argv[1]\n{code}\n    print('open', flush=True)\n    sys.stdin.readline()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", text, servers.address(name)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "open\n"
        yield process
        if process.stdin:
            process.stdin.close()
        process.wait(60)


def test_one_process_at_a_time_writes_and_the_other_is_named(servers: LakeServers) -> None:
    lake = servers.address("locks")
    with _another_process(servers, "locks", "with connect(address):") as process:
        with (
            pytest.raises(WarehouseError, match=rf"locked: process {process.pid} on .* holds it") as refusal,
            connect(lake, lock_timeout_s=0.2),
        ):
            pass
        assert PASSWORD not in str(refusal.value)
        with connect(lake, read_only=True) as con:  # readers aren't held up
            assert scalar(con, "select count(*) from raw.workflow_runs") == 0
        assert process.stdin
        release = threading.Timer(0.5, process.stdin.close)
        release.start()
        with connect(lake, lock_timeout_s=60) as con:
            assert scalar(con, "select count(*) from raw.workflow_runs") == 0
        release.join()


def test_a_lock_ends_with_the_process_that_held_it(servers: LakeServers) -> None:
    with _another_process(servers, "locks", "with connect(address):") as process:
        process.kill()
        process.wait()
        with connect(servers.address("locks"), lock_timeout_s=30):
            pass


def test_whoever_ingests_holds_the_lock_for_a_transaction_only(servers: LakeServers) -> None:
    lake = servers.address("locks")
    with connect(lake):
        pass
    with _another_process(servers, "locks", "with connect(address, exclusive=False):"), connect(lake, lock_timeout_s=5):
        pass


def test_the_same_lock_can_be_taken_again_within_a_process(servers: LakeServers) -> None:
    lake = servers.address("locks")
    with connect(lake, lock_timeout_s=5), connect(lake, lock_timeout_s=5) as con:
        assert in_transaction(con, lambda: 1) == 1


def test_a_conflict_is_done_again_as_a_whole(servers: LakeServers, caplog: pytest.LogCaptureFixture) -> None:
    lake = servers.address("conflicts")
    attempts = []
    with connect(lake) as con:
        con.execute("insert into config.autofix_bots values ('a')")

        def add() -> int:
            attempts.append(scalar(con, "select count(*) from config.autofix_bots"))
            if len(attempts) < 3:
                _somebody_else_writes(lake, f"b{len(attempts)}")
            con.execute("delete from config.autofix_bots where login = 'a'")
            con.execute("insert into config.autofix_bots values ('a')")
            return attempts[-1]

        with caplog.at_level(logging.WARNING):
            assert in_transaction(con, add) == 3
        assert con.execute("select login from config.autofix_bots order by 1").fetchall() == [("a",), ("b1",), ("b2",)]
    assert attempts == [1, 2, 3]
    said = [record.getMessage() for record in caplog.records]
    assert [message.split("; ", 1)[1].split(" in ")[0] for message in said] == ["the transaction is done again"] * 2


def test_conflicts_without_end_are_given_up(servers: LakeServers, monkeypatch: pytest.MonkeyPatch) -> None:
    from roadmap_pipeline import interruption

    monkeypatch.setattr(interruption, "sleep", lambda _seconds: None)
    lake = servers.address("conflicts")
    with connect(lake) as con:

        def add() -> None:
            scalar(con, "select count(*) from config.autofix_bots")
            _somebody_else_writes(lake, "c")
            con.execute("delete from config.autofix_bots")

        with pytest.raises(WarehouseError, match=f"by another program {RETRIES + 1} times while this one did"):
            in_transaction(con, add)
        assert scalar(con, "select count(*) from config.autofix_bots where login = 'a'") == 1


def _somebody_else_writes(lake: str, login: str) -> None:
    """Write to the table as a program would that knows nothing of our locks."""
    from roadmap_pipeline.warehouse.lake.attaching import open_lake

    with open_lake(lake) as con:
        con.execute("begin")
        con.execute("delete from config.autofix_bots where login = ?", [login])
        con.execute("insert into config.autofix_bots values (?)", [login])
        con.execute("commit")


def test_one_sync_at_a_time_on_all_machines(both: Both, servers: LakeServers, tmp_path: Path) -> None:
    """Another machine has another folder of locks."""
    place = f"sync of Notion page {both.lake.notion_parent_page_id} at {both.lake.notion_api_url}"
    with (
        _another_process(servers, "both", f"with locked(parse(address), {place!r}, 5):") as process,
        pytest.raises(RoadmapError, match=f"process {process.pid} on"),
        exclusive(both.lake, timeout_s=0.3),
    ):
        pass
    with exclusive(both.lake, timeout_s=30):
        pass


def test_a_file_is_taken_along_into_a_lake_and_back(both: Both, servers: LakeServers, tmp_path: Path) -> None:
    lake, back = servers.address("moved"), tmp_path / "back.duckdb"
    copied = copy_warehouse(both.file.warehouse, lake)
    assert copied["raw.workflow_jobs"] > 10_000
    assert copy_warehouse(lake, back) == copied
    with connect(back) as con:
        attach_reading(con, both.file.warehouse, "file")
        for name in copied:
            assert scalar(con, f"select count(*) from (from {name} except all from file.{name})") == 0
        con.execute("detach file")


def test_no_secret_is_in_the_catalog_the_files_or_a_message(both: Both, servers: LakeServers) -> None:
    dumped = subprocess.run(
        ["pg_dump", "-d", NAME, "--inserts"], capture_output=True, check=True, env=os.environ
    ).stdout
    assert len(dumped) > 100_000
    storage = servers.storage()
    bodies = [storage.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in servers.objects("both")]
    assert len(bodies) > 100
    secrets = [PASSWORD.encode(), SECRET.encode()]
    assert not [secret for secret in secrets if any(secret in text for text in (dumped, *bodies))]
    quoted = PASSWORD.replace("'", "\\'")
    for wrong in (
        f"ducklake:postgres:dbname=nowhere password='{quoted}'",
        f"ducklake:postgres:dbname={NAME} password='{quoted}' port=1",
        f"ducklake:postgres:dbname={NAME} password='x{quoted}'?schema=locks",
    ):
        with (
            pytest.raises(WarehouseError, match=r"can't be opened: .*connection to server") as failure,
            connect(wrong, read_only=True),
        ):
            pass
        assert PASSWORD not in str(failure.value)


def test_a_password_in_the_address_is_used(servers: LakeServers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGPASSWORD")
    lake = servers.address("locks").replace("dbname=", f"password='{PASSWORD}' dbname=")
    with connect(lake) as con:
        assert scalar(con, "select count(*) from raw.workflow_runs") == 0
        everything = repr(con.execute("from duckdb_databases()").fetchall())
        assert PASSWORD not in everything + repr(con.execute("from duckdb_secrets()").fetchall())
        assert SECRET not in repr(con.execute("from duckdb_secrets()").fetchall())


def test_compacting_merges_files_and_keeps_what_readers_have(both: Both, servers: LakeServers) -> None:
    with Runtime(both.lake) as runtime:
        pipeline.build_all(runtime)  # what other tests wrote is taken in
        pipeline.snapshot(runtime)
    different = _differences(both)
    sql = "select count(*), sum(run_id)::bigint from raw.workflow_runs"
    before = run_query(both.lake.warehouse, sql).rows
    stored = len(servers.objects("both"))
    done = compact(both.lake.warehouse, 0.0)
    assert done.after.files < done.before.files
    assert len(servers.objects("both")) < stored  # what readers have open is there beside what it was merged to
    assert run_query(both.lake.warehouse, sql).rows == before
    with connect(both.lake.warehouse) as con:
        assert con.execute(sql).fetchall() == before
        assert scalar(con, "select count(*) from roadmap.snapshots()") <= 3
    assert _differences(both) == different
    with Runtime(both.lake) as runtime:
        assert {result.action for result in pipeline.build_all(runtime).models} == {"skipped"}


def test_a_server_that_was_started_anew_is_found_again(servers: LakeServers) -> None:
    lake = servers.address("locks")
    with connect(lake) as con:
        in_transaction(con, lambda: con.execute("insert into config.autofix_bots values ('kept')"))
    servers.database.stop()
    with pytest.raises((WarehouseError, duckdb.Error)), connect(lake, lock_timeout_s=1):
        pass
    servers.database.start()
    with connect(lake) as con:
        assert scalar(con, "select count(*) from config.autofix_bots where login = 'kept'") == 1
