"""The outcome map and the two pass rates."""

import json
from datetime import timedelta

import pytest

from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import BOT, CI, REPO, StoredHistory, at

OUTCOMES = {
    "success": "pass",
    "failure": "fail",
    "timed_out": "fail",
    "startup_failure": "fail",
    "cancelled": "void",
    "skipped": "void",
    "neutral": "void",
    "action_required": "void",
    "stale": "void",
    "something_new": "void",
    None: "pending",
}


def test_every_conclusion_has_the_outcome_of_the_map():
    history = StoredHistory()
    by_run = {
        history.run("11-10 12:00", conclusion, sha=str(conclusion), branch=str(conclusion)): outcome
        for conclusion, outcome in OUTCOMES.items()
    }
    with history.built() as warehouse:
        assert dict(warehouse.rows("select run_id, outcome from marts.ci_runs")) == by_run
        assert dict(warehouse.rows("select run_id, outcome from marts.ci_jobs")) == by_run
        counts = warehouse.weekly("runs, conclusive_runs, failed_runs, void_runs, pending_runs")
        assert counts == (11, 4, 3, 6, 1)


def test_cancelled_and_running_runs_are_in_no_denominator():
    """nodejs/reliability of 2026-08-22: 24 running, 6 success, 4 unstable, 2 aborted, 64 failure."""
    history = StoredHistory()
    for number, conclusion in enumerate(
        [None] * 24 + ["success"] * 6 + ["failure"] * 4 + ["cancelled"] * 2 + ["failure"] * 64
    ):
        history.run("11-10 12:00", conclusion, sha=f"c{number}", jobs={})
    with history.built() as warehouse:
        first, final, conclusive, void = warehouse.weekly(
            "first_attempt_pass_rate, final_pass_rate, conclusive_runs, void_runs"
        )
        assert (first, final) == (pytest.approx(6 / 74), pytest.approx(6 / 74))
        assert (conclusive, void) == (74, 2)


def test_time_outs_that_hide_as_cancelled_are_failures():
    history = StoredHistory()
    limit = history.run("11-10 01:00", "cancelled", sha="a", minutes=360)
    below = history.run("11-10 08:00", "cancelled", sha="b", branch="x", minutes=359)
    told = history.run("11-10 16:00", "cancelled", sha="c", branch="y", minutes=30)
    (told_job,) = [row["job_id"] for row in history.rows["raw.workflow_jobs"] if row["run_id"] == told]
    history.add(
        "raw.job_logs",
        repo=REPO,
        job_id=told_job,
        run_id=told,
        run_attempt=1,
        state="stored",
        excerpt="The job running on runner X has exceeded the maximum execution time of 30 minutes.",
    )
    with history.built() as warehouse:
        assert warehouse.rows("select run_id, outcome, outcome_reason from marts.ci_runs order by run_id") == [
            (limit, "fail", "timeout_as_cancelled"),
            (below, "void", "cancelled"),
            (told, "fail", "timeout_as_cancelled"),
        ]
        assert warehouse.rows("select run_id, category, domain, rule_id from marts.ci_failures order by run_id") == [
            (limit, "timeout", "platform", "timeout_as_cancelled"),
            (told, "timeout", "platform", "timeout_as_cancelled"),
        ]


def _noted(history: StoredHistory, run: int, *messages: str) -> None:
    (job,) = [row["job_id"] for row in history.rows["raw.workflow_jobs"] if row["run_id"] == run]
    annotations = json.dumps([{"path": ".github", "line": 1, "title": "", "message": text} for text in messages])
    history.add(
        "raw.job_logs", repo=REPO, job_id=job, run_id=run, run_attempt=1, state="not_asked", annotations=annotations
    )


def test_what_github_notes_about_a_cancelled_job_decides_whether_it_timed_out():
    """The run fails with its job and opens an episode, whoever pushed later; what a person cancelled stays void."""
    history = StoredHistory()
    hung = history.run("11-10 12:00", "cancelled", sha="a", minutes=15)
    _noted(history, hung, "The job has exceeded the maximum execution time of 15m0s", "The operation was canceled.")
    stopped = history.run("11-10 13:00", "cancelled", sha="b", minutes=15)
    _noted(history, stopped, "The operation was canceled.")
    history.run("11-10 15:05", sha="c")
    with history.built(checked=True) as warehouse:
        assert warehouse.rows(
            "select run_id, outcome, outcome_reason, failed_jobs from marts.ci_runs where run_id < 6"
        ) == [
            (hung, "fail", "timeout_as_cancelled", 1),
            (stopped, "void", "superseded", 0),
            (5, "pass", "success", 0),
        ]
        assert warehouse.weekly(
            "conclusive_runs, void_runs, failed_runs, failed_job_attempts, final_pass_rate, episodes_closed,"
            " top_failure_category, timeout_seconds, superseded_seconds"
        ) == (2, 1, 1, 1, 0.5, 1, "timeout", 900, 900)
        assert warehouse.rows("select started_at, hours from marts.red_episodes") == [(at("11-10 12:15"), 3.0)]


