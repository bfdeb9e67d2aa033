"""Giving back the room that replaced rows took in a file."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from roadmap_pipeline.cli import main
from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.warehouse.compaction import compact
from roadmap_pipeline.warehouse.connection import WarehouseError, connect, scalar


@pytest.fixture
def path(new_warehouse: Path, tmp_path: Path) -> Path:
    path = tmp_path / "roadmap.duckdb"
    shutil.copyfile(new_warehouse, path)
    return path


def _grow(path: Path) -> None:
    """Write rows and replace nearly all of them."""
    with connect(path) as con:
        con.execute("insert into config.autofix_bots select 'bot ' || md5(i::varchar) from range(300000) as r(i)")
        con.execute("comment on table config.autofix_bots is 'bots'")
    with connect(path) as con:
        con.execute("delete from config.autofix_bots where login >= 'bot 01'")


def test_a_file_is_as_small_as_its_rows_are(path: Path) -> None:
    _grow(path)
    with connect(path) as con:
        before = con.execute("from config.autofix_bots order by 1").fetchall()
    done = compact(path, 1.0)
    assert done.before.bytes > 2 * done.after.bytes == 2 * path.stat().st_size
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    with connect(path) as con:
        assert con.execute("from config.autofix_bots order by 1").fetchall() == before
        assert scalar(con, "select comment from duckdb_tables() where table_name = 'autofix_bots'") == "bots"
        con.execute("insert into config.autofix_bots values ('one more')")
    with connect(path) as con:
        assert scalar(con, "select count(*) from config.autofix_bots") == len(before) + 1


_WRITE = """
import sys
from roadmap_pipeline.warehouse.connection import connect
for number in range(6):
    with connect(sys.argv[1]) as con:
        con.execute("insert into config.autofix_bots values (?)", [f"w{number}"])
    print(number, flush=True)
"""


@pytest.mark.slow
def test_what_another_process_writes_meanwhile_is_kept(path: Path) -> None:
    """Whoever comes while the file is rewritten waits, and gets the new one."""
    with subprocess.Popen([sys.executable, "-c", _WRITE, str(path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        assert writer.stdout.readline() == "0\n"
        while writer.poll() is None:
            compact(path, 1.0)
    with connect(path) as con:
        assert scalar(con, "select count(*) from config.autofix_bots") == 6


def test_there_must_be_a_warehouse_of_ours(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="does not exist"):
        compact(tmp_path / "roadmap.duckdb", 1.0)
    with pytest.raises(ConfigurationError, match="by those who keep it"):
        compact("md:roadmap", 1.0)


def test_the_command_tells_both_sizes(path: Path) -> None:
    environment = {"ROADMAP_WAREHOUSE": str(path)}
    told = CliRunner().invoke(main, ["compact"], env=environment)
    assert (told.exit_code, "MB in 1 file now" in told.output) == (0, True)
    row = json.loads(CliRunner().invoke(main, ["compact", "--json"], env=environment).output)
    assert row["warehouse"] == str(path)
    assert row["files_after"] == 1
    assert row["bytes_after"] == path.stat().st_size
