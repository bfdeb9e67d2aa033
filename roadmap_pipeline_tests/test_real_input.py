"""Real recorded payloads: every record through to the marts, and what hangs together through the whole main job.

Expected are counts and values read off by hand; no text of the payloads is repeated here.
"""

from itertools import pairwise
from pathlib import Path

import duckdb
import pytest

from roadmap_pipeline import pipeline
from roadmap_pipeline.orchestration.launch import run_main_job
from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.sandbox import serve
from roadmap_pipeline.settings import load_settings
from roadmap_pipeline_tests.recorded import PAYLOADS, needs_recorded, unpack_devlake

pytestmark = needs_recorded
ANTS = "panjf2000/ants"


def built(folder: Path, root: Path, now: str) -> duckdb.DuckDBPyConnection:
    """Return the warehouse after `roadmap ingest --from FOLDER` and `roadmap build`."""
    runtime = Runtime(load_settings({"ROADMAP_NOW": now}, root))
    try:
        pipeline.ingest_dump(runtime, folder)
        pipeline.build_all(runtime)
    finally:
        runtime.close()
    return duckdb.connect(runtime.settings.warehouse, read_only=True)


def one(con: duckdb.DuckDBPyConnection, sql: str) -> tuple[object, ...]:
    (row,) = con.execute(sql).fetchall()
    return row


def test_devlake_to_the_marts(tmp_path: Path) -> None:
    folder = tmp_path / "dump"
    folder.mkdir()
    con = built(unpack_devlake(folder), tmp_path, "2022-09-01T00:00:00Z")
    # 35 runs of 2022; 35 jobs of 2021, whose runs are not there.
    assert one(con, "select count(*), count(distinct run_id) from marts.ci_runs") == (35, 35)
    assert one(con, "select count(*) from marts.ci_jobs") == (35,)
    assert one(con, "select count(*) from marts.ci_jobs j semi join marts.ci_runs r on r.run_id = j.run_id") == (0,)
    assert one(con, "select count(*), count(distinct number) from staging.stg_pull_requests") == (49, 49)
    assert one(con, "select count(*) from staging.stg_pull_requests where head_repo is null") == (15,)
    assert one(con, "select count(*) from marts.milestones where repo <> ?".replace("?", f"'{ANTS}'")) == (1,)
    outcomes = dict(con.execute("select conclusion, count(*) from marts.ci_runs group by all").fetchall())
    recorded = dict(con.execute("select conclusion, count(*) from raw.workflow_runs group by all").fetchall())
    assert outcomes == recorded
    runs, void, conclusive = one(
        con, "select sum(runs), sum(void_runs), sum(conclusive_runs) from marts.ci_weekly where repo = '*'"
    )
    pending = one(con, "select count(*) from marts.ci_runs where outcome = 'pending'")[0]
    assert runs == 35
    assert int(str(void)) + int(str(conclusive)) + int(str(pending)) == 35
    weeks = con.execute("select week_start from marts.ci_weekly where repo = '*' order by 1").fetchall()
    steps = {(later[0] - earlier[0]).days for earlier, later in pairwise(weeks)}
    assert steps <= {7}


def test_stencil_jobs_without_runs_to_the_marts(tmp_path: Path) -> None:
    con = built(PAYLOADS / "stencil_speed", tmp_path, "2024-06-01T00:00:00Z")
    assert one(con, "select count(*), count(distinct job_id) from marts.ci_jobs") == (296, 296)
    assert one(con, "select count(*), max(run_attempt) from marts.ci_jobs where outcome = 'fail'")[0] == 18
    assert one(con, "select max(run_attempt) from marts.ci_jobs") == (4,)
    assert one(con, "select count(*) from marts.ci_runs") == (0,)
    # Their failures count in the week of the job, since the run's creation is not known.
    assert one(con, "select sum(failed_job_attempts) from marts.failure_categories_weekly where repo = '*'") == (18,)


def test_bennettbot_and_ghalogs_to_the_marts(tmp_path: Path) -> None:
    con = built(PAYLOADS / "bennettbot", tmp_path / "a", "2024-12-31T00:00:00Z")
    assert one(con, "select count(*), count(distinct workflow_path) from marts.ci_runs")[0] == 6
    con.close()
    con = built(PAYLOADS / "ghalogs", tmp_path / "b", "2024-01-01T00:00:00Z")
    assert one(con, "select count(*) from marts.ci_runs") == (1,)


@pytest.mark.old_payloads("runs of 2022")
def test_a_replayed_dump_goes_through_the_whole_main_job(tmp_path: Path) -> None:
    folder = tmp_path / "dump"
    folder.mkdir()
    unpack_devlake(folder)
    root = tmp_path / "project"
    with serve(load_settings({}, root), replay=folder) as served:
        assert {row["kind"]: row["records"] for row in served.replay_report if row["state"] == "served"}["run"] == 35
        left_out = {row["kind"]: row["records"] for row in served.replay_report if row["state"] != "served"}
        assert left_out["job"] == 35
        environment = {**served.environment}
        settings = load_settings(environment, root)
        runtime = Runtime(settings)
        first = run_main_job(runtime)
        runtime.close()
        assert first.read["workflow_runs"] == 35
        assert first.writes["notion"] > 0
        again = Runtime(settings)
        second = run_main_job(again)
        again.close()
        assert dict(second.writes) == {"notion": 0, "github": 0}
