"""Runs go on, end, are run again and deleted; the clock moves some of it."""

from datetime import timedelta

import pytest
from github import Auth, Github

from roadmap_pipeline_tests.roadmap_sandbox.github.conftest import (
    ANA,
    BOT,
    CLOCK,
    REPO,
    ago,
    full_repository,
    job_payload,
    make_content,
    run_payload,
)
from roadmap_sandbox import payloads
from roadmap_sandbox.content import GitHubContent
from roadmap_sandbox.errors import SandboxError
from roadmap_sandbox.github.state import TOKEN, GitHubState

RUNS = f"/repos/{REPO}/actions/runs"


def jobs_of(client, run_id, query=""):
    return client.get(f"{RUNS}/{run_id}/jobs{query}").json()["jobs"]


def test_a_rerun_rewrites_the_run_in_place(client, state):
    before = client.get(f"{RUNS}/3").json()
    state.advance(timedelta(hours=2))
    response = client("POST", f"{RUNS}/3/rerun", {"enable_debug_logging": False})
    assert (response.status_code, response.json()) == (201, {})
    after = client.get(f"{RUNS}/3").json()
    assert (after["id"], after["created_at"]) == (before["id"], before["created_at"])
    assert (after["status"], after["conclusion"], after["run_attempt"]) == ("queued", None, 3)
    assert after["run_started_at"] == after["updated_at"] == "2026-11-16T08:00:00Z"
    assert after["triggering_actor"]["login"] == "roadmap-pipeline[bot]"
    assert after["previous_attempt_url"] == f"{client.root}{RUNS}/3/attempts/2"
    assert client.get(f"{RUNS}/3/attempts/2").json()["conclusion"] == "success"
    assert [(job["name"], job["run_attempt"], job["status"]) for job in jobs_of(client, 3)] == [("test", 3, "queued")]
    assert len(jobs_of(client, 3, "?filter=all")) == 4
    again = client("POST", f"{RUNS}/3/rerun")
    assert (again.status_code, again.json()["message"]) == (403, "This workflow is already running")


def test_a_rerun_goes_on_when_told(client, state):
    client("POST", f"{RUNS}/3/rerun")
    state.advance(timedelta(minutes=1))
    state.activity.start_run(REPO, 3)
    (job,) = jobs_of(client, 3)
    assert (client.get(f"{RUNS}/3").json()["status"], job["status"]) == ("in_progress", "in_progress")
    assert [(step["status"], step["conclusion"]) for step in job["steps"]] == [("in_progress", None)]
    state.advance(timedelta(minutes=5))
    state.activity.complete_run(REPO, 3, "failure")
    run, (job,) = client.get(f"{RUNS}/3").json(), jobs_of(client, 3)
    assert (run["status"], run["conclusion"], run["updated_at"]) == ("completed", "failure", "2026-11-16T06:06:00Z")
    assert (job["conclusion"], job["started_at"], job["completed_at"]) == (
        "failure",
        "2026-11-16T06:01:00Z",
        "2026-11-16T06:06:00Z",
    )
    assert [step["conclusion"] for step in job["steps"]] == ["failure"]
    assert client.get(f"/repos/{REPO}/actions/jobs/{job['id']}/logs").status_code == 302


def test_a_run_that_the_clock_moves(client, state):
    state.switches.run_waits, state.switches.run_takes = timedelta(minutes=2), timedelta(minutes=8)
    client("POST", f"{RUNS}/3/rerun")
    told = []
    for _ in range(3):
        state.advance(timedelta(minutes=4))
        run = client.get(f"{RUNS}/3").json()
        told.append((run["status"], run["conclusion"], run["updated_at"]))
    assert told == [
        ("in_progress", None, "2026-11-16T06:02:00Z"),
        ("in_progress", None, "2026-11-16T06:02:00Z"),
        ("completed", "success", "2026-11-16T06:10:00Z"),
    ]
    (job,) = jobs_of(client, 3)
    assert (job["started_at"], job["completed_at"]) == ("2026-11-16T06:02:00Z", "2026-11-16T06:10:00Z")


def test_the_clock_leaves_a_run_alone_that_was_cancelled(client, state):
    state.switches.run_takes = timedelta(minutes=8)
    client("POST", f"{RUNS}/3/rerun")
    assert client("POST", f"{RUNS}/3/cancel").status_code == 202
    assert client("POST", f"{RUNS}/3/cancel").status_code == 409
    state.advance(timedelta(days=1))
    assert client.get(f"{RUNS}/3").json()["conclusion"] == "cancelled"


def with_three_jobs():
    """Run 3 failed at its first attempt: test failed, lint and docs passed."""
    jobs = [
        job_payload(31, 3, conclusion="failure"),
        job_payload(32, 3, name="lint"),
        job_payload(33, 3, name="docs"),
    ]
    runs = [run_payload(3, created_at=ago(hours=9), conclusion="failure")]
    return GitHubContent(
        clock=CLOCK, viewer=BOT, repositories={REPO: full_repository()}, runs={REPO: runs}, jobs={REPO: jobs}
    )


def test_a_rerun_of_failed_jobs_leaves_the_others_out(serve):
    client = serve(GitHubState(with_three_jobs()))
    assert client("POST", f"{RUNS}/3/rerun-failed-jobs").status_code == 201
    assert [(job["name"], job["run_attempt"]) for job in jobs_of(client, 3)] == [("test", 2)]
    by_attempt = client.get(f"{RUNS}/3/attempts/1/jobs").json()["jobs"]
    assert [job["id"] for job in by_attempt] == [31, 32, 33]


