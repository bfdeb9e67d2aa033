"""The oldest DuckDB with which readers are supported: every table, view and question of a main job's snapshot.

Also the snapshot of a warehouse whose own file it fails to read.

    make test-readers

Not part of ``make test``: it needs an environment with that version in it, whose Python ROADMAP_READER names.
"""

import json
import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from roadmap_pipeline.warehouse.connection import STORAGE_VERSION
from roadmap_pipeline.warehouse.query import run_query
from roadmap_pipeline.warehouse.snapshot import publish_snapshot, snapshot_path
from roadmap_pipeline_tests.conftest import Ran
from roadmap_pipeline_tests.warehouse.test_snapshot_layout import warehouse_with_a_lost_pointer

ROOT = Path(__file__).resolve().parents[2]

# Counts the rows of every table and view, reading each value of them; then the answers to the queries given.
_READER = """
import duckdb, json, sys
con = duckdb.connect(sys.argv[1], read_only=True)
names = con.execute(
    "select schema_name || '.' || table_name from duckdb_tables()"
    " union all select schema_name || '.' || view_name from duckdb_views() where not internal"
).fetchall()
rows = {name: len(con.execute(f"from {name}").fetchall()) for (name,) in names}
answers = [len(con.execute(query).fetchall()) for query in json.load(sys.stdin)]
comments = con.execute("select count(*) from duckdb_columns() where not internal and comment is not null").fetchone()[0]
print(json.dumps({"version": duckdb.__version__, "rows": rows, "answers": answers, "comments": comments}))
"""


def _read(database: Path, queries: Sequence[str] = ()) -> "subprocess.CompletedProcess[str]":
    python = os.environ.get("ROADMAP_READER")
    assert python, "ROADMAP_READER names no Python: run this suite with `make test-readers`"
    return subprocess.run(
        [Path(python).absolute(), "-c", _READER, database],
        input=json.dumps(queries),
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_reads_every_table_and_answers_every_question(ran: Ran) -> None:
    queries = re.findall(r"```sql\n(.*?)```", (ROOT / "docs" / "questions.md").read_text(encoding="utf-8"), re.DOTALL)
    done = _read(snapshot_path(ran.settings.warehouse), queries)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert f"v{found['version']}" == STORAGE_VERSION
    assert found["rows"]["marts.ci_weekly"] and found["rows"]["marts.failure_groups"] and found["comments"]

    def rows(query: str) -> int:
        return len(run_query(ran.settings.warehouse, query).rows)

    assert found["rows"] == {name: rows(f"from {name}") for name in found["rows"]}
    assert len(queries) > 10
    assert found["answers"] == [rows(query) for query in queries]


def test_it_reads_the_snapshot_of_a_file_that_it_fails_to_read(tmp_path: Path) -> None:
    path, kept = warehouse_with_a_lost_pointer(tmp_path)
    failed = _read(path)
    assert failed.returncode != 0 and "Failed to load metadata pointer" in failed.stderr
    done = _read(publish_snapshot(path))
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["rows"]
    assert {name: rows[name] for name in rows if name.startswith("marts.")} == {
        **{f"marts.t{table:02}": 1 for table in range(kept)},
        "marts.rows": 200_000,
    }
