"""The back-test: forecasts of the past, week by week, which ``marts.forecast_backtest`` scores.

Belongs here: which days are looked at (every Monday of every milestone's course) and with which calibration, always
with what was known on the day. Whether a date was met is decided in SQL.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np

from roadmap_pipeline.milestones.forecast.baselines import bootstrap_days, velocity_day
from roadmap_pipeline.milestones.forecast.calendar import WEEK, WorkingCalendar
from roadmap_pipeline.milestones.forecast.calibration import Calibration, calibrate
from roadmap_pipeline.milestones.forecast.course import Course
from roadmap_pipeline.milestones.forecast.forecast import LEVELS, Forecast, Inputs, forecasts, gather, quantile
from roadmap_pipeline.milestones.forecast.simulation import generator

Row = dict[str, Any]
Key = tuple[str, int, date]


def origins(courses: Sequence[Course], until: date) -> list[date]:
    """Return the Mondays up to ``until`` on which one of ``courses`` was open, oldest first."""
    days: set[date] = set()
    for course in courses:
        first = course.first_day + timedelta(days=WEEK - course.first_day.weekday())
        last = min(course.closed_on or until, until)
        days.update(first + timedelta(days=offset) for offset in range(0, max((last - first).days + 1, 0), WEEK))
    return sorted(days)


def backtest(
    courses: Mapping[str, Sequence[Course]], until: date, calendar: WorkingCalendar, stored: Mapping[Key, Row]
) -> list[Row]:
    """Return the row of every milestone and Monday, those from ``stored`` as they are whose inputs are the same.

    Args:
        courses: The milestones by repository.
        until: The last day that may be looked at.
        calendar: When teams work.
        stored: What was computed before, by repository, milestone and day.
    """
    by_day: dict[date, list[str]] = defaultdict(list)
    for repo, of_repo in courses.items():
        for day in origins(of_repo, until):
            by_day[day].append(repo)
    ended = {(each.repo, each.number): each.closed_on for of_repo in courses.values() for each in of_repo}
    rows: list[Row] = []
    for day in sorted(by_day):
        # Oldest first: what milestones that ended before the day taught is in the rows so far.
        calibration = calibration_of(rows, ended, day)
        for repo in by_day[day]:
            inputs = gather(courses[repo], day, calendar, calibration=calibration, mind_targets=False)
            rows.extend(_rows(inputs, stored))
    return rows


def calibration_of(rows: Sequence[Row], ended: Mapping[tuple[str, int], date | None], day: date) -> Calibration:
    """Return the calibration that the milestones ended before ``day`` give: one forecast of each, halfway through."""
    by_milestone: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in rows:
        end = ended.get((row["repo"], row["number"]))
        if end is not None and end < day and row["state"] == "forecast" and row["raw_p95_date"] is not None:
            by_milestone[row["repo"], row["number"]].append(row | {"ended": end})
    scores: dict[float, list[float]] = {level: [] for level in LEVELS}
    for of_milestone in by_milestone.values():
        row = of_milestone[len(of_milestone) // 2]
        took = (row["ended"] - row["as_of"]).days + 1
        for level, column in zip(LEVELS, ("raw_p50_date", "raw_p85_date", "raw_p95_date"), strict=True):
            scores[level].append(took / ((row[column] - row["as_of"]).days + 1))
    return calibrate(scores)


def _rows(inputs: Inputs, stored: Mapping[Key, Row]) -> Iterator[Row]:
    running = [one.course.number for one in inputs.known if one.state != "closed"]
    kept = [stored.get((inputs.repo, number, inputs.as_of)) for number in running]
    if all(
        # Rows of an earlier version don't say by what they were measured.
        row is not None and row["measured_by"] is not None and row["fingerprint"] == inputs.fingerprint(number)
        for number, row in zip(running, kept, strict=True)
    ):
        yield from (row for row in kept if row is not None)
        return
    for forecast in forecasts(inputs):
        if forecast.state != "closed":
            yield backtest_row(forecast, inputs)


def backtest_row(forecast: Forecast, inputs: Inputs) -> Row:
    """Return the row of ``derived.forecast_backtest``: the forecast, and the baselines where there is one."""
    row: Row = {
        "repo": forecast.repo,
        "number": forecast.number,
        "as_of": forecast.as_of,
        "state": forecast.state,
        "measured_by": forecast.measured_by,
        "open_items": forecast.open_items,
        "weekly_closed": None if forecast.weekly_closed is None else round(forecast.weekly_closed, 4),
        "weekly_added": None if forecast.weekly_added is None else round(forecast.weekly_added, 4),
        "target_date": forecast.target_date,
        "calibrated_on": forecast.calibrated_on,
        "fingerprint": forecast.fingerprint,
    }
    for prefix, offsets in (("", forecast.offsets), ("raw_", forecast.raw_offsets)):
        row |= _dates(prefix, forecast.dates(offsets))
    bootstrapped: list[date | None] = [None] * len(LEVELS)
    velocity = None
    if forecast.state == "forecast":
        weekly = inputs.demands[forecast.number].own.counts
        rng = generator(forecast.repo, -forecast.number, forecast.as_of)
        ordered = np.sort(bootstrap_days(forecast.open_items, weekly, rng))
        bootstrapped = forecast.dates([quantile(ordered, level) for level in LEVELS])
        (velocity,) = forecast.dates([velocity_day(forecast.open_items, weekly)])
    return row | _dates("bootstrap_", bootstrapped) | {"velocity_date": velocity}


def _dates(prefix: str, dates: Sequence[date | None]) -> Row:
    return {f"{prefix}p{round(100 * level)}_date": day for level, day in zip(LEVELS, dates, strict=True)}
