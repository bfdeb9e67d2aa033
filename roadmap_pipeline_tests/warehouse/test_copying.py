"""Taking a warehouse along to another place."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from roadmap_pipeline.cli import main
from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.warehouse.connection import WarehouseError, connect, scalar, transaction
from roadmap_pipeline.warehouse.copying import copy_warehouse
from roadmap_pipeline.warehouse.source_tables import replace_rows


@pytest.fixture
def source(new_warehouse: Path, tmp_path: Path) -> Path:
    """Return a warehouse with a run, and a table that has a column less than today's."""
    path = tmp_path / "old.duckdb"
    shutil.copyfile(new_warehouse, path)
    with connect(path) as con:
        with transaction(con):
            row = {"repo": "acme/a", "run_id": 1, "run_attempt": 1, "source": "https://x"}
            replace_rows(con, "raw.workflow_runs", [row])
            replace_rows(con, "config.origin", [{"origin": "real"}])
        con.execute("insert into config.autofix_bots values ('bot')")
        con.execute("alter table raw.workflow_runs drop column deleted_upstream_at")
    return path


def test_all_rows_arrive_and_models_learn_of_them(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "new.duckdb"
    environment = {"ROADMAP_WAREHOUSE": str(target)}
    result = CliRunner().invoke(main, ["copy-from", str(source)], env=environment)
    assert (result.exit_code, result.stdout) == (0, "3 rows copied; now run: roadmap build\n")
    with connect(target) as con:
        assert con.execute("select repo, run_id, deleted_upstream_at from raw.workflow_runs").fetchall() == [
            ("acme/a", 1, None)
        ]
        assert scalar(con, "select origin from config.origin") == "real"
        assert scalar(con, "select row_count from build.tables where table_name = 'raw.workflow_runs'") == 1


def test_nothing_is_mixed(source: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.duckdb"
    shutil.copyfile(source, other)
    with pytest.raises(ConfigurationError, match="holds rows already"):
        copy_warehouse(source, other)
    with pytest.raises(WarehouseError, match="does not exist"):
        copy_warehouse(tmp_path / "none.duckdb", tmp_path / "new.duckdb")
    (tmp_path / "text.duckdb").write_text("no database")
    with pytest.raises(WarehouseError, match=r"text.duckdb can't be read"):
        copy_warehouse(tmp_path / "text.duckdb", tmp_path / "new.duckdb")
