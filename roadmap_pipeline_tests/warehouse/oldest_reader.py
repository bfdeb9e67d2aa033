"""The oldest DuckDB with which readers are supported, on the snapshot of a main job: every table, view and question.

    make test-readers

Not part of ``make test``: it needs an environment with that version in it, whose Python ROADMAP_READER names.
"""

import json
import os
import re
import subprocess
from pathlib import Path

from roadmap_pipeline.warehouse.connection import STORAGE_VERSION
from roadmap_pipeline.warehouse.query import run_query
from roadmap_pipeline.warehouse.snapshot import snapshot_path
from roadmap_pipeline_tests.conftest import Ran

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


def test_it_reads_every_table_and_answers_every_question(ran: Ran) -> None:
    python = os.environ.get("ROADMAP_READER")
    assert python, "ROADMAP_READER names no Python: run this suite with `make test-readers`"
    queries = re.findall(r"```sql\n(.*?)```", (ROOT / "docs" / "questions.md").read_text(encoding="utf-8"), re.DOTALL)
    done = subprocess.run(
        [Path(python).absolute(), "-c", _READER, snapshot_path(ran.settings.warehouse)],
        input=json.dumps(queries),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert f"v{found['version']}" == STORAGE_VERSION
    assert found["rows"]["marts.ci_weekly"] and found["rows"]["marts.failure_groups"] and found["comments"]

    def rows(query: str) -> int:
        return len(run_query(ran.settings.warehouse, query).rows)

    assert found["rows"] == {name: rows(f"from {name}") for name in found["rows"]}
    assert len(queries) > 10
    assert found["answers"] == [rows(query) for query in queries]
