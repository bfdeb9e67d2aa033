"""The simulated organisation under a quota of 300 requests an hour: a run each hour, until all is read and written.

A suite of its own (`make test-scale`): a dozen main jobs and more.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from roadmap_pipeline.github.client import pacing
from roadmap_pipeline.orchestration.launch import run_main_job
from roadmap_pipeline.run_summary import RunSummary
from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.sandbox import RunningSandbox, serve
from roadmap_pipeline.settings import Settings, load_settings
from roadmap_pipeline_tests.warehouse.readings import everything_read
from roadmap_sandbox.defaults import CLOCK

HOURLY = 300
MOST_HOURS = 40
HOUR = timedelta(hours=1)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    # Of what is read at so many a run, fifteen runs read more than one.
    limits = {
        "github_points_per_minute": 100_000,
        "notion_requests_per_second": 1000,
        "passing_logs_per_run": 0,
        "cancelled_jobs_per_run": 0,
    }
    lines = [f"{name} = {value}" for name, value in limits.items()]
    (tmp_path / "roadmap.toml").write_text("\n".join(["[limits]", *lines, ""]))
    return tmp_path


@pytest.fixture
def served(root: Path) -> Iterator[RunningSandbox]:
    with serve(load_settings({}, root)) as served:
        yield served


def main_job(environment: Mapping[str, str], root: Path, warehouse: str, hour: int) -> tuple[Settings, RunSummary]:
    """One run, as of so many hours after the first, by a process that knows nothing of the quota."""
    pacing.forget()
    changes = {
        "ROADMAP_NOW": (CLOCK + hour * HOUR).isoformat(),
        "ROADMAP_WAREHOUSE": str(root / warehouse),
        "DAGSTER_HOME": str(root / f"dagster-{warehouse}"),
    }
    runtime = Runtime(load_settings({**environment, **changes}, root))
    try:
        return runtime.settings, run_main_job(runtime)
    finally:
        runtime.close()


def beyond_retention(*warehouses: str | Path) -> set[int]:
    """Return the jobs without a log that ended before one whose log is past its retention.

    Asked, GitHub says that theirs was never written; how many of them are asked before it is clear that all of that age
    are gone, and noted without being asked, depends on where in their list the quota ended.
    """
    logs = []
    for warehouse in warehouses:
        with duckdb.connect(str(warehouse), read_only=True) as con:
            logs += con.execute(
                "select log.repo, log.job_id, log.state, job.completed_at from raw.job_logs as log"
                " join raw.workflow_jobs as job using (job_id) where log.state in ('expired', 'missing')"
            ).fetchall()
    # of several the last one stays
    newest = {repo: ended for ended, repo in sorted((log[3], log[0]) for log in logs if log[2] == "expired")}
    return {job_id for repo, job_id, _, ended in logs if repo in newest and ended <= newest[repo]}


def test_a_run_an_hour_comes_to_the_tables_of_one_undisturbed_run(served: RunningSandbox, root: Path) -> None:
    served.github.limits.limit = HOURLY
    run_summaries: list[RunSummary] = []
    for hour in range(MOST_HOURS):
        settings, run_summary = main_job(served.environment, root, "by_hours.duckdb", hour)
        run_summaries.append(run_summary)
        # A comment changes the pull request that it is written on: read once more, until nothing is written.
        if not (
            run_summary.paused or run_summary.writes["github"] or any("comment" in note for note in run_summary.notes)
        ):
            break
        served.github.let_pass(3600)
        served.github.advance(HOUR)
    first, last = run_summaries[0], run_summaries[-1]
    assert first.paused and "try again" in first.paused
    assert first.unreadable == {}
    assert "the report rests on " in (first.report_content or "").splitlines()[2]
    assert first.writes["notion"] > 0
    assert last.paused is None
    assert "Not all of this week was read" not in (last.report_content or "")
    # Comments need not wait until everything is read.
    assert sum(run_summary.writes["github"] for run_summary in run_summaries[: len(run_summaries) // 2]) > 0
    served.github.limits.limit = None
    undisturbed, _ = main_job(served.environment, root, "at_once.duckdb", len(run_summaries) - 1)
    found, expected = everything_read(settings.warehouse), everything_read(undisturbed.warehouse)
    old = beyond_retention(settings.warehouse, undisturbed.warehouse)
    for tables in (found, expected):
        tables["raw.job_logs"] = [
            tuple("expired" if value == "missing" and row[1] in old else value for value in row)
            for row in tables["raw.job_logs"]
        ]
    for name in expected:
        assert found[name] == expected[name], name
    with duckdb.connect(undisturbed.warehouse, read_only=True) as con:
        wanted = con.execute("select count(*) from publish.pull_request_comments as c where c.may_create").fetchall()
    posts = [one.path for one in served.github.journal if (one.method, one.status) == ("POST", 201)]
    created = [path for path in posts if path.endswith("/comments")]
    assert [(len(created),)] == [(len(set(created)),)] == wanted
