"""Forecasts of a repository's milestones on a day: dates, or the state that says why there are none.

Belongs here: which milestones can be forecast, and what is read off the draws. The draws are made in ``simulation``,
the sentences in ``wording``.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

import numpy as np

from roadmap_pipeline.milestones.forecast.calendar import WEEK, WorkingCalendar
from roadmap_pipeline.milestones.forecast.calibration import UNCALIBRATED, Calibration
from roadmap_pipeline.milestones.forecast.course import Course, CourseBefore, Weeks, as_values, weeks_before
from roadmap_pipeline.milestones.forecast.simulation import (
    HORIZON_WEEKS,
    NEVER,
    Demand,
    TeamDraws,
    finish_days,
)

VERSION = "1"
"""Version of the definition: forecasts of another version are made again, which the stored rows show."""

LEVELS = (0.5, 0.85, 0.95)
LEAST_ACTIVE_WEEKS = 4
LEAST_CLOSED_ITEMS = 5
LONGEST_PAUSE_DAYS = 28
LARGEST_CHANCE_OF_NEVER = 0.2

State = Literal[
    "forecast",
    "closed",
    "no_items",
    "all_items_closed",
    "target_passed",
    "insufficient_history",
    "no_progress_4w",
    "scope_outpaces_throughput",
]


@dataclass(frozen=True, slots=True)
class Forecast:
    """A forecast of one milestone on a day: what the next days bring is in the dates, all else is known.

    ``offsets`` are days from ``as_of`` to the end at each of :data:`LEVELS`, before and after calibration; None beyond
    the horizon. ``weekly_*`` are items a full working week.
    """

    repo: str
    number: int
    as_of: date
    state: State
    target_date: date | None
    measured_by: Literal["issues", "items"]
    open_items: int
    closed_items: int
    active_weeks: int
    history: Literal["events", "dates"]
    weekly_closed: float | None = None
    weekly_added: float | None = None
    share: float | None = None
    raw_offsets: tuple[int | None, ...] = ()
    offsets: tuple[int | None, ...] = ()
    probability_on_time: float | None = None
    probability_never: float | None = None
    calibrated_on: int = 0
    fingerprint: str = ""

    def dates(self, offsets: Sequence[int | None]) -> list[date | None]:
        """Return the days that lie ``offsets`` after the day of the forecast; three times None for none."""
        days = offsets or (None,) * len(LEVELS)
        return [None if offset is None else self.as_of + timedelta(days=offset) for offset in days]


@dataclass(frozen=True, slots=True)
class Known:
    """The facts of one milestone when a day begins; ``state`` says why it can't be forecast, None where it can."""

    course: Course
    facts: Mapping[str, Any]
    state: State | None


@dataclass(frozen=True, slots=True)
class Inputs:
    """The facts that the forecasts of a repository on one day rest on; equal fingerprints mean equal forecasts."""

    repo: str
    as_of: date
    known: tuple[Known, ...]
    team: Weeks
    demands: Mapping[int, Demand]
    calendar: WorkingCalendar
    calibration: Calibration

    def fingerprint(self, number: int) -> str:
        """Return a short text that changes when anything does that the forecast of milestone ``number`` rests on."""
        known = next(one for one in self.known if one.course.number == number)
        ahead = [self.calendar.week_after(self.as_of, week) for week in range(HORIZON_WEEKS)]
        shared = (
            [
                ahead,
                as_values(self.team),
                self.calibration.values(),
                {
                    str(other): [as_values(demand.own), as_values(demand.team)]
                    for other, demand in sorted(self.demands.items())
                },
                as_values(self.demands[number].growth),
            ]
            if number in self.demands
            else []
        )
        day, target = self.as_of.isoformat(), str(known.course.due_date)
        facts = [VERSION, self.repo, number, day, known.state, target, dict(known.facts)]
        return hashlib.sha256(json.dumps([facts, shared]).encode()).hexdigest()[:16]


