"""Working days: any week, any blackout, counted one by one."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadmap_pipeline.configuration import Configuration
from roadmap_pipeline.milestones.forecast.calendar import WorkingCalendar

_DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))
_CALENDARS = st.builds(
    WorkingCalendar,
    st.sets(st.integers(0, 6), min_size=1).map(frozenset),
    st.sets(_DAYS, max_size=30).map(frozenset),
)


def test_christmas_leaves_two_days_of_its_week():
    calendar = WorkingCalendar(blackout=frozenset({date(2026, 12, 23), date(2026, 12, 24), date(2026, 12, 25)}))
    assert calendar.week_after(date(2026, 12, 21), 0) == (0, 1)
    assert calendar.week_after(date(2026, 12, 14), 1) == (7, 8)
    assert calendar.shares(date(2026, 12, 21), 7).tolist() == [0.2, 0.2, 0, 0, 0, 0, 0]


@given(_CALENDARS, _DAYS, st.integers(0, 120))
def test_weeks_ahead_hold_every_working_day_once(calendar: WorkingCalendar, day: date, weeks: int):
    ahead = [offset for week in range(weeks) for offset in calendar.week_after(day, week)]
    assert ahead == [
        offset
        for offset in range(7 * weeks)
        if (day + timedelta(days=offset)).weekday() in calendar.weekdays
        and day + timedelta(days=offset) not in calendar.blackout
    ]


@given(_CALENDARS, _DAYS, st.integers(0, 60))
def test_shares_are_of_a_full_week(calendar: WorkingCalendar, day: date, days: int):
    shares = calendar.shares(day, days)
    assert len(shares) == days
    assert sum(share > 0 for share in shares) == sum(
        calendar.is_working(day + timedelta(days=offset)) for offset in range(days)
    )
    if days == 7 and not calendar.blackout:
        assert shares.sum() == pytest.approx(1)


def test_settings_name_days_and_ranges():
    forecast = Configuration.model_validate(
        {"forecast": {"working_days": ["mon", "sun"], "blackout_days": [date(2026, 12, 23), "2026-12-30/2027-01-01"]}}
    ).forecast
    assert forecast.blackout() == {date(2026, 12, 23), date(2026, 12, 30), date(2026, 12, 31), date(2027, 1, 1)}


@pytest.mark.parametrize("days", ["soon", "2026-12-24/soon", "2026-12-24/2026-12-23"])
def test_what_is_no_day_is_said(days: str):
    with pytest.raises(ValueError, match=r"is no day such as|ends before it begins"):
        Configuration.model_validate({"forecast": {"blackout_days": [days]}})
