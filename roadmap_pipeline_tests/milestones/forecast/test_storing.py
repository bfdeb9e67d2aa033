"""Forecasts and back-test in a warehouse: from issues and events through the models into the tables, and kept there."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

from roadmap_pipeline.milestones.forecast import storing
from roadmap_pipeline.milestones.forecast.backtest import backtest, calibration_of
from roadmap_pipeline.milestones.forecast.calendar import WorkingCalendar
from roadmap_pipeline.warehouse.models import create
from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import REPO, StoredHistory, Warehouse, at, project
from roadmap_pipeline_tests.milestones.forecast.courses import AS_OF, course

CALENDAR = WorkingCalendar()


def _history() -> StoredHistory:
    """Return two milestones of which two issues are closed every Wednesday.

    One has 30 issues since 31 August, 20 of which are closed; the other had 20 since 1 June and was closed in August.
    """
    history = StoredHistory()
    history.milestone("Stage 7.3", 1, created_at=at("08-31 08:00"), due_on=at("12-24 08:00"))
    history.milestone(
        "Done", 2, created_at=at("06-01 08:00"), state="closed", closed_at=at("08-28 12:00"), due_on=at("08-21 08:00")
    )
    for milestone, issues, begin in ((1, 30, at("08-31 09:00")), (2, 20, at("06-01 09:00"))):
        for place in range(issues):
            closed_at = begin + timedelta(days=9 + 7 * (place // 2))
            closed = closed_at < history.as_of
            history.add(
                "raw.issues", repo=REPO, number=100 * milestone + place, state="closed" if closed else "open",
                milestone_number=milestone, created_at=begin, closed_at=closed_at if closed else None, labels=[],
            )  # fmt: skip
    return history


@contextmanager
def _forecast(history: StoredHistory, *calendars: WorkingCalendar) -> Iterator[tuple[Warehouse, list[tuple[int, int]]]]:
    """Yield the warehouse after forecasts by each of ``calendars``, and how many rows each computed."""
    with history.built() as warehouse:
        warehouse.rows("from intermediate.int_milestone_kind_days")
        computed = [
            (storing.store_backtest(warehouse._con, calendar), storing.store_forecasts(warehouse._con, calendar))
            for calendar in calendars or (CALENDAR,)
        ]
        yield warehouse, computed


def test_forecasts_go_from_items_to_the_roadmap():
    with _forecast(_history()) as (warehouse, _):
        assert warehouse.rows(
            "select number, as_of, state, open_items, closed_items, measured_by, history, is_calibrated, weekly_added"
            " from marts.milestone_forecast order by number"
        ) == [
            (1, AS_OF, "forecast", 10, 20, "issues", "dates", False, 0.0),
            (2, AS_OF, "closed", 0, 20, "items", "dates", False, None),
        ]
        row = "select p50_date, p85_date, p95_date, probability_on_time, slack_days from marts.milestone_forecast"
        p50, p85, p95, on_time, slack = warehouse.row(f"{row} where number = 1")
        # 10 issues at 2 a week: five weeks, until 21 December or so.
        assert date(2026, 12, 7) < p50 < date(2027, 1, 7)
        assert p50 < p85 < p95
        assert (on_time < 0.85) == (slack < 0)
        assert warehouse.rows(
            "select number, forecast_state, forecast_p50_date, forecast_date, probability_on_time"
            " from publish.notion_roadmap order by number"
        ) == [(1, "forecast", p50, p85, round(on_time, 2)), (2, None, None, None, None)]


def test_the_backtest_looks_at_every_monday_with_what_was_known():
    with _forecast(_history()) as (warehouse, _):
        assert warehouse.rows(
            "select strftime(as_of, '%m-%d'), state, open_items, velocity_date, finished_on"
            " from marts.forecast_backtest where number = 2 order by as_of"
        ) == [
            (
                f"{day:%m-%d}",
                "insufficient_history" if week < 3 else "forecast" if week < 10 else "all_items_closed",
                20 - 2 * min(week, 10),
                # Two a week: the last day of the weeks that are left. Of the first four weeks one has no closing.
                {3: date(2026, 9, 2)}.get(week, day + timedelta(weeks=10 - week, days=-1)) if 3 <= week < 10 else None,
                date(2026, 8, 28),
            )
            for week, day in enumerate(date(2026, 6, 8) + timedelta(weeks=week) for week in range(12))
        ]
        days, last = warehouse.row("select count(*), max(as_of) from marts.forecast_backtest where number = 1")
        assert (days, last) == (11, AS_OF)


def test_nothing_is_computed_twice_and_only_what_changed_again():
    christmas = WorkingCalendar(blackout=frozenset({AS_OF + timedelta(days=39)}))
    with _forecast(_history(), CALENDAR, CALENDAR, christmas) as (_, computed):
        assert min(computed[0]) > 0
        assert computed[1] == (0, 0)
        assert all(0 < again < first for first, again in zip(computed[0], computed[2], strict=True))


def test_a_stored_day_keeps_its_target_and_the_roadmap_shows_the_weeks_first():
    with _forecast(_history()) as (warehouse, _):
        con = warehouse._con
        before = con.execute("from derived.milestone_forecasts where number = 1 order by as_of").fetchall()
        con.execute("update raw.milestones set due_on = '2027-01-15 08:00' where number = 1")
        con.execute("update config.parameters set as_of = '2026-11-18 06:00'")
        for model in project().upstream([("intermediate", "int_milestone_kind_days")]):
            con.execute(f"drop table if exists {model.qualified_name}")
            create(con, model, model.qualified_name, model.materialized)
        storing.store_forecasts(con, CALENDAR)
        after = con.execute("from derived.milestone_forecasts where number = 1 order by as_of").fetchall()
        assert after[: len(before)] == before
        # The target moved on a Wednesday: Monday's chance of the former target is nobody's concern any more.
        published = "select as_of, target_date from marts.milestone_forecast_days where is_published and number = 1"
        assert warehouse.rows(published) == [(date(2026, 11, 18), date(2027, 1, 15))]


def test_calibration_takes_one_forecast_of_each_milestone_that_ended_before():
    """21 milestones that ended a week after their last item: at the day before the last of them ended there are 20."""
    courses = [
        course(number, begins=AS_OF - timedelta(weeks=40 - number), closed_on=AS_OF - timedelta(weeks=28 - number))
        for number in range(1, 22)
    ]
    rows = backtest({"acme/payments": courses}, AS_OF, CALENDAR, {})
    ended = {(one.repo, one.number): one.closed_on for one in courses}
    last = AS_OF - timedelta(weeks=7)
    assert calibration_of(rows, ended, last).milestones == 20
    assert calibration_of(rows, ended, last - timedelta(days=7)).milestones == 0
    assert {row["calibrated_on"] for row in rows if row["as_of"] <= last - timedelta(days=7)} == {0}
