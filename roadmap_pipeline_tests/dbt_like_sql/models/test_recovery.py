"""Red episodes and time to green, open ones included."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import BOT, CI, StoredHistory, at

START = at("11-10 00:00")
AS_OF = at("11-15 00:00")
RECOVERY = "recovery_mean_hours, recovery_median_hours, recovery_p90_hours, episodes_closed, episodes_open"


def _episodes(closed: Sequence[float], opened: Sequence[float]) -> StoredHistory:
    """One workflow per episode; runs take no time."""
    history = StoredHistory(as_of=AS_OF)
    for number, hours in enumerate(closed):
        path = f".github/workflows/closed{number}.yml"
        end = START + timedelta(hours=hours)
        history.run(START.isoformat(), "failure", sha=f"red{number}", workflow_path=path, minutes=0)
        history.run(end.isoformat(), sha=f"green{number}", workflow_path=path, minutes=0)
    for number, hours in enumerate(opened):
        begin = AS_OF - timedelta(hours=hours)
        path = f".github/workflows/open{number}.yml"
        history.run(begin.isoformat(), "failure", sha=f"open{number}", workflow_path=path, minutes=0)
    return history


def test_open_episodes_count_as_at_least_so_long():
    with _episodes([1, 2, 3], [4, 10]).built() as warehouse:
        assert warehouse.weekly(RECOVERY) == (2.0, 3.0, None, 3, 2)
        assert warehouse.row(
            "select recovery_median_hours, oldest_open_hours from marts.quarterly_rollup where repo = '*'"
        ) == (
            3.0,
            10.0,
        )


def test_a_median_that_is_hit_exactly_is_reached():
    with _episodes([1, 2, 3, 4], []).built() as warehouse:
        assert warehouse.weekly(RECOVERY) == (2.5, 2.0, 4.0, 4, 0)
    with _episodes(range(1, 11), []).built() as warehouse:
        assert warehouse.weekly("recovery_median_hours, recovery_p90_hours") == (5.0, 9.0)


def test_a_median_that_is_not_reached_is_null_never_zero():
    with _episodes([], [5, 6]).built() as warehouse:
        assert warehouse.weekly(RECOVERY) == (None, None, None, 0, 2)


def _kaplan_meier_median(closed: Sequence[int], opened: Sequence[int]) -> int | None:
    """Independent of the SQL: walks the times one by one with exact fractions."""
    from fractions import Fraction

    survival = Fraction(1)
    for time in sorted(set(closed)):
        at_risk = sum(hours >= time for hours in (*closed, *opened))
        survival *= 1 - Fraction(closed.count(time), at_risk)
        if survival <= Fraction(1, 2):
            return time
    return None


@pytest.mark.slow
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    closed=st.lists(st.integers(1, 12), min_size=1, max_size=6),
    opened=st.lists(st.integers(1, 12), max_size=4),
    more=st.integers(1, 12),
)
def test_the_median_is_kaplan_and_meiers_and_an_open_episode_never_lowers_it(
    closed: list[int], opened: list[int], more: int
):
    medians = []
    for still_open in (opened, [*opened, more]):
        with _episodes(closed, still_open).built() as warehouse:
            (median,) = warehouse.weekly("recovery_median_hours")
        assert median == _kaplan_meier_median(closed, still_open)
        medians.append(median if median is not None else float("inf"))
    assert medians[0] <= medians[1]


def test_an_episode_belongs_to_the_week_it_started_in_even_when_it_ends_later():
    history = StoredHistory()
    history.run("11-08 20:00", "failure", sha="a", minutes=0)
    history.run("11-09 20:00", sha="b", minutes=0)
    with history.built() as warehouse:
        assert warehouse.weekly(RECOVERY, week="2026-W45") == (24.0, 24.0, 24.0, 1, 0)
        assert warehouse.weekly(RECOVERY, week="2026-W46") == (None, None, None, 0, 0)


def test_an_episode_runs_from_the_first_failure_to_the_next_pass_in_order_of_ending():
    history = StoredHistory()
    history.run("11-10 09:00", sha="a", minutes=0)
    history.run("11-10 10:00", "failure", sha="b", minutes=300)  # ends last of the failing ones
    first = history.run("11-10 11:00", "failure", sha="c", minutes=30)  # overtakes it
    history.run("11-10 12:00", "cancelled", sha="d", minutes=1)
    closing = history.run("11-10 16:00", sha="e", minutes=30)
    history.run("11-10 18:00", sha="f", minutes=0)
    history.run("11-10 12:00", "failure", sha="x", branch="feature/x")
    with history.built() as warehouse:
        assert warehouse.rows(
            "select workflow_path, started_at, ended_at, is_open, hours, closed_by, failing_attempts, first_run_id,"
            " closing_run_id from marts.red_episodes"
        ) == [(CI, at("11-10 11:30"), at("11-10 16:30"), False, 5.0, "human_fix", 2, first, closing)]


def test_an_open_episode_lasts_until_now():
    history = StoredHistory()
    history.run("11-15 06:00", "failure", minutes=0)
    with history.built() as warehouse:
        assert warehouse.row("select is_open, hours, ended_at, closed_by from marts.red_episodes") == (
            True,
            24.0,
            None,
            None,
        )
        assert warehouse.row("select is_red, red_hours, latest_default_outcome from marts.workflow_health") == (
            True,
            24.0,
            "fail",
        )


@pytest.mark.parametrize(
    ("closing", "closed_by"),
    [
        ({"sha": "b", "head_commit_message": 'Revert "Change"\n\nThis reverts commit a1.'}, "revert"),
        ({"sha": "b", "author": BOT}, "bot_fix"),
        ({"sha": "b", "author": "other-bot[bot]"}, "bot_fix"),
        ({"sha": "b"}, "human_fix"),
        ({"sha": "a1"}, "rerun_same_sha"),
        ({"sha": "a1", "author": BOT}, "rerun_same_sha"),
    ],
)
def test_what_closed_an_episode(closing: dict[str, Any], closed_by: str):
    history = StoredHistory()
    history.run("11-10 12:00", "failure")
    history.run("11-10 13:00", **closing)
    with history.built() as warehouse:
        assert warehouse.one("select closed_by from marts.red_episodes") == closed_by


def test_a_later_attempt_of_the_same_run_closes_an_episode():
    history = StoredHistory()
    run = history.run("11-10 12:00", "failure", minutes=0)
    history.run("11-10 12:00", attempt=2, run_id=run, started="11-10 14:00", minutes=0)
    with history.built() as warehouse:
        assert warehouse.row("select hours, closed_by from marts.red_episodes") == (2.0, "rerun_same_sha")
