"""Tables as Parquet files."""

from pathlib import Path

import duckdb
import pytest

from roadmap_pipeline.errors import ConfigurationError, RoadmapError
from roadmap_pipeline.progress import reporting
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline.warehouse.parquet_export import export_tables
from roadmap_pipeline.warehouse.snapshot import publish_snapshot
from roadmap_pipeline.warehouse.source_tables import replace_table


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    path = tmp_path / "roadmap.duckdb"
    with connect(path) as con:
        replace_table(con, "config.autofix_bots", [{"login": "a"}, {"login": "b"}])
        con.execute("create schema marts; create schema publish")
        con.execute("create table marts.\"it's\" as select 1::bigint as n, [1, 2] as list, 'é' as text")
        con.execute("create table marts.empty (n bigint, seen_at timestamp, names varchar[], j json)")
        con.execute("create view publish.bots as select b.login from config.autofix_bots as b")
    publish_snapshot(path)
    return path


def test_tables_views_and_empty_ones_are_written_with_their_types(warehouse: Path, tmp_path: Path) -> None:
    with connect(warehouse) as con:  # locked, and ahead of the snapshot
        con.execute("delete from config.autofix_bots")
        exported = export_tables(warehouse, tmp_path / "out")
    assert [(table.name, table.rows, table.path) for table in exported] == [
        ("marts.empty", 0, tmp_path / "out" / "marts" / "empty.parquet"),
        ("marts.it's", 1, tmp_path / "out" / "marts" / "it's.parquet"),
        ("publish.bots", 2, tmp_path / "out" / "publish" / "bots.parquet"),
    ]
    with duckdb.connect(":memory:") as con:
        read = [con.read_parquet(str(table.path)) for table in exported]
        assert [relation.fetchall() for relation in read] == [
            [],
            con.execute("select 1::bigint, [1, 2], 'é'").fetchall(),
            [("a",), ("b",)],
        ]
        assert [str(type_) for type_ in read[0].types] == ["BIGINT", "TIMESTAMP", "VARCHAR[]", "JSON"]
    import pyarrow.parquet as pq

    assert pq.read_table(exported[1].path).to_pylist()[0]["text"] == "é"


def test_other_schemas_on_request_and_unknown_ones_named(warehouse: Path, tmp_path: Path) -> None:
    exported = export_tables(warehouse, tmp_path / "out", ["config"])
    assert "config.autofix_bots" in [table.name for table in exported]
    with pytest.raises(ConfigurationError, match=r"no schema stagng; it has .*config, .*marts"):
        export_tables(warehouse, tmp_path / "out", ["stagng"])
    assert sorted(path.name for path in (tmp_path / "out").iterdir() if path.is_dir()) == ["config"]


def test_an_earlier_export_is_replaced_and_a_persons_folder_is_not(warehouse: Path, tmp_path: Path) -> None:
    export_tables(warehouse, tmp_path / "out", ["config"])
    export_tables(warehouse, tmp_path / "out")
    assert not (tmp_path / "out" / "config").exists()
    with pytest.raises(ConfigurationError, match="not empty"):
        export_tables(warehouse, tmp_path)


def test_without_a_snapshot_the_remedy_is_named(tmp_path: Path) -> None:
    with pytest.raises(RoadmapError, match="run `roadmap run` first"):
        export_tables(tmp_path / "roadmap.duckdb", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_it_tells_how_far_it_is(warehouse: Path, tmp_path: Path) -> None:
    class Watching:
        def __init__(self) -> None:
            self.total: int | None = None
            self.done = 0

        def start(self, text: str, total: int | None) -> "Watching":
            self.total = total
            return self

        def finish(self, task: object) -> None:
            pass

        def advance(self, n: int = 1) -> None:
            self.done += n

        def describe(self, text: str) -> None:
            pass

        def expect(self, total: int) -> None:
            pass

    watching = Watching()
    with reporting(watching):
        export_tables(warehouse, tmp_path / "out")
    assert watching.total == watching.done == 3
