"""Days, ISO weeks and quarters: which period a thing belongs to, and what adds up."""

from datetime import date

import pytest

from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import StoredHistory, at


def test_iso_weeks_follow_the_iso_year_not_the_calendar():
    history = StoredHistory(as_of=at("2027-01-11 06:00:00"))
    history.run("2026-12-31 23:59:00", sha="a")
    history.run("2027-01-03 23:59:00", sha="b")
    history.run("2027-01-04 00:00:00", sha="c")
    with history.built() as warehouse:
        assert warehouse.rows(
            "select week, week_start, runs from marts.ci_weekly where repo = '*' order by week_start"
        ) == [("2026-W53", date(2026, 12, 28), 2), ("2027-W01", date(2027, 1, 4), 1)]
        # Quarters are the calendar's.
        assert warehouse.rows(
            "select quarter, runs, days from marts.quarterly_rollup where repo = '*' order by quarter"
        ) == [("2026-Q4", 1, 92), ("2027-Q1", 2, 90)]


def test_the_first_days_of_a_year_may_belong_to_the_last_iso_week_of_the_year_before():
    history = StoredHistory()
    history.run("2027-01-01 00:00:00")
    history.run("2025-12-29 00:00:00", sha="b")
    with history.built() as warehouse:
        assert warehouse.rows("select week from marts.ci_runs order by created_at") == [("2026-W01",), ("2026-W53",)]


def test_a_re_run_restates_the_week_the_run_was_created_in():
    history = StoredHistory()
    run = history.run("11-08 23:00", "failure")  # Sunday of W45
    history.run("11-08 23:00", attempt=2, run_id=run, started="11-09 09:00")  # Monday of W46
    with history.built() as warehouse:
        assert warehouse.rows(
            "select week, runs, first_attempt_pass_rate, final_pass_rate, failed_job_attempts, flaky_jobs"
            " from marts.ci_weekly where repo = '*' order by week"
        ) == [("2026-W45", 1, 0.0, 1.0, 1, 1), ("2026-W46", 0, None, None, 0, 0)]


def test_weeks_without_runs_are_rows():
    history = StoredHistory()
    history.run("10-20 12:00")  # W43
    history.run("11-10 12:00", sha="b")  # W46
    with history.built() as warehouse:
        assert warehouse.rows(
            "select week, runs, final_pass_rate, trend from marts.ci_weekly where repo = '*' order by week"
        ) == [
            ("2026-W43", 1, 1.0, "Stable"),
            ("2026-W44", 0, None, "Stable"),
            ("2026-W45", 0, None, "Stable"),
            ("2026-W46", 1, 1.0, "Stable"),
        ]


def test_an_idle_last_week_and_idle_days_up_to_yesterday_are_rows():
    history = StoredHistory(as_of=at("11-18 06:00"))  # a Wednesday
    history.run("11-05 12:00")  # W45
    with history.built(checked=True) as warehouse:
        assert warehouse.rows(
            "select week, runs, final_pass_rate, recovery_median_hours, wasted_minutes, flaky_jobs, trend, is_complete"
            " from marts.ci_weekly where repo = '*' order by week"
        ) == [
            ("2026-W45", 1, 1.0, None, 0.0, 0, "Stable", True),
            ("2026-W46", 0, None, None, 0.0, 0, "Stable", True),
            ("2026-W47", 0, None, None, 0.0, 0, "Stable", False),
        ]
        days = warehouse.rows("select day, runs, is_complete from marts.ci_daily where repo = '*' order by day")
        assert [days[0], days[-1]] == [(date(2026, 11, 5), 1, True), (date(2026, 11, 17), 0, True)]
        assert len(days) == 13


def test_today_is_a_row_once_something_happened():
    history = StoredHistory(as_of=at("11-18 06:00"))
    history.run("11-18 05:00")
    with history.built() as warehouse:
        assert warehouse.rows("select day, runs, is_complete from marts.ci_daily where repo = '*'") == [
            (date(2026, 11, 18), 1, False)
        ]


def test_days_weeks_and_quarters_end_at_midnight_utc():
    history = StoredHistory(as_of=at("10-05 06:00"))
    history.run("2026-09-30 23:59:59", sha="a")
    history.run("2026-10-01 00:00:00", "failure", sha="b")  # a Thursday: the same week, the next quarter
    history.run("2026-10-04 23:59:59", sha="c")
    history.run("2026-10-05 00:00:00", sha="d")
    with history.built(checked=True) as warehouse:
        assert warehouse.rows("select day, runs from marts.ci_daily where repo = '*' and runs > 0 order by day") == [
            (date(2026, 9, 30), 1),
            (date(2026, 10, 1), 1),
            (date(2026, 10, 4), 1),
            (date(2026, 10, 5), 1),
        ]
        assert warehouse.rows("select week, runs from marts.ci_weekly where repo = '*' order by week") == [
            ("2026-W40", 3),
            ("2026-W41", 1),
        ]
        assert warehouse.rows(
            "select quarter, runs, failed_runs, is_complete from marts.quarterly_rollup"
            " where repo = '*' order by quarter"
        ) == [("2026-Q3", 1, 0, True), ("2026-Q4", 3, 1, False)]


