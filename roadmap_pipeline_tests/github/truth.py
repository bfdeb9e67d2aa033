"""Comparing the raw tables with what the simulated GitHub holds."""

from roadmap_pipeline_tests.github.conftest import table


def held_runs(state, name):
    """Return attempts by run id, as GitHub holds them now."""
    index = state.store.repository(name).runs
    return {run["id"]: index.attempts(run["id"]) for run in index.newest_first()}


def assert_complete(con, state, name, gone=frozenset()):
    """Every run, attempt and job that GitHub holds is stored exactly once and as it is; ``gone`` are marked."""
    held = held_runs(state, name)
    attempts = {
        (one["id"], one["run_attempt"], one["status"], one["conclusion"], one["updated_at"])
        for run_attempts in held.values()
        for one in run_attempts
    }
    stored = table(
        con,
        "select run_id, run_attempt, status, conclusion, strftime(updated_at, '%Y-%m-%dT%H:%M:%SZ')"
        " from raw.workflow_runs where deleted_upstream_at is null",
    )
    assert len(stored) == len(set(stored))
    assert set(stored) == attempts
    jobs_of_run = state.store.repository(name).jobs_of_run
    jobs = {
        (one["id"], one["run_id"], one["run_attempt"], one["status"], one["conclusion"])
        for number in held
        for one in jobs_of_run.get(number, ())
    }
    stored = table(con, "select job_id, run_id, run_attempt, status, conclusion from raw.workflow_jobs")
    assert len(stored) == len(set(stored))
    assert {row for row in stored if row[1] in held} == jobs
    marked = table(con, "select distinct run_id from raw.workflow_runs where deleted_upstream_at is not null")
    assert {number for (number,) in marked} == set(gone)
    assert table(con, "select distinct repo from raw.workflow_runs") in ([], [(name,)])
    assert table(con, "select repo from raw.repositories") == [(name,)]