def test_before_2025_the_jobs_that_passed_were_carried_over(serve):
    """As job 21815125995 of 2024 shows: a new id, made at the re-run, with the times of the first attempt."""
    state = GitHubState(with_three_jobs())
    state.switches.carried_over_jobs = True
    client = serve(state)
    client("POST", f"{RUNS}/3/rerun-failed-jobs")
    latest = {job["name"]: job for job in jobs_of(client, 3)}
    assert {name: (job["run_attempt"], job["conclusion"]) for name, job in latest.items()} == {
        "test": (2, None),
        "lint": (2, "success"),
        "docs": (2, "success"),
    }
    assert latest["lint"]["id"] not in (31, 32, 33)
    assert latest["lint"]["created_at"] == "2026-11-16T06:00:00Z"
    assert latest["lint"]["started_at"] == "2026-11-16T01:00:00Z"


def test_one_job_is_run_again(serve):
    client = serve(GitHubState(with_three_jobs()))
    assert client("POST", f"/repos/{REPO}/actions/jobs/32/rerun").status_code == 201
    assert [job["name"] for job in jobs_of(client, 3)] == ["lint"]
    assert client("POST", f"/repos/{REPO}/actions/jobs/999/rerun").status_code == 404


@pytest.mark.parametrize(
    ("days", "attempt", "message"),
    [
        (29, 1, None),
        (31, 1, "Unable to retry this workflow run because it was created over a month ago"),
        (3, 50, None),
        (3, 51, "Unable to retry this workflow run because it was re-run 50 times"),
    ],
)
def test_which_runs_may_be_run_again(client, state, days, attempt, message):
    state.put_run(REPO, run_payload(9, created_at=ago(days=days), run_attempt=attempt))
    response = client("POST", f"{RUNS}/9/rerun")
    assert (response.status_code, response.json().get("message")) == (201 if message is None else 403, message)
    # What the API refuses the world may still do.
    if message is not None:
        state.activity.rerun(REPO, 9, actor=ANA)
        assert client.get(f"{RUNS}/9").json()["run_attempt"] == attempt + 1


def test_a_run_without_failures_has_no_failed_jobs_to_run_again(client):
    assert client("POST", f"{RUNS}/6/rerun-failed-jobs").status_code == 403
    assert client("POST", f"{RUNS}/99/rerun").status_code == 404


@pytest.mark.refused_requests("a switch that is neither on nor off")
def test_debug_logging_is_a_truth_value(client):
    assert client("POST", f"{RUNS}/3/rerun", {"enable_debug_logging": "yes"}).status_code == 422
    assert client.get(f"{RUNS}/3").json()["status"] == "completed"


def test_a_rerun_comes_back_after_a_restart(tmp_path, serve):
    path = tmp_path / "github.jsonl"
    state = GitHubState(make_content(), writes_path=path)
    client = serve(state)
    client("POST", f"{RUNS}/3/rerun")
    client("DELETE", f"{RUNS}/6")
    again = GitHubState(make_content(), writes_path=path)
    assert again.request("GET", f"{RUNS}/3/jobs?filter=all") == state.request("GET", f"{RUNS}/3/jobs?filter=all")
    assert again.request("GET", RUNS) == state.request("GET", RUNS)


def test_a_startup_failure_has_a_conclusion_and_no_jobs(client, state):
    state.put_run(REPO, run_payload(9, created_at=CLOCK, conclusion="startup_failure"))
    assert client.get(f"{RUNS}/9").json()["conclusion"] == "startup_failure"
    assert jobs_of(client, 9) == []
    found = client.get(f"{RUNS}?branch=main&created=%3E%3D2026-11-16").json()["workflow_runs"]
    assert [run["id"] for run in found] == [9]


def test_a_merge_queue_tests_on_a_branch_of_its_own(client, state):
    branch = payloads.merge_queue_branch("main", 1, "c" * 40)
    run = run_payload(9, created_at=CLOCK, event="merge_group", head_branch=branch, head_sha="c" * 40)
    state.put_run(REPO, run)
    (found,) = client.get(f"{RUNS}?event=merge_group").json()["workflow_runs"]
    assert (found["head_branch"], found["pull_requests"]) == (f"gh-readonly-queue/main/pr-1-{'c' * 40}", [])


def test_a_workflow_that_never_ran_is_listed(serve):
    content = make_content()
    content.workflows[REPO] = [
        payloads.workflow(
            full_repository(),
            id=5,
            name="Nightly",
            path=".github/workflows/nightly.yml",
            created_at=ago(days=9),
            state="disabled_manually",
        )
    ]
    client = serve(GitHubState(content))
    found = client.get(f"/repos/{REPO}/actions/workflows").json()["workflows"]
    assert [(item["name"], item["state"]) for item in found] == [
        ("Nightly", "disabled_manually"),
        ("CI", "active"),
        ("Release", "active"),
    ]
    runs = client.get(f"/repos/{REPO}/actions/workflows/nightly.yml/runs").json()
    assert runs == {"total_count": 0, "workflow_runs": []}


def test_pygithub_runs_again(client, state):
    with Github(
        auth=Auth.Token(TOKEN), base_url=client.root, seconds_between_requests=None, seconds_between_writes=None
    ) as github:
        run = github.get_repo(REPO).get_workflow_run(3)
        assert run.rerun()
        state.activity.complete_run(REPO, 3, "failure")
        assert run.rerun_failed_jobs()
        assert run.update()
        assert (run.run_attempt, run.status) == (4, "queued")
        assert run.cancel()
        assert run.delete()
        assert client.get(f"{RUNS}/3").status_code == 404


def test_what_is_not_there_is_named(state):
    for call in (
        lambda: state.activity.complete_run(REPO, 99),
        lambda: state.activity.start_run("acme/nothing", 1),
        lambda: state.activity.edit_comment(REPO, 1, "x"),
    ):
        with pytest.raises(SandboxError, match=r"99|acme/nothing|comment 1"):
            call()