def test_a_run_that_waited_for_35_days_has_timed_out():
    history = StoredHistory()
    waited = history.run("2026-10-06T06:00:00", "cancelled", sha="a", jobs={})
    rows = history.rows["raw.workflow_runs"]
    history.job("deploy", "cancelled", rows[0], at("2026-11-10T06:00:00"), at("2026-11-10T06:00:02"))
    almost = history.run("2026-10-06T06:00:00", "cancelled", sha="b", branch="x", jobs={})
    history.job("deploy", "cancelled", rows[1], at("2026-11-10T05:00:00"), at("2026-11-10T05:59:00"))
    with history.built() as warehouse:
        assert warehouse.rows(
            "select run_id, outcome, outcome_reason, failed_jobs from marts.ci_runs order by run_id"
        ) == [
            (waited, "fail", "timeout_as_cancelled", 0),
            (almost, "void", "cancelled", 0),
        ]


_SERVICES = ("dynamic/dependabot/dependabot-updates", "dynamic/copilot-swe-agent/copilot")
_WORKFLOWS = ("dynamic/github-code-scanning/codeql", "dynamic/pages/pages-build-deployment")


@pytest.mark.parametrize("path", [*_SERVICES, *_WORKFLOWS])
def test_services_of_github_are_shown_and_void_what_they_do_for_the_repository_counts(path: str):
    is_service = path in _SERVICES
    history = StoredHistory()
    history.milestone()
    history.belongs("feature/x", "Stage 7.3")
    failed = history.run("11-10 11:00", "failure", sha="a", workflow_path=path, event="dynamic")
    history.run(
        "11-10 11:30",
        sha="a",
        attempt=2,
        run_id=failed,
        started="11-10 12:00",
        workflow_path=path,
        triggering_actor=BOT,
    )
    history.run("11-10 13:00", "failure", sha="b", workflow_path=path, event="dynamic")
    history.run("11-10 13:00", None, sha="c", workflow_path=path, event="dynamic")
    history.run("11-10 13:00", "failure", sha="d", branch="feature/x", workflow_path=path, event="dynamic")
    history.run("11-10 14:00", sha="c", jobs={})
    with history.built(checked=True) as warehouse:
        figures = warehouse.weekly(
            "runs, conclusive_runs, void_runs, pending_runs, failed_runs, failed_job_attempts, episodes_open,"
            " autofix_attempts, flaky_jobs, red_commits, pending_commits"
        )
        conclusive_runs = warehouse.one("select conclusive_runs from marts.milestone_windows")
        failing_attempts = warehouse.one("select failing_attempts from marts.milestone_windows")
        critical = {path for (path,) in warehouse.rows("select workflow_path from marts.critical_workflows")}
        shown = warehouse.one(f"select runs from marts.workflow_health where workflow_path = '{path}'")
        pending = warehouse.row("select outcome, completed_at from marts.ci_runs where conclusion is null")
        if is_service:
            assert figures == (5, 1, 4, 0, 0, 0, 0, 0, 0, 0, 0)
            assert (conclusive_runs, failing_attempts, critical) == (0, 0, {CI})
            assert pending == ("void", None)
            assert set(warehouse.rows(f"select outcome_reason from marts.ci_runs where workflow_path = '{path}'")) == {
                ("service",)
            }
            reason = "select reason from marts.milestone_progress where rule = 'autofix_success'"
            assert warehouse.one(reason) == "no runs in the last 28 days"
            assert warehouse.rows("from marts.ci_failures") == []
        else:
            assert figures == (5, 4, 0, 1, 2, 3, 1, 1, 1, 1, 1)
            assert (conclusive_runs, failing_attempts, critical) == (1, 1, {CI, path})
            assert pending == ("pending", None)
        assert shown == 4


def test_a_run_cancelled_for_a_newer_one_is_superseded():
    history = StoredHistory()
    old = history.run("11-10 12:00", "cancelled", sha="a", branch="feature/x")
    history.run("11-10 12:05", sha="b", branch="feature/x")
    other = history.run("11-10 12:00", "cancelled", sha="c", branch="feature/y")
    with history.built() as warehouse:
        assert warehouse.rows(
            "select run_id, outcome, outcome_reason from marts.ci_runs where outcome = 'void' order by run_id"
        ) == [(old, "void", "superseded"), (other, "void", "cancelled")]


