"""Logs of jobs, runs and attempts, from a storage host that isn't always well; and what checks tell of a job."""

import io
import time
import zipfile

import pytest
import requests

from roadmap_pipeline.github.client.client import GitHubClient, GitHubError, LogState
from roadmap_pipeline_tests.roadmap_sandbox.github.conftest import REPO, full_repository
from roadmap_sandbox import payloads
from roadmap_sandbox.github.state import TOKEN

ACTIONS = f"/repos/{REPO}/actions"


def archive(client, path):
    response = client.get(path)
    assert (response.status_code, response.content) == (302, b"")
    with zipfile.ZipFile(io.BytesIO(requests.get(response.headers["Location"], timeout=5).content)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def test_the_logs_of_an_attempt_come_as_a_zip(client, state):
    state.put_log(32, b"2026-11-16T00:59:59.0000000Z early\n2026-11-16T01:00:01.0000000Z later\nand on\n")
    shown = archive(client, f"{ACTIONS}/runs/3/attempts/1/logs")
    # The archive holds each log whole at the top, and cut by steps in a folder.
    assert sorted(shown) == ["0_test.txt", "1_lint.txt", "lint/1_Set up job.txt", "test/1_Set up job.txt"]
    assert shown["0_test.txt"] == state.store.storage.log(31)
    assert shown["lint/1_Set up job.txt"] == state.store.storage.log(32)


def test_a_log_is_cut_where_the_steps_began(client, state):
    job = state.store.repository(REPO).jobs[32]
    steps = [
        payloads.step(1, "Set up job", started_at="2026-11-16T01:00:00Z", completed_at="2026-11-16T01:00:05Z"),
        payloads.step(3, "Run a/b: x", started_at="2026-11-16T01:00:05Z", completed_at="2026-11-16T01:00:09Z"),
    ]
    state.put_run(REPO, state.store.repository(REPO).runs.attempt(3, 1), [job | {"name": "lint/all", "steps": steps}])
    state.put_log(32, b"2026-11-16T01:00:01.1Z one\nhanging on\n2026-11-16T01:00:06.5Z two\n")
    shown = archive(client, f"{ACTIONS}/runs/3/attempts/1/logs")
    assert shown["lintall/1_Set up job.txt"] == b"2026-11-16T01:00:01.1Z one\nhanging on\n"
    assert shown["lintall/3_Run ab x.txt"] == b"2026-11-16T01:00:06.5Z two\n"


def test_archives_that_are_not_there(client, state):
    expired = client.get(f"{ACTIONS}/runs/3/logs")
    assert (expired.status_code, expired.json()["message"]) == (410, "Server Error")
    assert client.get(f"{ACTIONS}/runs/99/logs").status_code == 404
    assert client.get(f"{ACTIONS}/runs/3/attempts/9/logs").status_code == 404
    assert client.get(f"{ACTIONS}/runs/1/logs").status_code == 404
    client("POST", f"{ACTIONS}/runs/3/rerun")
    assert client.get(f"{ACTIONS}/runs/3/logs").status_code == 404
    assert client.get(f"{ACTIONS}/runs/3/attempts/1/logs").status_code == 302
    anonymous = client.get(f"{ACTIONS}/runs/3/attempts/1/logs", headers={"Authorization": ""})
    assert (anonymous.status_code, anonymous.json()["message"]) == (403, "Must have admin rights to Repository.")


def test_a_log_can_expire_and_an_unwritten_one_be_missing_at_once(client, state):
    state.switches.unwritten_log = "404"
    assert client.get(f"{ACTIONS}/jobs/32/logs").status_code == 404
    assert client.get(f"{ACTIONS}/jobs/31/logs").status_code == 302
    state.activity.expire_logs(31)
    assert client.get(f"{ACTIONS}/jobs/31/logs").status_code == 410


@pytest.fixture
def github(client):
    opened = GitHubClient(TOKEN, base_url=client.root, points_per_minute=None)
    yield opened
    opened.close()


def test_a_log_of_20_mb_with_bytes_of_all_kinds(github, state):
    log = bytes(range(256)) * 81_920
    state.put_log(32, log)
    chunks = list(github.job_log(REPO, 32))
    assert len(chunks) > 100
    assert b"".join(chunks) == log


def test_an_empty_log_is_a_log(github, state):
    state.put_log(31, b"")
    assert list(github.job_log(REPO, 31)) == []


def test_storage_that_is_busy_slow_or_cuts_off(github, state):
    storage = state.store.storage
    state.put_log(31, b"x" * 200_000)
    storage.fail("busy")
    assert sum(map(len, github.job_log(REPO, 31))) == 200_000
    storage.fail("cut")
    with pytest.raises(GitHubError, match="the connection broke"):
        list(github.job_log(REPO, 31))
    assert [status for _, status in storage.requests] == [503, 200, 0]
    storage.seconds_per_chunk = 0.02
    began = time.monotonic()
    assert sum(map(len, github.job_log(REPO, 31))) == 200_000
    assert time.monotonic() - began >= 4 * 0.02
    assert github.job_log(REPO, 32) == LogState.MISSING


def test_real_time_passes_without_waiting(client, state):
    location = client.get(f"{ACTIONS}/jobs/31/logs").headers["Location"]
    state.let_pass(61)
    assert requests.get(location, timeout=5).status_code == 403


def test_annotations_outlive_the_log(client, state):
    annotation = payloads.annotation(
        full_repository(), head_sha=f"{3:040x}", message="boom", path="src/a.py", start_line=4, title="Tests"
    )
    state.activity.put_annotations(33, [annotation])
    shown = client.get(f"/repos/{REPO}/check-runs/33/annotations").json()
    assert [(item["path"], item["start_line"], item["annotation_level"]) for item in shown] == [
        ("src/a.py", 4, "failure")
    ]
    assert client.get(f"/repos/{REPO}/check-runs/33").json()["output"]["annotations_count"] == 1
    assert client.get(f"/repos/{REPO}/check-runs/31/annotations").json() == []


def test_checks_of_a_commit(client):
    sha = f"{3:040x}"
    suites = client.get(f"/repos/{REPO}/commits/{sha}/check-suites").json()
    assert (suites["total_count"], suites["check_suites"][0]["conclusion"]) == (1, "success")
    assert suites["check_suites"][0]["latest_check_runs_count"] == 1

    def names(query=""):
        shown = client.get(f"/repos/{REPO}/commits/{sha}/check-runs{query}").json()["check_runs"]
        return [(check["id"], check["name"]) for check in shown]

    assert names() == [(33, "test")]
    assert names("?filter=all") == [(31, "test"), (32, "lint"), (33, "test")]
    assert names("?filter=all&check_name=lint") == [(32, "lint")]
    assert names("?app_id=1") == []
    by_branch = client.get(f"/repos/{REPO}/commits/feature%2F1/check-runs").json()
    assert by_branch == {"total_count": 0, "check_runs": []}
    unknown = client.get(f"/repos/{REPO}/commits/{'f' * 40}/check-suites")
    assert (unknown.status_code, unknown.json()["message"]) == (422, f"No commit found for SHA: {'f' * 40}")