def test_a_quarter_is_compared_with_the_quarter_before():
    """Newcombe 1998, method 10: 56/70 against 48/80 differs by 0.2000 (0.0524 to 0.3339)."""
    history = StoredHistory()
    for time, passed, total in (("09-30 12:00", 48, 80), ("10-01 12:00", 56, 70)):
        for number in range(total):
            history.run(time, "success" if number < passed else "failure", sha=f"{time}{number}", jobs={})
    with history.built() as warehouse:
        first, second = warehouse.rows(
            "select quarter, trend, final_pass_rate, previous_conclusive_runs, previous_final_pass_rate,"
            " final_pass_rate_delta, final_pass_rate_delta_low, final_pass_rate_delta_high"
            " from marts.quarterly_rollup where repo = '*' order by quarter"
        )
        assert first == ("2026-Q3", "Stable", 0.6, 0, None, None, None, None)
        assert second[:5] == ("2026-Q4", "Improving", 0.8, 80, 0.6)
        assert second[5:] == (
            pytest.approx(0.2),
            pytest.approx(0.0524, abs=5e-5),
            pytest.approx(0.3339, abs=5e-5),
        )


def test_flaky_jobs_of_a_quarter_are_distinct_jobs_not_a_sum_of_weeks():
    history = StoredHistory()
    for day in ("10-12", "11-10"):
        run = history.run(f"{day} 12:00", "failure", sha=day)
        history.run(f"{day} 12:00", attempt=2, run_id=run, sha=day, started=f"{day} 13:00")
    with history.built() as warehouse:
        assert warehouse.one("select sum(flaky_jobs) from marts.ci_weekly where repo = '*'") == 2
        assert warehouse.one("select flaky_jobs from marts.quarterly_rollup where repo = '*'") == 1


def test_all_repositories_together_are_counted_together_not_averaged():
    history = StoredHistory()
    for number in range(9):
        history.run("11-10 12:00", sha=f"a{number}")
    history.run("11-10 12:00", "failure", sha="b", repo="acme/storefront")
    with history.built() as warehouse:
        assert warehouse.rows("select repo, final_pass_rate from marts.ci_weekly order by repo") == [
            ("*", pytest.approx(0.9)),
            ("acme/payments", 1.0),
            ("acme/storefront", 0.0),
        ]


def test_runs_deleted_upstream_still_count():
    history = StoredHistory()
    history.run("11-10 12:00", deleted_upstream_at=at("11-12 00:00"))
    with history.built() as warehouse:
        assert warehouse.weekly("runs, final_pass_rate") == (1, 1.0)


def _weeks(history: StoredHistory, before: tuple[int, int], now: tuple[int, int]) -> None:
    for time, (passed, total) in (("11-03 12:00", before), ("11-10 12:00", now)):
        for number in range(total):
            history.run(time, "success" if number < passed else "failure", sha=f"{time}{number}", jobs={})


def test_trend_uses_newcombes_interval():
    """Newcombe 1998, method 10: 56/70 against 48/80 differs by 0.2000 (0.0524 to 0.3339)."""
    history = StoredHistory()
    _weeks(history, (48, 80), (56, 70))
    with history.built() as warehouse:
        delta, low, high, trend = warehouse.weekly(
            "final_pass_rate_delta, final_pass_rate_delta_low, final_pass_rate_delta_high, trend"
        )
        assert (delta, low, high) == (
            pytest.approx(0.2),
            pytest.approx(0.0524, abs=5e-5),
            pytest.approx(0.3339, abs=5e-5),
        )
        assert trend == "Improving"


@pytest.mark.parametrize(
    ("before", "now", "trend"),
    [
        ((56, 70), (48, 80), "Degrading"),
        ((19, 19), (0, 30), "Stable"),  # under 20 runs before
        ((30, 30), (0, 19), "Stable"),  # under 20 runs now
        ((8000, 10000), (8190, 10000), "Stable"),  # certain, but less than two points
        ((15, 20), (16, 20), "Stable"),  # 5 points, but within chance
        ((20, 20), (20, 20), "Stable"),
    ],
)
def test_trend_needs_size_and_certainty(before: tuple[int, int], now: tuple[int, int], trend: str):
    history = StoredHistory()
    _weeks(history, before, now)
    with history.built() as warehouse:
        assert warehouse.weekly("trend") == (trend,)


def test_top_category_ties_go_to_the_one_that_hits_more_pull_requests():
    history = StoredHistory()
    categories = [("test", 1), ("test", 1), ("network", 2), ("network", 3), ("unknown", 4), ("unknown", 5)]
    for number, (category, pull_request) in enumerate(categories):
        run = history.run(
            "11-10 12:00", "failure", sha=f"s{number}", event="pull_request", pull_request_numbers=[pull_request]
        )
        job = next(row["job_id"] for row in history.rows["raw.workflow_jobs"] if row["run_id"] == run)
        history.add(
            "derived.failure_verdicts", repo="acme/payments", job_id=job, run_id=run, run_attempt=1,
            category=category, domain="unknown" if category == "unknown" else "code",
        )  # fmt: skip
    with history.built() as warehouse:
        assert warehouse.weekly("top_failure_category, top_failure_count") == ("network", 2)
        assert warehouse.rows(
            "select category, share, pull_requests, category_rank from marts.failure_categories_weekly"
            " where repo = '*' order by category_rank"
        ) == [
            ("network", pytest.approx(1 / 3), 2, 1),
            ("unknown", pytest.approx(1 / 3), 2, 2),
            ("test", pytest.approx(1 / 3), 1, 3),
        ]