def gather(
    courses: Sequence[Course],
    as_of: date,
    calendar: WorkingCalendar,
    *,
    calibration: Calibration = UNCALIBRATED,
    mind_targets: bool = True,
) -> Inputs:
    """Return what the forecasts of a repository's milestones on ``as_of`` rest on.

    Args:
        courses: All of the repository's milestones, whenever they were open.
        as_of: The day; only what happened before it is looked at.
        calendar: When the team works.
        calibration: How much longer things took than was said, by the milestones closed before.
        mind_targets: Whether a target date in the past forbids a forecast; a back-test judges the dates all the same.
    """
    before = [one for course in courses if (one := course.before(as_of)) is not None]
    series = [(one.first_day, one.counts.closed) for one in before]
    team_began = min((one.work_began for one in before if one.work_began), default=as_of)
    known: list[Known] = []
    demands: dict[int, Demand] = {}
    for one in before:
        facts = _facts(one)
        state = _state(one, facts, mind_targets=mind_targets)
        known.append(Known(one.course, facts, state))
        if state is None and (began := one.work_began) is not None:
            net = [(one.first_day, one.counts.added - one.counts.removed)]
            demands[one.course.number] = Demand(
                facts["open_items"],
                weeks_before(as_of, began, [(one.first_day, one.counts.closed)], calendar),
                weeks_before(as_of, began, series, calendar),
                weeks_before(as_of, one.growth_began or began, net, calendar),
            )
    team = weeks_before(as_of, team_began, series, calendar)
    return Inputs(courses[0].repo if courses else "", as_of, tuple(known), team, demands, calendar, calibration)


def forecasts(inputs: Inputs) -> list[Forecast]:
    """Return the forecast of every milestone that was there on the day of ``inputs``."""
    repo, as_of = inputs.repo, inputs.as_of
    days: dict[int, np.ndarray] = {}
    team = None
    if inputs.demands:
        team = TeamDraws(inputs.team, repo, as_of, inputs.calendar)
        days = finish_days(team, inputs.demands, repo, as_of)
    results = []
    for one in inputs.known:
        number, target = one.course.number, one.course.due_date
        values: dict[str, Any] = {"state": one.state}
        if team is not None and number in inputs.demands:
            demand = inputs.demands[number]
            values = _read_off(days[number], target, as_of, inputs.calibration) | {
                "weekly_closed": team.level * demand.share(),
                "weekly_added": demand.weekly_growth(),
                "share": demand.share(),
            }
        elif one.state == "target_passed":
            values["probability_on_time"] = 0.0
        results.append(
            Forecast(
                repo, number, as_of, target_date=target, **one.facts, **values, fingerprint=inputs.fingerprint(number)
            )
        )
    return results


def _facts(known: CourseBefore) -> dict[str, Any]:
    counts, began = known.counts, known.work_began
    return {
        "measured_by": known.measured_by,
        "open_items": int(counts.open_items[-1]),
        "closed_items": int(counts.closed_items[-1]),
        "active_weeks": -(-(known.day - began).days // WEEK) if began else 0,
        "history": "events" if counts.has_events[-1] else "dates",
    }


def _state(known: CourseBefore, facts: Mapping[str, Any], *, mind_targets: bool) -> State | None:
    course, closed = known.course, known.counts.closed
    if not course.is_open(known.day):
        return "closed"
    if not facts["open_items"]:
        return "all_items_closed" if facts["closed_items"] else "no_items"
    if mind_targets and course.due_date is not None and course.due_date < known.day:
        return "target_passed"
    if facts["active_weeks"] < LEAST_ACTIVE_WEEKS or int(closed.sum()) < LEAST_CLOSED_ITEMS:
        return "insufficient_history"
    if not closed[max(len(closed) - LONGEST_PAUSE_DAYS, 0) :].any():
        return "no_progress_4w"
    return None


def _read_off(days: np.ndarray, target: date | None, as_of: date, calibration: Calibration) -> dict[str, Any]:
    """Return state, dates and chances of the draws ``days``."""
    never = float((days >= NEVER).mean())
    if never > LARGEST_CHANCE_OF_NEVER:
        return {"state": "scope_outpaces_throughput", "probability_never": never}
    ordered = np.sort(days)
    raw = tuple(quantile(ordered, level) for level in LEVELS)
    offsets = calibration.apply(raw)
    return {
        "state": "forecast",
        "raw_offsets": raw,
        "offsets": offsets,
        "probability_never": never,
        "probability_on_time": None
        if target is None
        else float((days <= calibration.take_back((target - as_of).days, raw, offsets)).mean()),
        "calibrated_on": calibration.milestones,
    }


def quantile(ordered: np.ndarray, level: float) -> int | None:
    """Return the smallest day by which at least ``level`` of the draws have ended; None where that is never."""
    day = int(ordered[int(np.ceil(level * len(ordered))) - 1])
    return None if day >= NEVER else day
