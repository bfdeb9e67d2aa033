"""The models on the simulated organisation, compared with what it knows to be true.

The truth is a second implementation of the definitions, on the simulation's own records instead of payloads.
"""

from collections.abc import Iterator
from datetime import datetime

import pytest

from roadmap_pipeline.github import records
from roadmap_pipeline.sandbox.organisation import generate
from roadmap_pipeline.sandbox.organisation.truth import GroundTruth
from roadmap_pipeline.settings import DEFAULT_BOTS
from roadmap_pipeline.warehouse.models import build
from roadmap_pipeline.warehouse.raw import create_source_tables, replace_table
from roadmap_pipeline_tests.marts.world import AS_OF, Warehouse, World, project


@pytest.fixture(scope="module")
def organisation() -> Iterator[tuple[Warehouse, GroundTruth]]:
    import duckdb

    content, truth = generate(seed=11, weeks=16)
    reading = records.Reading(AS_OF, "simulated")
    world = World(default_branch=None)
    rows = world.rows
    rows["raw.repositories"] = [records.repository_row(payload, reading) for payload in content.repositories.values()]
    for table, by_repo, make in (
        ("raw.workflow_runs", content.runs, records.run_row),
        ("raw.workflow_jobs", content.jobs, records.job_row),
        ("raw.pull_requests", content.pull_requests, records.pull_request_row),
    ):
        rows[table] = [make(payload, repo, reading) for repo, payloads in by_repo.items() for payload in payloads]
    tables = world.tables() | {"config.autofix_bots": [{"login": login} for login in DEFAULT_BOTS]}
    with duckdb.connect(":memory:") as con:
        con.execute("set TimeZone = 'UTC'")
        create_source_tables(con)
        for table, values in tables.items():
            replace_table(con, table, values)
        build(con, project())
        yield Warehouse(con), truth


def test_outcomes(organisation: tuple[Warehouse, GroundTruth]):
    warehouse, truth = organisation
    assert set(warehouse.rows("select run_id, run_attempt, workflow_path, outcome from marts.ci_runs")) == {
        (each.run_id, each.run_attempt, each.workflow_path, each.outcome) for each in truth.outcomes
    }


def test_failing_jobs(organisation: tuple[Warehouse, GroundTruth]):
    warehouse, truth = organisation
    assert {job for (job,) in warehouse.rows("select job_id from marts.ci_failures")} == {
        each.job_id for each in truth.failed_jobs
    }


def test_flaky_jobs(organisation: tuple[Warehouse, GroundTruth]):
    warehouse, truth = organisation
    assert set(
        warehouse.rows("select distinct repo, head_sha, workflow_path, job_name from marts.ci_failures where is_flaky")
    ) == {(each.repo, each.head_sha, each.workflow_path, each.job_name) for each in truth.flaky_jobs}


def test_red_episodes(organisation: tuple[Warehouse, GroundTruth]):
    warehouse, truth = organisation

    def time(text: str | None) -> datetime | None:
        return text and datetime.fromisoformat(text).replace(tzinfo=None)

    assert set(
        warehouse.rows("select repo, workflow_path, started_at, ended_at, closed_by from marts.red_episodes")
    ) == {
        (each.repo, each.workflow_path, time(each.started_at), time(each.ended_at), each.closed_by)
        for each in truth.red_episodes
    }


def test_repairs_that_worked_and_that_did_not(organisation: tuple[Warehouse, GroundTruth]):
    warehouse, truth = organisation
    judged = ("fixed", "failed")
    assert set(
        warehouse.rows(
            f"select run_id, run_attempt, repair_sha, outcome from marts.autofix_attempts where outcome in {judged}"
        )
    ) == {
        (each.run_id, each.run_attempt, each.repair_sha, each.outcome)
        for each in truth.autofix_attempts
        if each.outcome in judged
    }
