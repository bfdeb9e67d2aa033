"""Lengths of time: durations of attempts, waits for a runner, minutes wasted."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import StoredHistory, at

WASTE = "job_seconds, made_green_seconds, superseded_seconds, timeout_seconds, rerun_seconds, wasted_minutes"
FEATURE: dict[str, Any] = {"branch": "feature/x", "event": "pull_request"}


def _carry_over(history: StoredHistory, run: int, name: str, conclusion: str, begin: datetime, end: datetime) -> None:
    """Let attempt 2 list a job that it did not run, created at the re-run with the old times, as real payloads do."""
    row = history.rows["raw.workflow_runs"][-1]
    assert (row["run_id"], row["run_attempt"]) == (run, 2)
    history.job(name, conclusion, row, begin, end)
    history.rows["raw.workflow_jobs"][-1] |= {"created_at": row["run_started_at"], "runner_name": None}


def test_every_wasted_minute_is_in_one_bucket():
    history = StoredHistory()
    # 10 + 10 minutes: a failure made green by its re-run. Only the first is waste: the second was needed.
    run = history.run("11-10 08:00", "failure", sha="a")
    history.run("11-10 08:00", attempt=2, run_id=run, sha="a", started="11-10 09:00")
    # 20 + 30 minutes, failing twice: the second attempt is a re-run that helped nobody.
    run = history.run("11-10 10:00", "failure", sha="b", minutes=20)
    history.run("11-10 10:00", "failure", attempt=2, run_id=run, sha="b", started="11-10 11:00", minutes=30)
    # 5 minutes of a run that a newer one of 7 minutes replaced.
    history.run("11-10 12:00", "cancelled", sha="c", minutes=5, **FEATURE)
    history.run("11-10 12:04", sha="d", minutes=7, **FEATURE)
    # A job over its limit, 360 minutes, beside one of 10; nothing was run again.
    history.run("11-10 13:00", "cancelled", sha="e", minutes=360, event="schedule", branch="release")
    history.run("11-11 13:00", "failure", sha="f", minutes=40, jobs={"slow": "timed_out"}, branch="other")
    # A time-out that a re-run of 3 minutes made green is waste of the first kind, once.
    run = history.run("11-11 14:00", "failure", sha="g", minutes=50, jobs={"slow": "timed_out"}, branch="third")
    history.run("11-11 14:00", attempt=2, run_id=run, sha="g", started="11-11 16:00", minutes=3, branch="third")
    with history.built(checked=True) as warehouse:
        minutes = (10 + 50, 5, 360 + 40, 10 + 30 + 3)
        assert warehouse.weekly(WASTE) == (
            60 * (10 + 10 + 20 + 30 + 5 + 7 + 360 + 40 + 50 + 3),
            *(60 * each for each in minutes),
            sum(minutes),
        )
        assert warehouse.row(f"select {WASTE} from marts.quarterly_rollup where repo = '*'") == warehouse.weekly(WASTE)


def test_a_re_run_that_passed_is_a_re_run_and_a_first_attempt_that_passed_is_none():
    history = StoredHistory()
    history.run("11-10 08:00", sha="a")
    with history.built() as warehouse:
        assert warehouse.weekly(WASTE) == (600, 0, 0, 0, 0, 0.0)


def test_what_a_partial_re_run_only_lists_counts_once():
    history = StoredHistory()
    run = history.run(
        "11-10 08:00", "failure", minutes=30, jobs={"build": "success", "lint": "failure", "test": "failure"}
    )
    history.run(
        "11-10 08:00", "failure", attempt=2, run_id=run, started="11-11 08:00", minutes=4, jobs={"test": "success"}
    )
    for name, conclusion in (("build", "success"), ("lint", "failure")):
        _carry_over(history, run, name, conclusion, at("11-10 08:00"), at("11-10 08:30"))
    with history.built(checked=True) as warehouse:
        assert warehouse.rows("select run_attempt, duration_seconds from marts.ci_runs order by all") == [
            (1, 1800.0),
            (2, 240.0),
        ]
        assert warehouse.weekly("job_seconds, failed_job_attempts") == (3 * 1800 + 240, 2)
        assert warehouse.rows(
            "select job_name, run_attempt from marts.ci_jobs where is_carried_over order by job_name"
        ) == [("build", 2), ("lint", 2)]


def test_durations_are_those_of_passing_attempts():
    history = StoredHistory()
    for minutes in (1, 2, 3, 4, 5):
        history.run("11-10 12:00", sha=f"s{minutes}", minutes=minutes)
    history.run("11-10 12:00", "failure", sha="f", minutes=60)
    history.run("11-10 12:00", "cancelled", sha="c", minutes=90)
    history.run("11-10 12:00", None, sha="p")
    history.run("11-10 12:00", sha="j", jobs={})
    with history.built() as warehouse:
        # Of 60, 120, 180, 240 and 300 seconds: the third, and four fifths of the way from the fourth to the fifth.
        assert warehouse.weekly("duration_p50_seconds, duration_p95_seconds") == (180.0, pytest.approx(288.0))
        assert warehouse.rows(
            "select grain, timed_attempts from marts.speed_by_period where repo = '*' order by all"
        ) == [
            ("day", 5),
            ("quarter", 5),
            ("week", 5),
        ]


def _wait(history: StoredHistory, seconds: float, **values: Any) -> None:
    """Let the last job wait, and change what else is told."""
    row = history.rows["raw.workflow_jobs"][-1]
    row["created_at"] = row["started_at"] - timedelta(seconds=seconds)
    row |= {"runner_name": "runner-1", "labels": ["ubuntu-latest"], "status": "completed"} | values


def test_percentiles_of_all_together_come_from_the_rows_not_from_the_repositories():
    history = StoredHistory()
    for number, (seconds, repo) in enumerate([(10, "acme/a"), (20, "acme/a"), (30, "acme/a"), (100, "acme/b")]):
        history.run("11-10 12:00", sha=f"s{number}", repo=repo)
        _wait(history, seconds)
    with history.built() as warehouse:
        assert warehouse.rows(
            "select repo, queue_p50_seconds, queue_p95_seconds from marts.ci_weekly"
            " where week = '2026-W46' order by repo"
        ) == [
            ("*", 25.0, pytest.approx(30 + 0.85 * 70)),
            ("acme/a", 20.0, pytest.approx(29.0)),
            ("acme/b", 100.0, 100.0),
        ]


def test_only_jobs_that_a_runner_took_waited_for_one() -> None:
    cases: list[tuple[dict[str, Any], float | None]] = [
        ({}, 60.0),
        ({"conclusion": "failure"}, 60.0),
        ({"status": "in_progress", "conclusion": None}, 60.0),
        ({"conclusion": "cancelled"}, 60.0),
        ({"conclusion": "cancelled", "runner_name": ""}, None),  # cancelled in the queue
        ({"conclusion": "cancelled", "runner_name": None}, None),
        ({"conclusion": "skipped", "runner_name": None}, None),
        ({"status": "queued", "conclusion": None, "runner_name": None}, None),
        ({"status": "waiting", "conclusion": None}, None),
    ]
    history = StoredHistory()
    for number, (values, _) in enumerate(cases):
        history.run("11-10 12:00", sha=f"s{number}")
        _wait(history, 60, **values)
    with history.built() as warehouse:
        assert warehouse.rows("select queue_seconds from marts.ci_jobs order by job_id") == [
            (expected,) for _, expected in cases
        ]
        assert warehouse.rows("select queued_jobs from marts.speed_by_period where repo = '*'") == [(4,)] * 3


def test_what_is_not_known_of_jobs_read_in_bulk_counts_as_nothing_not_as_zero() -> None:
    """Queue times rest on the other jobs; a runner that isn't known had the job where there are steps of it."""
    untold = {"detail_state": "bulk", "created_at": None, "runner_name": None, "labels": None, "steps": None}
    steps = '[{"number": 1, "name": "Set up job", "status": "completed", "conclusion": "success"}]'
    cases: list[tuple[dict[str, Any], bool]] = [
        ({"labels": ["ubuntu-latest"], "detail_state": "complete"}, True),
        (untold, True),
        ({**untold, "conclusion": "cancelled", "steps": steps}, True),
        ({**untold, "conclusion": "cancelled", "steps": "[]"}, False),
        ({**untold, "conclusion": "skipped"}, False),
    ]
    history = StoredHistory()
    for number, (values, _) in enumerate(cases):
        history.run("11-10 12:00", sha=f"s{number}")
        _wait(history, 60, **values)
    with history.built(checked=True) as warehouse:
        rows = warehouse.rows("select queue_seconds, is_on_runner from marts.ci_jobs order by job_id")
        assert rows == [(60.0, True), *((None, taken) for _, taken in cases[1:])]
        assert (
            warehouse.rows("select runner, queued_jobs, queue_p50_seconds from marts.queue_times_weekly")
            == [("ubuntu-latest", 1, 60.0)] * 2
        )
        assert (
            warehouse.rows("select queued_jobs, queue_p50_seconds from marts.speed_by_period where repo = '*'")
            == [(1, 60.0)] * 3
        )


def test_waits_by_runner_whatever_the_order_of_its_labels():
    history = StoredHistory()
    labels = [["ubuntu-latest"], ["self-hosted", "linux"], ["linux", "self-hosted"], [], None]
    for number, names in enumerate(labels):
        history.run("11-10 12:00", sha=f"s{number}")
        _wait(history, 10 * (number + 1), labels=names)
    with history.built(checked=True) as warehouse:
        assert warehouse.rows(
            "select runner, queued_jobs, queue_p50_seconds from marts.queue_times_weekly"
            " where repo = '*' order by runner"
        ) == [("linux, self-hosted", 2, 25.0), ("ubuntu-latest", 1, 10.0), ("unknown", 2, 45.0)]
