"""Recorded payloads served by the simulated GitHub."""

import json
import shutil
from datetime import UTC, datetime

import pytest

from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.github.client.client import GitHubClient
from roadmap_pipeline.github.ingest.repositories import ingest
from roadmap_pipeline.sandbox import load_recording
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline_tests.github.conftest import (
    ANA,
    FULL,
    REPO,
    ago,
    issue,
    job,
    pull_request,
    run,
    small_world,
    table,
)
from roadmap_sandbox import payloads
from roadmap_sandbox.github.app import create_app
from roadmap_sandbox.github.state import TOKEN, GitHubState
from roadmap_sandbox.server import Server


@pytest.fixture
def con(tmp_path, new_warehouse):
    shutil.copyfile(new_warehouse, tmp_path / "roadmap.duckdb")
    with connect(tmp_path / "roadmap.duckdb") as opened:
        yield opened


def write(folder, name, value):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(json.dumps(value))


def test_what_hangs_together_is_served_and_the_rest_is_counted(tmp_path):
    folder = tmp_path / "dump"
    write(folder, "runs.json", [run(1, ago(days=2)), run(2, ago(days=1))])
    write(folder, "jobs.json", [job(10, 1, ago(days=2)), job(90, 9, ago(days=2))])
    pull = pull_request(3, updated_at=ago(hours=3))
    orphan = pull_request(8, updated_at=ago(days=3))
    write(
        folder,
        "issues.json",
        [
            pull,
            issue(4, updated_at=ago(days=3)),
            issue(3, updated_at=ago(days=3), pull_request=pull),
            issue(8, updated_at=ago(days=3), pull_request=orphan),
        ],
    )
    elsewhere = payloads.minimal_repository("other/place", 7, FULL["owner"])
    stage = payloads.milestone(
        elsewhere, id=1, number=1, title="Theirs", creator=ANA, created_at=ago(days=9), updated_at=ago(days=9)
    )
    write(folder, "milestones.json", [stage])
    comments = [
        payloads.comment(FULL, id=n, number=number, user=ANA, body="hello", created_at=ago(days=1))
        for n, number in ((1, 3), (2, 99))
    ]
    write(folder, "comments.json", comments)
    (folder / "10.txt").write_bytes(b"the log")
    (folder / "90.txt").write_bytes(b"a log")
    content, report = load_recording(folder)
    assert content.clock == datetime(2026, 11, 16, 3, tzinfo=UTC)
    assert content.viewer["login"] == "roadmap-pipeline[bot]"
    assert list(content.repositories) == [REPO]
    assert content.repositories[REPO]["default_branch"] == "main"
    assert content.logs == {10: b"the log"}
    assert report.served == {
        "repository": 1,
        "run": 2,
        "job": 1,
        "pull request": 1,
        "issue": 1,
        "issue view of a pull request": 1,
        "comment": 1,
        "log": 1,
    }
    assert report.lines() == [
        "1 × comment: its issue or pull request is not there",
        "1 × issue view of a pull request: its pull request is not there",
        "1 × job: its run is not there",
        "1 × log: no job 90 is known",
        "1 × milestone: its repository is not described",
    ]


def test_a_replayed_world_is_ingested_as_the_original(tmp_path):
    world = small_world()
    folder = tmp_path / "dump"
    for name in ("runs", "jobs", "pull_requests", "issues", "milestones", "issue_events"):
        write(folder, f"{name}.json", getattr(world, name)[REPO])
    content, report = load_recording(folder)
    assert not report.left_out
    with Server(create_app(GitHubState(content, rate_limit=None))) as server, connect(tmp_path / "r.duckdb") as con:
        client = GitHubClient(TOKEN, base_url=server.base_url, points_per_minute=None)
        summary = ingest(client, con, [REPO], history_days=4000, now=content.clock)
        client.close()
    assert summary.read["workflow_runs"] == 131
    assert summary.read["workflow_jobs"] == 134
    assert (summary.read["pull_requests"], summary.read["issues"], summary.read["milestones"]) == (3, 2, 1)


def test_a_dump_without_a_repository_can_not_be_served(tmp_path):
    write(tmp_path / "dump", "jobs.json", [job(10, 1, ago(days=2))])
    with pytest.raises(ConfigurationError, match="describes no repository"):
        load_recording(tmp_path / "dump")


def test_a_push_delivery_gives_its_repositorys_times_as_numbers(tmp_path):
    pushed = {**FULL, "created_at": 1_700_000_000, "pushed_at": 1_763_000_000, "master_branch": "main"}
    write(tmp_path / "dump", "push.json", {"ref": "refs/heads/main", "repository": pushed, "sender": ANA})
    write(tmp_path / "dump", "runs.json", [run(1, ago(days=2))])
    content, report = load_recording(tmp_path / "dump")
    repository = content.repositories[REPO]
    assert (repository["created_at"], repository["pushed_at"]) == ("2023-11-14T22:13:20Z", "2025-11-13T02:13:20Z")
    assert report.left_out == {}


@pytest.mark.odd_payloads
def test_what_a_record_lacks_stands_in_and_what_can_not_be_used_is_left_out(tmp_path, con):
    odd = [
        {**run(1, ago(days=2)), "id": "1"},
        {**run(2, ago(days=2)), "id": "two"},
        {**run(3, ago(days=2)), "actor": 5},
        {**issue(4, updated_at=ago(days=3)), "labels": ["bug"], "comments": "many", "user": "ana"},
        {"id": 5, "number": 5, "title": "T", "state": "open", "user": None, "repository_url": FULL["url"]},
        {**pull_request(6, updated_at=ago(days=3)), "head": "feature/6", "assignees": [7, ANA]},
    ]
    write(tmp_path / "dump", "odd.json", odd)
    content, report = load_recording(tmp_path / "dump")
    assert report.lines() == [
        "1 × field: actor can't be used; the record is served without",
        "1 × field: head can't be used; the record is served without",
        "1 × field: user can't be used; the record is served without",
        "1 × record: its id can't be used",
    ]
    with Server(create_app(GitHubState(content, rate_limit=None))) as server:
        client = GitHubClient(TOKEN, base_url=server.base_url, points_per_minute=None)
        ingest(client, con, [REPO], history_days=4000, now=content.clock)
        client.close()
    assert table(con, "select run_id, actor from raw.workflow_runs order by 1") == [(1, "ana"), (3, None)]
    assert table(con, "select number, author, labels from raw.issues order by 1") == [(4, None, ["bug"]), (5, None, [])]
    assert table(con, "select number, head_branch, base_branch from raw.pull_requests") == [(6, "", "main")]


def test_the_workflows_of_a_dump_are_served_as_they_were(tmp_path):
    folder = tmp_path / "dump"
    gone = payloads.workflow(
        FULL, id=7, name="CI", path=".github/workflows/ci.yml", state="deleted", created_at=ago(days=9)
    )
    elsewhere = payloads.minimal_repository("other/place", 7, FULL["owner"])
    theirs = payloads.workflow(elsewhere, id=8, name="CI", path=".github/workflows/ci.yml", created_at=ago(days=9))
    write(folder, "all.json", [run(1, ago(days=2)), {"total_count": 2, "workflows": [gone, theirs]}])
    content, report = load_recording(folder)
    assert content.workflows == {REPO: [gone]}
    assert report.served["workflow"] == 1
    assert report.left_out["workflow", "its repository is not described"] == 1
