"""Real recorded payloads, to the last record, through to the raw tables.

Expected are counts, ids, times and states read off by hand; no text of the payloads is repeated here.
"""

import json
from datetime import UTC, datetime

import pytest

from roadmap_pipeline.github.client.client import GitHubClient
from roadmap_pipeline.github.dump.loading import ingest_dump, read_dump
from roadmap_pipeline.github.ingest.repositories import ingest
from roadmap_pipeline.github.payloads.shapes import Kind
from roadmap_pipeline.sandbox import load_recording
from roadmap_pipeline_tests.github.conftest import table
from roadmap_pipeline_tests.recorded import PAYLOADS, needs_recorded, unpack_devlake
from roadmap_sandbox.github.app import create_app
from roadmap_sandbox.github.state import TOKEN, GitHubState
from roadmap_sandbox.server import Server

pytestmark = needs_recorded

READ_AT = datetime(2026, 11, 16, 6, tzinfo=UTC)
ANTS = "panjf2000/ants"


def naive(*fields):
    return datetime(*fields)  # noqa: DTZ001 - as the warehouse stores times


@pytest.fixture(scope="module")
def devlake(tmp_path_factory):
    return unpack_devlake(tmp_path_factory.mktemp("devlake"))


def test_every_record_of_devlake_is_accounted_for(devlake, con):
    found = {kind: len(items) for kind, items in read_dump(devlake).records.items() if items}
    assert found == {
        Kind.RUN: 35,
        Kind.JOB: 35,
        Kind.PULL_REQUEST: 50,
        Kind.ISSUE: 26,
        Kind.PULL_REQUEST_VIEW: 16,
        Kind.MILESTONE: 1,
        Kind.ISSUE_EVENT: 50,
        Kind.COMMENT: 95,
    }
    summary = ingest_dump(devlake, con, READ_AT)
    assert summary.read == {
        "repositories": 1,
        "workflows": 3,
        "workflow_runs": 35,
        "workflow_jobs": 35,
        "job_logs": 0,
        "passing_logs": 0,
        "pull_requests": 49,
        "commits": 0,
        "issues": 26,
        "milestones": 1,
        "issue_events": 49,  # one stands there twice
        "code_owners": 0,
    }
    assert [note.partition(" not stored")[0] for note in summary.notes] == ["issues.jsonl: 16", "comments.jsonl: 95"]


def test_values_of_devlake(devlake, con):
    ingest_dump(devlake, con, READ_AT)
    assert table(
        con,
        "select repo, workflow_path, event, conclusion, created_at, run_started_at, updated_at, display_title,"
        " head_repo, len(pull_request_numbers) from raw.workflow_runs where run_id = 2983238245",
    ) == [
        (
            ANTS,
            ".github/workflows/codeql.yml",
            "schedule",
            "success",
            naive(2022, 9, 3, 5, 15, 9),
            naive(2022, 9, 3, 5, 15, 9),
            naive(2022, 9, 3, 5, 16, 16),
            None,
            ANTS,
            0,
        )
    ]
    assert table(con, "select count(*) from raw.workflow_runs where conclusion = ''") == [(0,)]
    assert table(
        con,
        "select run_id, run_attempt, conclusion, created_at, started_at, completed_at, runner_name,"
        " steps->0->>'started_at' from raw.workflow_jobs where job_id = 1924918171",
    ) == [
        (
            577324554,
            1,
            "cancelled",
            None,
            naive(2021, 2, 18, 6, 59, 13),
            naive(2021, 2, 18, 7, 1, 18),
            None,
            "2021-02-18T06:59:13Z",  # 14:59:13.000+08:00
        )
    ]
    assert table(con, "select sum(json_array_length(steps)) from raw.workflow_jobs") == [(263,)]
    assert table(con, "select count(*) from raw.pull_requests where head_repo is null") == [(15,)]
    assert table(
        con,
        "select state, merged_at, base_branch, head_repo like '%/ants' and head_repo <> repo, len(labels),"
        " changed_files from raw.pull_requests where number = 4",
    ) == [("closed", naive(2018, 7, 26, 2, 32, 41), "master", True, 1, None)]
    assert table(con, "select repo, number, open_issues, closed_issues, due_on from raw.milestones") == [
        ("apache/incubator-devlake", 7, 2, 118, None)
    ]
    assert table(
        con, "select repo, issue_number, event, created_at from raw.issue_events where event_id = 6774117135"
    ) == [(ANTS, 228, "closed", naive(2022, 6, 9, 1, 42, 11))]
    assert table(con, "select repo, repository_id, default_branch from raw.repositories") == [
        (ANTS, 134018330, "master")
    ]


