"""Days, ISO weeks and quarters: which period a thing belongs to, and what adds up."""

from datetime import date

import pytest

from roadmap_pipeline_tests.marts.world import World, at


def test_iso_weeks_follow_the_iso_year_not_the_calendar():
    world = World(as_of=at("2027-01-11 06:00:00"))
    world.run("2026-12-31 23:59:00", sha="a")
    world.run("2027-01-03 23:59:00", sha="b")
    world.run("2027-01-04 00:00:00", sha="c")
    with world.built() as warehouse:
        assert warehouse.rows(
            "select week, week_start, runs from marts.ci_weekly where repo = '*' order by week_start"
        ) == [("2026-W53", date(2026, 12, 28), 2), ("2027-W01", date(2027, 1, 4), 1)]
        # Quarters are the calendar's.
        assert warehouse.rows(
            "select quarter, runs, days from marts.quarterly_rollup where repo = '*' order by quarter"
        ) == [("2026-Q4", 1, 92), ("2027-Q1", 2, 90)]


def test_the_first_days_of_a_year_may_belong_to_the_last_iso_week_of_the_year_before():
    world = World()
    world.run("2027-01-01 00:00:00")
    world.run("2025-12-29 00:00:00", sha="b")
    with world.built() as warehouse:
        assert warehouse.rows("select week from marts.ci_runs order by created_at") == [("2026-W01",), ("2026-W53",)]


def test_a_re_run_restates_the_week_the_run_was_created_in():
    world = World()
    run = world.run("11-08 23:00", "failure")  # Sunday of W45
    world.run("11-08 23:00", attempt=2, run_id=run, started="11-09 09:00")  # Monday of W46
    with world.built() as warehouse:
        assert warehouse.rows(
            "select week, runs, first_attempt_pass_rate, final_pass_rate, failed_job_attempts, flaky_jobs"
            " from marts.ci_weekly where repo = '*' order by week"
        ) == [("2026-W45", 1, 0.0, 1.0, 1, 1), ("2026-W46", 0, None, None, 0, 0)]


def test_weeks_without_runs_are_rows():
    world = World()
    world.run("10-20 12:00")  # W43
    world.run("11-10 12:00", sha="b")  # W46
    with world.built() as warehouse:
        assert warehouse.rows(
            "select week, runs, final_pass_rate, trend from marts.ci_weekly where repo = '*' order by week"
        ) == [
            ("2026-W43", 1, 1.0, "Stable"),
            ("2026-W44", 0, None, "Stable"),
            ("2026-W45", 0, None, "Stable"),
            ("2026-W46", 1, 1.0, "Stable"),
        ]


def test_all_repositories_together_are_counted_together_not_averaged():
    world = World()
    for number in range(9):
        world.run("11-10 12:00", sha=f"a{number}")
    world.run("11-10 12:00", "failure", sha="b", repo="acme/storefront")
    with world.built() as warehouse:
        assert warehouse.rows("select repo, final_pass_rate from marts.ci_weekly order by repo") == [
            ("*", pytest.approx(0.9)),
            ("acme/payments", 1.0),
            ("acme/storefront", 0.0),
        ]


def test_runs_deleted_upstream_still_count():
    world = World()
    world.run("11-10 12:00", deleted_upstream_at=at("11-12 00:00"))
    with world.built() as warehouse:
        assert warehouse.weekly("runs, final_pass_rate") == (1, 1.0)


def _weeks(world: World, before: tuple[int, int], now: tuple[int, int]) -> None:
    for time, (passed, total) in (("11-03 12:00", before), ("11-10 12:00", now)):
        for number in range(total):
            world.run(time, "success" if number < passed else "failure", sha=f"{time}{number}", jobs={})


def test_trend_uses_newcombes_interval():
    """Newcombe 1998, method 10: 56/70 against 48/80 differs by 0.2000 (0.0524 to 0.3339)."""
    world = World()
    _weeks(world, (48, 80), (56, 70))
    with world.built() as warehouse:
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
        ((15, 20), (16, 20), "Stable"),  # 5 points, but within chance
        ((20, 20), (20, 20), "Stable"),
    ],
)
def test_trend_needs_size_and_certainty(before: tuple[int, int], now: tuple[int, int], trend: str):
    world = World()
    _weeks(world, before, now)
    with world.built() as warehouse:
        assert warehouse.weekly("trend") == (trend,)


def test_top_category_ties_go_to_the_one_that_hits_more_pull_requests():
    world = World()
    categories = [("test", 1), ("test", 1), ("network", 2), ("network", 3), ("unknown", 4), ("unknown", 5)]
    for number, (category, pull_request) in enumerate(categories):
        run = world.run(
            "11-10 12:00", "failure", sha=f"s{number}", event="pull_request", pull_request_numbers=[pull_request]
        )
        job = next(row["job_id"] for row in world.rows["raw.workflow_jobs"] if row["run_id"] == run)
        world.add(
            "derived.failure_verdicts", repo="acme/payments", job_id=job, run_id=run, run_attempt=1,
            category=category, domain="unknown" if category == "unknown" else "code",
        )  # fmt: skip
    with world.built() as warehouse:
        assert warehouse.weekly("top_failure_category, top_failure_count") == ("network", 2)
        assert warehouse.rows(
            "select category, share, pull_requests, category_rank from marts.failure_categories_weekly"
            " where repo = '*' order by category_rank"
        ) == [
            ("network", pytest.approx(1 / 3), 2, 1),
            ("unknown", pytest.approx(1 / 3), 2, 2),
            ("test", pytest.approx(1 / 3), 1, 3),
        ]
