"""The state of commits on the default branch, and the failure rate taken from it."""

from typing import Any

from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import StoredHistory

COMMITS = "red_commits, flaky_commits, green_commits, pending_commits, default_branch_failure_rate"


def _states(history: StoredHistory) -> dict[str, str]:
    with history.built() as warehouse:
        return dict(warehouse.rows("select head_sha, state from marts.default_branch_commits"))


def _again(history: StoredHistory, run: int, time: str, conclusion: str | None = "success", **values: Any) -> None:
    history.run(time, conclusion, attempt=2, run_id=run, started=time[:6] + "20:00", **values)


def test_red_flaky_green_and_pending():
    history = StoredHistory()
    history.run("11-10 08:00", sha="green")
    history.run("11-10 09:00", "failure", sha="red")
    flaky = history.run("11-10 10:00", "failure", sha="flaky")
    _again(history, flaky, "11-10 10:00", sha="flaky")
    again = history.run("11-10 11:00", "failure", sha="red-twice")
    _again(history, again, "11-10 11:00", "failure", sha="red-twice")
    history.run("11-10 12:00", None, sha="pending")
    history.run("11-10 12:00", sha="pending", workflow_path=".github/workflows/lint.yml")
    history.run("11-10 13:00", "cancelled", sha="void")
    states = _states(history)
    assert states == {"green": "green", "red": "red", "flaky": "flaky", "red-twice": "red", "pending": "pending"}
    with history.built() as warehouse:
        # 2 red of 2 red, 1 flaky and 1 green; the unfinished one is in no denominator.
        assert warehouse.weekly(COMMITS) == (2, 1, 1, 1, 0.5)
        assert warehouse.row(f"select {COMMITS} from marts.quarterly_rollup where repo = '*'") == (2, 1, 1, 1, 0.5)


def test_one_job_that_always_failed_makes_a_commit_red_whatever_else_flaked():
    history = StoredHistory()
    run = history.run("11-10 12:00", "failure", jobs={"lint": "failure", "test": "failure"})
    _again(history, run, "11-10 12:00", "failure", jobs={"lint": "failure", "test": "success"})
    with history.built() as warehouse:
        assert warehouse.row("select state, red_jobs, flaky_jobs from marts.default_branch_commits") == ("red", 1, 1)


def test_a_shard_that_passed_beside_a_failing_one_is_no_pass_of_the_job():
    history = StoredHistory()
    history.run("11-10 12:00", "failure", sha="a", jobs={"test (1/2)": "failure", "test (2/2)": "success"})
    run = history.run("11-11 12:00", "failure", sha="b", jobs={"test (1/2)": "failure", "test (2/2)": "success"})
    # After the re-run the failing test sits in a shard of another name.
    _again(history, run, "11-11 12:00", sha="b", jobs={"test (1/3)": "success"})
    assert _states(history) == {"a": "red", "b": "flaky"}


def test_the_same_name_in_two_workflows_is_two_jobs():
    history = StoredHistory()
    history.run("11-10 12:00", "failure", sha="a")
    history.run("11-10 12:00", sha="a", workflow_path=".github/workflows/other.yml")
    assert _states(history) == {"a": "red"}


def test_a_job_that_may_fail_leaves_its_commit_green():
    history = StoredHistory()
    history.run("11-10 12:00", jobs={"test": "success", "nightly (allowed to fail)": "failure"})
    assert _states(history) == {"a1": "green"}


def test_a_start_up_failure_without_jobs_counts_as_the_workflow():
    history = StoredHistory()
    history.run("11-10 12:00", "startup_failure", sha="once", jobs={})
    run = history.run("11-10 13:00", "startup_failure", sha="twice", jobs={})
    _again(history, run, "11-10 13:00", "startup_failure", sha="twice", jobs={})
    run = history.run("11-10 14:00", "startup_failure", sha="recovered", jobs={})
    _again(history, run, "11-10 14:00", sha="recovered")
    assert _states(history) == {"once": "red", "twice": "red", "recovered": "flaky"}


def test_pull_requests_forks_and_merge_queues_say_nothing_about_the_default_branch():
    history = StoredHistory()
    history.run("11-10 12:00")
    history.run("11-10 12:00", "failure", event="pull_request")
    history.run("11-10 12:00", "failure", event="merge_group")
    history.run("11-10 12:00", "failure", head_repo="someone/payments", event="workflow_run")
    history.run("11-10 12:00", "failure", sha="x", branch="feature/x")
    assert _states(history) == {"a1": "green"}


def test_a_commit_counts_on_the_day_it_was_first_tested():
    history = StoredHistory()
    history.run("11-08 23:00", sha="a")
    history.run("11-09 01:00", "failure", sha="a", event="schedule", workflow_path=".github/workflows/nightly.yml")
    with history.built() as warehouse:
        assert warehouse.weekly(COMMITS, week="2026-W45") == (1, 0, 0, 0, 1.0)
        assert warehouse.weekly(COMMITS) == (0, 0, 0, 0, None)
