"""The copy that readers open."""

import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from roadmap_pipeline import pipeline
from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.settings import load_settings
from roadmap_pipeline.warehouse import source_tables
from roadmap_pipeline.warehouse.connection import STORAGE_VERSION, WarehouseError, connect, scalar, transaction
from roadmap_pipeline.warehouse.snapshot import publish_snapshot, snapshot_path

_EVERYTHING = (
    "select 'table', schema_name, table_name, comment from duckdb_tables()"
    " union all select 'view', schema_name, view_name, comment from duckdb_views() where not internal"
    " union all select data_type, schema_name, table_name || '.' || column_name, comment from duckdb_columns()"
    " where not internal order by all"
)


def _fill(path: Path, login: str) -> None:
    with connect(path) as con, transaction(con):
        source_tables.replace_table(con, "config.autofix_bots", [{"login": login}])
        con.execute("create schema if not exists marts")
        con.execute("create schema if not exists a_first")
        con.execute("create or replace view a_first.bots as select b.login from config.autofix_bots as b")
        con.execute("comment on view a_first.bots is 'It''s a view.'")
        con.execute("comment on column a_first.bots.login is 'A login.'")


def test_the_name_stands_beside_the_file() -> None:
    assert snapshot_path("data/roadmap.duckdb") == Path("data/roadmap.snapshot.duckdb")
    assert snapshot_path(Path("/x/house")) == Path("/x/house.snapshot.duckdb")
    with pytest.raises(WarehouseError, match="no file"):
        snapshot_path("ducklake:postgres:dbname=x")


def _without_plumbing(found: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    return [row for row in found if row[1] not in ("build", "changes")]


def _format(path: Path) -> str:
    with duckdb.connect(str(path), read_only=True) as con:
        return str(scalar(con, "select tags['storage_version'] from duckdb_databases() where not internal"))


def test_source_tables_and_columns_are_described_to_readers(tmp_path: Path) -> None:
    path = tmp_path / "roadmap.duckdb"
    _fill(path, "autofix-ci[bot]")
    with duckdb.connect(str(publish_snapshot(path)), read_only=True) as con:
        tables = con.execute("select schema_name || '.' || table_name, comment from duckdb_tables()").fetchall()
        columns = con.execute(
            "select column_name, comment from duckdb_columns()"
            " where schema_name = 'config' and table_name = 'autofix_bots'"
        ).fetchall()
    assert {name: comment for name, comment in tables if name in source_tables.BY_NAME} == {
        table.qualified_name: table.description for table in source_tables.TABLES
    }
    assert dict(columns) == {
        column.name: column.description for column in source_tables.BY_NAME["config.autofix_bots"].columns
    }


def test_it_holds_everything_but_the_state_of_building_comments_included(tmp_path: Path) -> None:
    path = tmp_path / "it's a roadmap.duckdb"
    _fill(path, "autofix-ci[bot]")
    with connect(path) as con:
        source_tables.describe_source_tables(con)
        live = con.execute(_EVERYTHING).fetchall()
    snapshot = publish_snapshot(path)
    with connect(snapshot, read_only=True) as con:
        assert con.execute(_EVERYTHING).fetchall() == _without_plumbing(live) != live
        assert scalar(con, "select login from a_first.bots") == "autofix-ci[bot]"
    assert ("view", "a_first", "bots", "It's a view.") in live
    assert sorted(tmp_path.iterdir()) == [path, snapshot]


def test_an_open_reader_keeps_the_old_one_and_the_next_gets_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "roadmap.duckdb"
    _fill(path, "old")
    reader = (
        "import sys, duckdb; con = duckdb.connect(sys.argv[1], read_only=True); print('open', flush=True);"
        "sys.stdin.readline(); print(con.execute('select login from config.autofix_bots').fetchall())"
    )
    snapshot = publish_snapshot(path)
    with subprocess.Popen(
        [sys.executable, "-c", reader, str(snapshot)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "open\n"
        _fill(path, "new")
        publish_snapshot(path)
        assert process.communicate("\n")[0] == "[('old',)]\n"
    with connect(snapshot, read_only=True) as con:
        assert scalar(con, "select login from a_first.bots") == "new"


def test_a_kill_while_copying_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "roadmap.duckdb"
    _fill(path, "old")
    snapshot = publish_snapshot(path)
    before = snapshot.read_bytes()
    building = tmp_path / "roadmap.snapshot.duckdb.building"
    code = """
import os, shutil, signal, sys
from roadmap_pipeline.warehouse.snapshot import publish_snapshot

def half(source, target, _bytes):
    target.write(source.read(1000))
    target.flush()
    os.kill(os.getpid(), signal.SIGKILL)

shutil.copyfileobj = half
publish_snapshot(sys.argv[1])
"""
    process = subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert process.returncode == -signal.SIGKILL
    assert building.exists()
    assert snapshot.read_bytes() == before

    publish_snapshot(path)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["roadmap.duckdb", "roadmap.snapshot.duckdb"]


def test_the_oldest_supported_duckdb_can_read_its_format(tmp_path: Path) -> None:
    path = tmp_path / "roadmap.duckdb"
    _fill(path, "autofix-ci[bot]")
    assert _format(path) == _format(publish_snapshot(path)) == "v1.2.0+"
    assert STORAGE_VERSION == "v1.2.0"


def test_a_warehouse_in_a_newer_format_keeps_it_and_gets_a_snapshot_that_all_can_read(tmp_path: Path) -> None:
    path = tmp_path / "road's.map.duckdb"
    with duckdb.connect(str(path)):
        pass
    newer = _format(path)
    _fill(path, "autofix-ci[bot]")
    with connect(path) as con:
        source_tables.describe_source_tables(con)
        live = con.execute(_EVERYTHING).fetchall()
    snapshot = publish_snapshot(path)
    assert (_format(path), _format(snapshot)) == (newer, "v1.2.0+")
    assert newer != "v1.2.0+"
    with connect(snapshot, read_only=True) as con:
        assert con.execute(_EVERYTHING).fetchall() == _without_plumbing(live)
        assert scalar(con, "select login from a_first.bots") == "autofix-ci[bot]"
    assert sorted(tmp_path.iterdir()) == [path, snapshot]


@pytest.mark.parametrize(("given", "written"), [("", "v1.2.0+"), ("v1.0.0", "v1.0.0+"), ("v1.4.0", "v1.4.0+")])
def test_its_format_is_configured(given: str, written: str, tmp_path: Path) -> None:
    if given:
        (tmp_path / "roadmap.toml").write_text(f'[snapshot]\nstorage_version = "{given}"\n')
    settings = load_settings({}, tmp_path)
    _fill(Path(settings.warehouse), "autofix-ci[bot]")
    assert _format(Path(pipeline.snapshot(Runtime(settings)))) == written


def test_a_format_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    (tmp_path / "roadmap.toml").write_text('[snapshot]\nstorage_version = "v1.2"\n')
    with pytest.raises(ConfigurationError, match=r"snapshot\.storage_version: .*'v1\.2\.0'"):
        load_settings({}, tmp_path)
    path = tmp_path / "roadmap.duckdb"
    _fill(path, "autofix-ci[bot]")
    with pytest.raises(ConfigurationError, match=r"storage_version: DuckDB \S+, .* can't write v99\.0\.0; give"):
        publish_snapshot(path, storage_version="v99.0.0")
    assert sorted(tmp_path.iterdir()) == [path, tmp_path / "roadmap.toml"]
