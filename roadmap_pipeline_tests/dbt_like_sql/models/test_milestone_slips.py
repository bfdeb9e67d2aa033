"""The moves of a milestone's date: parts that add up to it. Examples by hand, and rules that hold for any numbers."""

from datetime import date, timedelta
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import REPO, StoredHistory, at
from roadmap_pipeline_tests.reports.test_quarterly import item

PARTS = "scope_days, red_main_days, pace_days, unexplained_days"
FIRST, SECOND = date(2026, 11, 2), date(2026, 11, 9)


def _forecast(history: StoredHistory, as_of: date, p85_date: date | None, number: int = 1, **values: Any) -> None:
    """Add a forecast: of all items, 14 open, 7 closed and none added a week unless told."""
    row = {"open_items": 14, "closed_items": 0, "weekly_closed": 7.0, "weekly_added": 0.0, "measured_by": "items"}
    history.add(
        "derived.milestone_forecasts", repo=REPO, number=number, as_of=as_of, reason="So.", calibrated_on=0,
        state="forecast" if p85_date else "no_progress_4w", p85_date=p85_date, **row | values,
    )  # fmt: skip


def _stage() -> StoredHistory:
    """Return a milestone with 14 items, 7 of which were closed from 2 to 8 November: as many as were expected."""
    history = StoredHistory()
    history.milestone("Stage 7.3", 1, created_at=at("10-01 00:00"))
    for number in range(101, 115):
        closed = f"11-0{2 + number % 7} 10:00" if number < 108 else None
        item(history, number, 1, "10-01 10:00", closed)
    return history


def _red(history: StoredHistory, first: str, last: str) -> None:
    history.run(first, "failure", sha=first, minutes=0)
    history.run(last, sha=last, minutes=0)


def test_a_move_is_told_by_red_days_scope_and_what_nobody_knows() -> None:
    history = _stage()
    # Four working days from Tuesday to Friday; Monday's three hours and the weekend's make none.
    _red(history, "11-02 10:00", "11-02 13:00")
    _red(history, "11-03 00:00", "11-08 23:00")
    for number in (201, 202, 203):
        item(history, number, 1, "11-04 10:00")
    _forecast(history, FIRST, date(2026, 12, 1))
    _forecast(history, SECOND, date(2026, 12, 10), open_items=10)
    _forecast(history, date(2026, 11, 16), date(2026, 12, 10))
    with history.built(checked=True) as warehouse:
        columns = f"moved_days, {PARTS}, items_added, items_removed, items_closed, red_working_days, source, sentence"
        (row,) = warehouse.rows(f"select {columns} from marts.milestone_slips where week = '2026-W45'")
        assert row == (
            9, 3, 4, 0, 2, 3, 0, 7, 4, "published",
            "moved by 9 days: 4 red days on main, 3 days of scope, 2 unexplained",
        )  # fmt: skip
        assert warehouse.rows("select week, from_day, to_day from marts.milestone_slips") == [
            ("2026-W45", FIRST, SECOND)
        ]


def test_blackout_days_are_no_red_working_days_and_scope_goes_first() -> None:
    history = _stage()
    _red(history, "11-03 00:00", "11-08 23:00")
    history.add("config.blackout_days", day=date(2026, 11, 4))
    for number in (201, 202, 203):
        item(history, number, 1, "11-04 10:00")
    _forecast(history, FIRST, date(2026, 12, 1))
    _forecast(history, SECOND, date(2026, 12, 5))
    with history.built() as warehouse:
        assert warehouse.row(f"select moved_days, {PARTS}, red_working_days from marts.milestone_slips") == (
            4, 3, 1, 0, 0, 3,
        )  # fmt: skip


def test_pace_is_closings_that_did_not_come_and_the_rate_of_what_is_left() -> None:
    history = _stage()
    _forecast(history, FIRST, date(2026, 12, 1), weekly_closed=9.0)  # nine were expected, seven came: 2 ÷ 9 of a week
    _forecast(history, SECOND, date(2026, 12, 31), open_items=9, weekly_closed=7.0)  # and 9 more days, not 7, for 9
    with history.built() as warehouse:
        assert warehouse.row(f"select moved_days, {PARTS}, sentence from marts.milestone_slips") == (
            30, 0, 0, 4, 26, "moved by 30 days: 4 days of pace, 26 unexplained",
        )  # fmt: skip


