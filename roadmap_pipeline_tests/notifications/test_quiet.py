"""Quiet hours and digests, by the clock of any time zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadmap_pipeline.notifications.quiet import is_digest_due, is_quiet
from roadmap_pipeline.risk_configuration import Notifications

ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Pacific/Chatham", "Australia/Lord_Howe"]
)
MINUTES = st.integers(min_value=0, max_value=24 * 60 - 1)
MOMENTS = st.integers(min_value=0, max_value=2 * 366 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


@given(moment=MOMENTS, zone=ZONES, first=MINUTES, length=st.integers(1, 24 * 60 - 1), weekdays_only=st.booleans())
def test_quiet_is_what_the_clock_on_the_wall_says(
    moment: datetime, zone: str, first: int, length: int, weekdays_only: bool
) -> None:
    hours = f"{_clock(first)}-{_clock((first + length) % (24 * 60))}"
    settings = Notifications(quiet_hours=hours, timezone=zone, weekdays_only=weekdays_only)
    local = moment.astimezone(ZoneInfo(zone))
    at_weekend = weekdays_only and local.strftime("%a") in ("Sat", "Sun")
    # Minutes since the quiet hours began last, around the clock.
    passed = (local.hour * 60 + local.minute - first) % (24 * 60)
    assert is_quiet(moment, settings) == (passed < length or at_weekend)


@given(moment=MOMENTS, zone=ZONES)
def test_without_quiet_hours_nothing_is_quiet(moment: datetime, zone: str) -> None:
    assert not is_quiet(moment, Notifications(timezone=zone))


@given(moment=MOMENTS, later=st.timedeltas(timedelta(0), timedelta(days=20)), zone=ZONES)
def test_digests_are_one_a_day_or_week_of_the_zone(moment: datetime, later: timedelta, zone: str) -> None:
    then, now = (one.astimezone(ZoneInfo(zone)) for one in (moment, moment + later))
    daily, weekly = (Notifications(digest=every, timezone=zone) for every in ("daily", "weekly"))
    assert is_digest_due(moment + later, moment, daily) == (then.strftime("%F") < now.strftime("%F"))
    assert is_digest_due(moment + later, moment, weekly) == (then.strftime("%G-%V") < now.strftime("%G-%V"))


def test_the_first_digest_is_due() -> None:
    assert is_digest_due(datetime(2026, 11, 16, tzinfo=UTC), None, Notifications(digest="weekly"))


@pytest.mark.parametrize(
    ("at", "quiet"), [("21:59", False), ("22:00", True), ("23:59", True), ("06:59", True), ("07:00", False)]
)
def test_the_borders(at: str, quiet: bool) -> None:
    moment = datetime.fromisoformat(f"2026-11-16T{at}+00:00")
    assert is_quiet(moment, Notifications(quiet_hours="22:00-07:00")) is quiet