@pytest.mark.old_payloads("runs of 2022")
def test_devlake_is_replayed_and_read_back(devlake, con):
    content, report = load_recording(devlake)
    assert report.left_out[Kind.JOB, "its run is not there"] == 35
    assert report.left_out[Kind.MILESTONE, "its repository is not described"] == 1
    with Server(create_app(GitHubState(content, rate_limit=None))) as server:
        client = GitHubClient(TOKEN, base_url=server.base_url, points_per_minute=None)
        summary = ingest(client, con, [ANTS], history_days=10_000, now=content.clock)
        client.close()
    read = {name: summary.read[name] for name in ("workflow_runs", "pull_requests", "issues", "issue_events")}
    assert read == {"workflow_runs": 35, "pull_requests": 49, "issues": 26, "issue_events": 49}


def test_stencil_jobs(con):
    summary = ingest_dump(PAYLOADS / "stencil_speed", con, READ_AT)
    assert summary.read["workflow_jobs"] == 296
    assert summary.notes == []
    assert table(
        con,
        "select run_id, run_attempt, conclusion, created_at, len(failed_steps), labels, steps->0->>'started_at'"
        " from raw.workflow_jobs where job_id = 21863178446",
    ) == [
        (
            8000161341,
            2,
            "failure",
            naive(2024, 2, 22, 13, 0, 11),
            1,
            ["ubuntu-latest"],
            "2024-02-22T13:00:17Z",  # 08:00:17.000-05:00
        )
    ]
    assert table(con, "select max(run_attempt), sum(json_array_length(steps)) from raw.workflow_jobs") == [(4, 1762)]
    assert table(con, "select count(*) from raw.workflow_jobs where conclusion = 'failure'") == [(18,)]


def test_bennettbot_runs(con):
    assert ingest_dump(PAYLOADS / "bennettbot", con, READ_AT).read["workflow_runs"] == 6
    assert table(
        con, "select repo, run_number, actor, updated_at from raw.workflow_runs where run_id = 10876792689"
    ) == [("opensafely-core/airlock", 37, "bloodearnest", naive(2024, 9, 16, 2, 57, 18))]


def test_the_ghalogs_run_stands_in_an_envelope(con):
    summary = ingest_dump(PAYLOADS / "ghalogs", con, READ_AT)
    assert summary.read["workflow_runs"] == 1
    assert table(con, "select run_number, status, created_at from raw.workflow_runs") == [
        (200, "completed", naive(2023, 9, 21, 12, 55, 26))
    ]
    notes = "\n".join(summary.notes)
    assert "log.tar.gz: " in notes  # no payload tells the ids of its jobs
    assert "repository.json: 1 not stored" in notes


def test_webhook_deliveries(con):
    summary = ingest_dump(PAYLOADS / "pytorch_webhooks", con, READ_AT)
    expected = len(json.loads((PAYLOADS / "pytorch_webhooks" / "workflow_jobs.json").read_text())["jobs"]) + 1
    assert summary.read["workflow_jobs"] == expected == 7
    assert (summary.read["workflow_runs"], summary.read["pull_requests"], summary.read["issues"]) == (1, 1, 1)
