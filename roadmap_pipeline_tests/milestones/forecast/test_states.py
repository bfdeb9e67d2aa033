"""Forecasts in every case that they can meet; the edge cases each with their state."""

from datetime import date, timedelta
from typing import Any

import pytest

from roadmap_pipeline.milestones.forecast.calendar import WorkingCalendar
from roadmap_pipeline.milestones.forecast.course import Course
from roadmap_pipeline.milestones.forecast.forecast import Forecast, forecasts, gather
from roadmap_pipeline.milestones.forecast.wording import reason
from roadmap_pipeline_tests.milestones.forecast.courses import AS_OF, REPO, course

CALENDAR = WorkingCalendar()


def said(*courses: Course, as_of: date = AS_OF, calendar: WorkingCalendar = CALENDAR, **values: Any) -> list[Forecast]:
    """Return the forecasts of one repository's milestones."""
    return forecasts(gather(courses, as_of, calendar, **values))


@pytest.mark.parametrize(
    ("milestone", "state"),
    [
        (course(), "forecast"),
        (course(due=AS_OF), "forecast"),  # today is not over
        (course(due=AS_OF - timedelta(days=1)), "target_passed"),
        (course(planned=0, closed={}), "no_items"),
        (course(planned=20, closed={3: 10, 40: 10}), "all_items_closed"),
        (course(closed_on=AS_OF - timedelta(days=1)), "closed"),
        (course(closed_on=AS_OF), "forecast"),  # it was open when the day began
        (course(weeks=3, closed=4), "insufficient_history"),
        (course(weeks=4, closed=4), "forecast"),
        (course(closed={5: 2, 20: 1, 60: 1}), "insufficient_history"),  # four items
        (course(closed={5: 2, 20: 2, 60: 1}), "forecast"),  # five
        (course(closed={5: 4, 41: 1}), "no_progress_4w"),
        (course(closed={5: 4, 42: 1}), "forecast"),  # 28 days ago
        (course(closed={}), "insufficient_history"),
        # Planned a year ago, begun three weeks ago: what waited is no slowness, nor any history.
        (course(weeks=52, closed={350: 3, 355: 3}), "insufficient_history"),
        # Three come in for each one that is closed.
        (course(closed=1, added=dict.fromkeys(range(10, 70, 7), 3)), "scope_outpaces_throughput"),
        # They are taken out as they come in: nothing grows.
        (
            course(closed=2, added=dict.fromkeys(range(10, 70, 7), 3), removed=dict.fromkeys(range(11, 70, 7), 3)),
            "forecast",
        ),
    ],
)
def test_state(milestone: Course, state: str):
    (forecast,) = said(milestone)
    assert forecast.state == state
    assert (forecast.dates(forecast.offsets) == [None] * 3) == (state != "forecast")
    assert reason(forecast).endswith(".")


def test_nothing_is_said_of_a_milestone_that_begins_today():
    assert said(course(), as_of=AS_OF - timedelta(weeks=10)) == []
    assert said() == []


def test_without_a_target_there_is_no_chance_of_meeting_it():
    (forecast,) = said(course())
    assert (forecast.probability_on_time, forecast.target_date) == (None, None)
    (passed,) = said(course(due=AS_OF - timedelta(days=1)))
    assert passed.probability_on_time == 0
    assert reason(passed) == "The target date has passed with 10 issues open."


def test_the_chance_of_a_target_agrees_with_the_dates():
    (forecast,) = said(course())
    for level, day in zip((0.5, 0.85, 0.95), forecast.dates(forecast.offsets), strict=True):
        (on_that_day,) = said(course(due=day))
        (a_day_before,) = said(course(due=day - timedelta(days=1))) if day else (None,)
        assert on_that_day.probability_on_time >= level
        assert a_day_before.probability_on_time < level


def test_steady_weeks_end_about_when_the_line_says():
    """2 a week and 10 open: the fifth week from now, on whatever day; half of the draws end within 4 to 7 weeks."""
    (forecast,) = said(course())
    days = forecast.dates(forecast.offsets)
    assert forecast.open_items == 10
    assert AS_OF + timedelta(weeks=4) <= days[0] <= AS_OF + timedelta(weeks=7)
    assert days == sorted(days)
    assert reason(forecast).startswith("10 issues open; about 2.")


def test_nothing_ends_on_a_day_off_and_holidays_push_the_dates():
    calendar = WorkingCalendar(blackout=frozenset(AS_OF + timedelta(days=offset) for offset in range(21)))
    (before,), (after,) = said(course()), said(course(), calendar=calendar)
    for early, late in zip(before.offsets, after.offsets, strict=True):
        assert late - early in range(19, 24)  # three weeks, give or take a weekend
    assert all(CALENDAR.is_working(day) for day in before.dates(before.offsets))
    assert all(calendar.is_working(day) for day in after.dates(after.offsets))


def test_the_same_inputs_give_the_same_dates_and_others_leave_them_alone():
    alone = said(course(due=date(2026, 12, 24)))
    assert said(course(due=date(2026, 12, 24))) == alone
    unstarted = course(2, planned=5, closed={})
    assert [one for one in said(course(due=date(2026, 12, 24)), unstarted) if one.number == 1] == alone
    (elsewhere,) = said(course(due=date(2026, 12, 24), repo="acme/storefront"))
    assert elsewhere.probability_on_time != alone[0].probability_on_time  # another seed
    assert abs(elsewhere.offsets[1] - alone[0].offsets[1]) <= 5  # the same facts


def test_a_past_day_is_forecast_as_it_was_then():
    whole = course(weeks=12, planned=40, due=date(2026, 12, 24))
    then = AS_OF - timedelta(weeks=3)
    days = (then - whole.first_day).days
    cut = Course(
        REPO, 1, whole.title, whole.first_day, whole.due_date, None, whole.issues.until(days), whole.items.until(days)
    )
    assert said(whole, as_of=then) == said(cut, as_of=then)
    ended = Course(
        REPO, 1, whole.title, whole.first_day, whole.due_date, AS_OF - timedelta(days=1), whole.issues, whole.items
    )
    assert said(ended, as_of=then) == said(cut, as_of=then)


def test_fingerprints_change_with_what_the_forecast_rests_on():
    def fingerprint(*courses: Course, calendar: WorkingCalendar = CALENDAR, as_of: date = AS_OF) -> str:
        return gather(courses, as_of, calendar).fingerprint(1)

    same = fingerprint(course())
    assert fingerprint(course()) == same
    assert fingerprint(course(), course(2, planned=3, closed={})) == same
    others = [
        fingerprint(course(closed={5: 4, 42: 1})),
        fingerprint(course(due=date(2027, 1, 1))),
        fingerprint(course(), course(2)),
        fingerprint(course(), calendar=WorkingCalendar(blackout=frozenset({AS_OF}))),
        fingerprint(course(), as_of=AS_OF - timedelta(days=1)),
        fingerprint(course(added={20: 1})),
    ]
    assert len({same, *others}) == 1 + len(others)
