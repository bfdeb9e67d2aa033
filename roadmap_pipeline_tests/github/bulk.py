"""Holding jobs that were read in bulk against REST's rows, and runs that count as read against their jobs."""

from roadmap_pipeline.github.ingest.repositories import ingest
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline_tests.github.conftest import CLOCK, REPO, table
from roadmap_pipeline_tests.github.truth import held_runs

UNTOLD = ("created_at", "workflow_name", "runner_name", "labels")
"""Columns of jobs that GraphQL doesn't tell."""
JOBS = (
    "select * exclude (read_at, source, payload, detail_state, created_at, workflow_name, runner_name, labels, steps,"
    " failed_steps) from raw.workflow_jobs order by job_id"
)


def read(served, con, now=CLOCK, *, bulk_from=1, client=None):
    return ingest(client or served.client(), con, [REPO], history_days=400, now=now, bulk_from=bulk_from)


def assert_same_as_by_rest(served, con, folder, now=CLOCK):
    """Assert that another warehouse, filled by REST alone, holds the same in every column that GraphQL tells."""
    with connect(folder / "by_rest.duckdb") as other:
        read(served, other, now, bulk_from=None)
        assert table(con, JOBS) == table(other, JOBS)
        steps = "select job_id, steps, failed_steps from raw.workflow_jobs"
        by_rest = {job_id: told for job_id, *told in table(other, steps)}
        told = table(con, f"{steps} where steps is not null")
        assert told == [(job_id, *by_rest[job_id]) for job_id, *_ in told]
        complete = (
            "select * exclude (read_at, source, payload) from raw.workflow_jobs where job_id in (select unnest(?))"
        )
        known = [
            job_id for (job_id,) in table(con, "select job_id from raw.workflow_jobs where detail_state = 'complete'")
        ]
        assert sorted(map(repr, table(con, complete, known))) == sorted(map(repr, table(other, complete, known)))


def assert_no_run_lacks_a_job(con, state, name=REPO):
    """Assert that of each run that counts as read in its present state all jobs are stored."""
    details = table(
        con, "select run_id, run_attempt, strftime(updated_at, '%Y-%m-%dT%H:%M:%SZ') from raw.run_details order by all"
    )
    stored = set(table(con, "select run_id, job_id from raw.workflow_jobs"))
    held, jobs_of_run = held_runs(state, name), state.store.repository(name).jobs_of_run
    for run_id, attempt, updated_at in details:
        attempts = held.get(run_id)
        if attempts and (attempts[-1]["run_attempt"], attempts[-1]["updated_at"]) == (attempt, updated_at):
            missing = [job["id"] for job in jobs_of_run.get(run_id, ()) if (run_id, job["id"]) not in stored]
            assert not missing, f"run {run_id} counts as read without {missing}"