def test_a_date_that_moves_earlier_has_parts_that_do() -> None:
    history = _stage()
    _red(history, "11-03 00:00", "11-08 23:00")
    for number in (113, 114):  # taken out on the 5th
        history.add(
            "raw.issue_events", repo=REPO, event_id=history.next_id(), issue_number=number, event="demilestoned",
            milestone_title="Stage 7.3", created_at=at("11-05 12:00"),
        )  # fmt: skip
        next(row for row in history.rows["raw.issues"] if row["number"] == number)["milestone_number"] = None
    _forecast(history, FIRST, date(2026, 12, 10))
    _forecast(history, SECOND, date(2026, 12, 9), open_items=5)
    _forecast(history, date(2026, 11, 10), None)
    with history.built() as warehouse:
        assert warehouse.row(f"select moved_days, {PARTS}, sentence from marts.milestone_slips") == (
            -1, -1, 0, 0, 0, "moved earlier by 1 day: 1 day of scope",
        )  # fmt: skip


def test_this_week_goes_up_to_today_and_quarters_go_by_the_back_test() -> None:
    history = _stage()
    history.as_of = at("11-12 06:00")
    _forecast(history, SECOND, date(2026, 12, 10))
    for day, later in ((10, 1), (12, 3)):
        _forecast(history, date(2026, 11, day), date(2026, 12, 10 + later))
    for monday, p85 in ((date(2026, 10, 5), date(2026, 12, 1)), (FIRST, date(2026, 12, 6)), (SECOND, None)):
        history.add(
            "derived.forecast_backtest", repo=REPO, number=1, as_of=monday, p85_date=p85, open_items=14,
            state="forecast" if p85 else "no_progress_4w", measured_by="items", weekly_closed=7.0, weekly_added=0.0,
            calibrated_on=0,
        )  # fmt: skip
    with history.built(checked=True) as warehouse:
        assert warehouse.rows(
            "select week, quarter, from_day, to_day, moved_days, source from marts.milestone_slips order by week"
        ) == [
            ("2026-W46", None, SECOND, date(2026, 11, 12), 3, "published"),
            (None, "2026-Q4", date(2026, 10, 5), FIRST, 5, "backtest"),
        ]


@settings(max_examples=5)
@given(random=st.randoms(use_true_random=True))
def test_parts_sum_to_the_move_and_none_goes_beyond_it(random: Random) -> None:
    history = StoredHistory()
    moved = {}
    _red(history, f"11-0{random.randint(1, 5)} 0{random.randint(0, 9)}:00", f"11-0{random.randint(6, 9)} 10:00")
    for number in range(1, 41):
        history.milestone(f"Stage {number}", number, created_at=at("10-01 00:00"))
        for each in range(random.randint(0, 4)):
            opened = random.choice(["10-01 10:00", f"11-0{random.randint(1, 9)} 10:00"])
            closed = random.choice([None, "11-09 12:00", "11-08 12:00"])
            item(history, 100 * number + each, number, opened, closed)
        moved[number] = random.choice([0, 1, -1, random.randint(-400, 400)])
        for day, p85 in ((FIRST, date(2027, 6, 1)), (SECOND, date(2027, 6, 1) + timedelta(days=moved[number]))):
            _forecast(
                history, day, p85, number, open_items=random.randint(1, 40),
                measured_by=random.choice(["items", "issues"]), weekly_closed=random.choice([0.0, 0.01, 1.5, 40.0]),
                weekly_added=random.choice([-3.0, 0.0, 1.5, 9.0]),
            )  # fmt: skip
    with history.built() as warehouse:
        rows = warehouse.rows(f"select number, moved_days, {PARTS}, sentence from marts.milestone_slips")
    assert {number: days for number, days, *_ in rows} == {number: days for number, days in moved.items() if days}
    for _, days, *parts, sentence in rows:
        assert sum(parts) == days
        assert all(0 <= part <= days if days > 0 else days <= part <= 0 for part in parts)
        assert parts[1] == 0 or days > 0
        # Every part that is told, and no other, is in the sentence.
        told = [int(word.split()[0]) for word in sentence.partition(": ")[2].split(", ")]
        assert sorted(told) == sorted(abs(part) for part in parts if part)
