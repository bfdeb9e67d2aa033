"""CI's share in milestones: red, wasted, flaky and blocked time by week, and its cost. Figures worked out by hand."""

from datetime import date
from typing import Any

import pytest

from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import REPO, StoredHistory, at
from roadmap_pipeline_tests.reports.histories import judge

STAGE = "Stage 7.3"
RELEASE = ".github/workflows/release.yml"
PRICES = [("ubuntu-latest", 0.006), ("ubuntu-*", 0.5), ("self-hosted", 0)]


def _pull_request(number: int) -> dict[str, Any]:
    return {"branch": f"branch-{number}", "event": "pull_request", "pull_request_numbers": [number]}


def _failing_job(history: StoredHistory, fingerprint: str | None) -> None:
    """Let the last job be known by its failing test; None: nobody knows by what it failed."""
    if fingerprint:
        judge(history, history.rows["raw.workflow_jobs"][-1], "test", fingerprint=fingerprint)
        history.rows["derived.failure_verdicts"][-1] |= {
            "known_by": "tests", "failed_tests": [fingerprint], "failed_tests_count": 1,
        }  # fmt: skip


def _red_main() -> StoredHistory:
    """Return a milestone that was opened on Tuesday of W45, and a default branch that is red in two weeks."""
    history = StoredHistory()
    history.milestone(STAGE, 1, created_at=at("11-03 12:00"))
    history.milestone("Old", 2, created_at=at("10-01 00:00"), state="closed", closed_at=at("11-03 13:00"))
    # ci.yml is red from 10:10 to 16:10, release.yml from 14:10 on Tuesday to Wednesday, 02:10: sixteen hours, not 18.
    for time, conclusion in (("10:00", "failure"), ("16:00", "success")):
        history.run(f"11-03 {time}", conclusion, sha=time)
    history.run("11-03 14:00", "failure", sha="r1", workflow_path=RELEASE)
    history.run("11-04 02:00", "success", sha="r2", workflow_path=RELEASE)
    # Over the end of W46, and still red: 4 hours and 10 minutes of Sunday, then Monday up to now, 06:00.
    history.run("11-15 19:40", "failure", sha="late")
    return history


def test_red_hours_count_each_moment_once_while_the_milestone_is_open() -> None:
    with _red_main().built(checked=True) as warehouse:
        assert warehouse.rows(
            "select number, week, red_main_hours from marts.milestone_ci_weekly"
            " where week >= '2026-W45' order by number, week"
        ) == [
            (1, "2026-W45", pytest.approx(12 + 130 / 60)),  # from 12:00, when it was made, to 02:10
            (1, "2026-W46", pytest.approx(250 / 60)),
            (1, "2026-W47", 6.0),
            (2, "2026-W45", pytest.approx(170 / 60)),  # until 13:00, when it was closed
        ]
        # Whole weeks: what is red now is told next week.
        assert warehouse.rows("select number, red_main_hours, until_day from marts.milestone_ci order by number") == [
            (1, pytest.approx(12 + 130 / 60 + 250 / 60), date(2026, 11, 15)),
            (2, pytest.approx(170 / 60), date(2026, 11, 15)),
        ]
        assert warehouse.rows(
            "select number, quarter, red_main_hours from marts.milestone_ci_quarterly order by number"
        ) == [
            (1, "2026-Q4", pytest.approx(12 + 130 / 60 + 250 / 60 + 6)),
            (2, "2026-Q4", pytest.approx(170 / 60)),
        ]


def test_workflows_that_are_not_critical_count_for_nothing() -> None:
    history = _red_main()
    history.add("config.critical_workflows", repo=REPO, workflow_path=RELEASE)
    with history.built() as warehouse:
        assert warehouse.rows(
            "select week, red_main_hours from marts.milestone_ci_weekly where number = 1 order by week"
        ) == [("2026-W45", 12.0), ("2026-W46", 0.0), ("2026-W47", 0.0)]


def test_wasted_and_flaky_minutes_are_those_of_its_own_runs() -> None:
    history = StoredHistory()
    history.milestone(STAGE, 1, created_at=at("11-09 00:00"))
    history.belongs("stage", STAGE)
    # 10 minutes fail and pass in 5 when run again: wasted by the bucket, and flaky. 7 more passed; 20 are another's.
    run = history.run("11-10 10:00", "failure", sha="a", branch="stage")
    history.run("11-10 10:00", attempt=2, run_id=run, started="11-10 11:00", minutes=5, sha="a", branch="stage")
    history.run("11-11 10:00", minutes=7, sha="b", branch="stage")
    history.run("11-11 10:00", minutes=20, sha="c", branch="other")
    # Before it was made: its run all the same.
    history.run("11-05 10:00", minutes=3, sha="d", branch="stage")
    with history.built(checked=True) as warehouse:
        columns = "job_attempts, job_minutes, wasted_minutes, flaky_job_attempts, flaky_minutes, cost, currency"
        assert warehouse.rows(f"select week, {columns} from marts.milestone_ci_weekly order by week") == [
            ("2026-W45", 1, 3.0, 0.0, 0, 0.0, None, None),
            ("2026-W46", 3, 22.0, 10.0 + 5.0, 1, 10.0, None, None),
            ("2026-W47", 0, 0.0, 0.0, 0, 0.0, None, None),
        ]
        assert warehouse.row(f"select wasted_share, {columns} from marts.milestone_ci") == (
            pytest.approx(0.6), 4, 25.0, 15.0, 1, 10.0, None, None,
        )  # fmt: skip
        # The same buckets as those of weeks: of all runs there are no others.
        assert warehouse.one(
            "select sum(wasted_seconds) / 60 from marts.waste_weekly where job_base_name = '*'"
        ) == pytest.approx(15.0)