def test_a_start_up_failure_without_jobs_fails_the_run_but_no_job():
    history = StoredHistory()
    history.run("11-10 12:00", "startup_failure", jobs={})
    with history.built() as warehouse:
        assert warehouse.weekly("failed_runs, failed_job_attempts, final_pass_rate") == (1, 0, 0.0)
        assert warehouse.one("select duration_seconds from marts.ci_runs") is None


def test_runs_that_only_skipped_give_no_rate():
    history = StoredHistory()
    history.run("11-10 12:00", "skipped")
    with history.built() as warehouse:
        assert warehouse.weekly("runs, void_runs, final_pass_rate, ci_health_score, trend") == (
            1,
            1,
            None,
            None,
            "Stable",
        )


def test_a_soft_failing_job_fails_alone():
    history = StoredHistory()
    history.run("11-10 12:00", "success", jobs={"test": "success", "nightly (allowed to fail)": "failure"})
    with history.built() as warehouse:
        assert warehouse.weekly("final_pass_rate, failed_runs, failed_job_attempts") == (1.0, 0, 1)


def test_first_and_final_pass_rate_see_different_attempts():
    history = StoredHistory()
    run = history.run("11-10 12:00", "failure")
    history.run("11-10 12:00", attempt=2, run_id=run, started="11-10 13:00")
    history.run("11-10 14:00", sha="b")
    with history.built() as warehouse:
        rates = warehouse.weekly("runs, first_attempt_pass_rate, final_pass_rate, failed_runs, failed_job_attempts")
        assert rates == (2, 0.5, 1.0, 0, 1)


def test_durations_come_from_jobs_never_from_later_touches():
    history = StoredHistory()
    history.run("11-10 12:00", minutes=7)
    with history.built() as warehouse:
        assert warehouse.row("select duration_seconds, completed_at from marts.ci_runs") == (420, at("11-10 12:07"))


def test_jobs_without_runs_and_runs_without_repository_or_times_are_kept():
    history = StoredHistory(default_branch=None)
    run = {"repo": "acme/gone", "run_id": 99, "run_attempt": 2, "workflow_name": "CI", "head_branch": "main"}
    job = history.job("test (3.12)", "failure", run | {"head_sha": "z"}, at("11-10 12:00"), at("11-10 12:05"))
    history.add("raw.workflow_runs", repo="acme/lonely", run_id=5, run_attempt=1, conclusion="failure")
    history.add(
        "raw.workflow_jobs", repo="acme/lonely", job_id=77, run_id=6, run_attempt=1, name="x", conclusion="failure"
    )
    with history.built() as warehouse:
        assert warehouse.rows("select run_id, outcome, week, workflow_path from marts.ci_runs") == [
            (5, "fail", None, "unknown")
        ]
        assert warehouse.rows("select job_id, week, job_base_name from marts.ci_failures order by job_id") == [
            (job, "2026-W46", "test"),
            (77, None, "x"),
        ]
        assert warehouse.weekly("runs, failed_job_attempts") == (0, 1)


@pytest.mark.parametrize(("branches", "guessed"), [(["main", "master"], "main"), (["master", "dev"], "master")])
def test_an_unknown_default_branch_is_guessed_from_those_that_exist(branches: list[str], guessed: str):
    history = StoredHistory(default_branch=None)
    for branch in branches:
        history.run("11-10 12:00", branch=branch, sha=branch)
    with history.built() as warehouse:
        assert warehouse.rows("select branch from marts.ci_runs where is_default_branch") == [(guessed,)]


def test_forks_pull_requests_and_merge_queues_are_not_the_default_branch():
    history = StoredHistory()
    pushed = history.run("11-10 12:00")
    scheduled = history.run("11-10 12:00", event="schedule", head_repo=None)
    history.run("11-10 12:00", head_repo="someone/payments", event="workflow_run")
    history.run("11-10 12:00", head_repo=None, event="workflow_run")
    for event in ("pull_request", "pull_request_target", "merge_group"):
        history.run("11-10 12:00", event=event)
    history.run("11-10 12:00", branch="dev")
    with history.built() as warehouse:
        rows = warehouse.rows("select run_id from marts.ci_runs where is_default_branch order by run_id")
        assert rows == [(pushed,), (scheduled,)]


def test_queue_time_is_the_first_attempts_wait():
    history = StoredHistory()
    run = history.run("11-10 12:00", "failure")
    history.run("11-10 12:00", attempt=2, run_id=run, started="11-10 14:00")
    for row in history.rows["raw.workflow_jobs"]:
        row["created_at"] = row["started_at"] - timedelta(seconds=90)
    with history.built() as warehouse:
        assert warehouse.rows("select queue_seconds from marts.ci_jobs order by run_attempt") == [(90.0,), (None,)]