def _blocked() -> StoredHistory:
    """Return a default branch that is red on 10 November from 8:10 to 13:10, and four pull requests that fail then."""
    history = StoredHistory()
    history.milestone(STAGE, 1, created_at=at("11-02 00:00"))
    for number, closed in ((1, None), (2, None), (3, "11-10 12:00"), (4, None)):
        state = {"state": "closed", "closed_at": at(closed)} if closed else {}
        history.pull_request(number, milestone_number=1, milestone_title=STAGE, **state)
    history.run("11-10 08:00", "failure", sha="m1")
    _failing_job(history, "f")
    # By the same test as there: held up from 10:10 until the default branch passes at 13:10, whatever comes then.
    history.run("11-10 10:00", "failure", sha="p1", **_pull_request(1))
    _failing_job(history, "f")
    # By a test of its own: it holds up itself.
    history.run("11-10 10:00", "failure", sha="p2", **_pull_request(2))
    _failing_job(history, "g")
    # Nobody knows by what: held up from 11:10 until it is closed.
    history.run("11-10 11:00", "failure", sha="p3", **_pull_request(3))
    # By the same, until its next result at 11:40.
    history.run("11-10 10:50", "failure", sha="p4", **_pull_request(4))
    _failing_job(history, "f")
    history.run("11-10 11:30", sha="p4b", **_pull_request(4))
    history.run("11-10 13:00", sha="m2")
    history.run("11-10 14:00", sha="p1b", **_pull_request(1))
    # The default branch is green: nobody is held up.
    history.run("11-10 15:00", "failure", sha="p1c", **_pull_request(1))
    _failing_job(history, "f")
    return history


def test_a_pull_request_is_held_up_while_main_is_red_by_failures_that_are_not_its_own() -> None:
    with _blocked().built(checked=True) as warehouse:
        assert warehouse.rows(
            "select pull_request_number, started_at, ended_at from intermediate.int_blocked_intervals order by 1"
        ) == [
            (1, at("11-10 10:10"), at("11-10 13:10")),
            (3, at("11-10 11:10"), at("11-10 12:00")),
            (4, at("11-10 11:00"), at("11-10 11:40")),
        ]
        assert warehouse.rows(
            "select week, blocked_pull_requests, pull_request_hours_blocked from marts.milestone_ci_weekly"
            " where week <= '2026-W46' order by week"
        ) == [("2026-W45", 0, 0.0), ("2026-W46", 3, pytest.approx(3 + 50 / 60 + 40 / 60))]


def _priced() -> StoredHistory:
    history = StoredHistory()
    history.parameters = {"cost_currency": "USD"}
    for position, (label, price) in enumerate(PRICES, start=1):
        history.add("config.runner_prices", label=label, position=position, per_minute=price)
    history.milestone(STAGE, 1, created_at=at("11-02 00:00"))
    history.belongs("stage", STAGE)
    labels = (["ubuntu-latest"], ["ubuntu-24.04-arm"], ["self-hosted", "linux"], ["macos-15"], None)
    for number, names in enumerate(labels):
        history.run("11-10 10:00", sha=f"s{number}", branch="stage" if number < 2 else "other", minutes=2.5)
        history.rows["raw.workflow_jobs"][-1] |= {"labels": names, "runner_name": "r"}
    # Run again to green: 3 minutes of both were for nothing, at 0.006 each. Cancelled in the queue: nothing.
    run = history.run("11-12 10:00", "failure", sha="w", branch="stage", minutes=2.5)
    history.rows["raw.workflow_jobs"][-1] |= {"labels": ["ubuntu-latest"], "runner_name": "r"}
    history.run("11-12 10:00", attempt=2, run_id=run, started="11-12 11:00", minutes=2.1, sha="w", branch="stage")
    history.rows["raw.workflow_jobs"][-1] |= {"labels": ["Ubuntu-Latest"], "runner_name": "r"}
    history.run("11-12 12:00", "cancelled", sha="q", branch="stage", minutes=60)
    history.rows["raw.workflow_jobs"][-1] |= {"labels": ["ubuntu-latest"], "runner_name": ""}
    return history


def test_cost_is_minutes_begun_times_the_price_of_the_runner() -> None:
    with _priced().built(checked=True) as warehouse:
        columns = "billed_minutes, currency, cost, wasted_cost, unpriced_minutes, unpriced_runners"
        # 3 minutes each, seven times: two on runners without a price.
        expected = (21, "USD", pytest.approx(3 * 0.006 + 3 * 0.5 + 6 * 0.006), pytest.approx(6 * 0.006), 6,
                    ["macos-15", "unknown"])  # fmt: skip
        assert (
            warehouse.row(f"select {columns} from marts.ci_costs_weekly where repo = '*' and workflow_path = '*'")
            == expected
        )
        assert warehouse.row(f"select {columns} from marts.ci_costs_quarterly where repo = '{REPO}'") == expected
        assert warehouse.row(f"select {columns} from marts.milestone_ci") == (
            12, "USD", pytest.approx(3 * 0.006 + 3 * 0.5 + 6 * 0.006), pytest.approx(6 * 0.006), 0, None,
        )  # fmt: skip


def test_without_a_price_nothing_is_said_of_cost() -> None:
    history = _priced()
    del history.rows["config.runner_prices"]
    history.parameters = {}
    with history.built(checked=True) as warehouse:
        assert warehouse.rows("from marts.ci_costs_weekly") == warehouse.rows("from marts.ci_costs_quarterly") == []
        assert warehouse.rows("select distinct cost, wasted_cost, currency from marts.milestone_ci_weekly") == [
            (None, None, None)
        ]
