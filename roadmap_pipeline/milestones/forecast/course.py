"""The course of a milestone, day by day, and what of it was known on a day.

Belongs here: reading ``intermediate.int_milestone_kind_days`` into arrays and cutting them. A forecast of a day uses
the days before it alone, so that it is the same whenever it is made.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from roadmap_pipeline.milestones.forecast.calendar import WEEK, WorkingCalendar

if TYPE_CHECKING:
    import duckdb

LONGEST_HISTORY = 26
"""Weeks that a forecast looks back: what was before says little about the team of today."""

LEAST_ISSUES = 5
"""Issues from which on a milestone is measured by them: they are planned, pull requests come and go with the work."""

_COURSES = """
    select days.repo, days.number, min(days.day), any_value(milestones.milestone), any_value(milestones.due_date),
        any_value(case when milestones.state = 'closed' then cast(milestones.closed_at as date) end),
        list([
            days.open_items, days.closed_items, days.closed, days.added - days.added_closed + days.reopened,
            days.removed - days.removed_closed, days.added, cast(days.has_events as bigint)
        ] order by days.day) filter (where not days.is_pull_request),
        list([
            days.open_items, days.closed_items, days.closed, days.added - days.added_closed + days.reopened,
            days.removed - days.removed_closed, days.added, cast(days.has_events as bigint)
        ] order by days.day) filter (where days.is_pull_request)
    from intermediate.int_milestone_kind_days as days
    join staging.stg_milestones as milestones on milestones.repo = days.repo and milestones.number = days.number
    where days.is_complete
    group by days.repo, days.number
    order by days.repo, days.number
"""


@dataclass(frozen=True, slots=True)
class Counts:
    """Items of a milestone by day, from its first day on.

    ``open_items`` and ``closed_items`` are those at the end of the day; ``closed``, ``added`` (open ones that came in
    or were opened again) and ``removed`` (open ones that were taken out) those of the day; ``entered`` all that came
    in.
    ``has_events`` is 0 from the first day on of which GitHub's events don't tell everything.
    """

    open_items: np.ndarray
    closed_items: np.ndarray
    closed: np.ndarray
    added: np.ndarray
    removed: np.ndarray
    entered: np.ndarray
    has_events: np.ndarray

    def until(self, days: int) -> "Counts":
        """Return the counts of the first ``days`` days."""
        return Counts(*(getattr(self, name)[:days] for name in self.__slots__))

    def plus(self, other: "Counts") -> "Counts":
        """Return both together."""
        return Counts(
            self.open_items + other.open_items,
            self.closed_items + other.closed_items,
            self.closed + other.closed,
            self.added + other.added,
            self.removed + other.removed,
            self.entered + other.entered,
            np.minimum(self.has_events, other.has_events),
        )


@dataclass(frozen=True, slots=True)
class Course:
    """The history of one milestone. ``closed_on`` is the day on which the milestone itself was closed."""

    repo: str
    number: int
    title: str
    first_day: date
    due_date: date | None
    closed_on: date | None
    issues: Counts
    items: Counts

    def before(self, day: date) -> "CourseBefore | None":
        """Return what was known of it when ``day`` began; None where it wasn't there."""
        if not self.first_day < day:
            return None
        days = min((day - self.first_day).days, len(self.items.closed))
        issues = self.issues.until(days)
        by_issues = int(issues.entered.sum()) >= LEAST_ISSUES and issues.open_items[-1] > 0
        return CourseBefore(
            self, day, "issues" if by_issues else "items", issues if by_issues else self.items.until(days)
        )

    def is_open(self, day: date) -> bool:
        """Return whether it was there, and not closed, when ``day`` began."""
        return self.first_day < day and (self.closed_on is None or self.closed_on >= day)


@dataclass(frozen=True, slots=True)
class CourseBefore:
    """The course as known on a day. ``measured_by`` says which items are counted: issues, or all."""

    course: Course
    day: date
    measured_by: Literal["issues", "items"]
    counts: Counts

    @property
    def first_day(self) -> date:
        """The first day of the course."""
        return self.course.first_day

    @property
    def work_began(self) -> date | None:
        """The day from which on closings are counted: None before the first.

        The week that ends with the first closing: a milestone planned long ahead isn't slow for having waited.
        """
        closings = np.flatnonzero(self.counts.closed)
        return self.first_day + timedelta(days=max(int(closings[0]) - WEEK + 1, 0)) if closings.size else None

    @property
    def growth_began(self) -> date | None:
        """The day from which on added items are growth: a week after the first came in, and once work began.

        What a milestone is filled with at first is its plan.
        """
        began = self.work_began
        additions = np.flatnonzero(self.counts.added)
        if began is None or not additions.size:
            return began
        return max(began, self.first_day + timedelta(days=int(additions[0]) + WEEK))


def read_courses(con: "duckdb.DuckDBPyConnection") -> dict[str, list[Course]]:
    """Return the courses of all milestones by repository, from the built models."""
    courses: dict[str, list[Course]] = defaultdict(list)
    for repo, number, first_day, title, due_date, closed_on, *kinds in con.execute(_COURSES).fetchall():
        issues, pull_requests = (Counts(*np.array(days, dtype=np.int64).T) for days in kinds)
        items = issues.plus(pull_requests)
        courses[repo].append(Course(repo, number, title, first_day, due_date, closed_on, issues, items))
    return dict(courses)


@dataclass(frozen=True, slots=True)
class Weeks:
    """Counts and working time of the weeks that end with a day, oldest first; the oldest may be a part of a week."""

    counts: np.ndarray
    working: np.ndarray

    def age_weights(self, half_life: float) -> np.ndarray:
        """Return what each week counts: half as much for every ``half_life`` weeks before the newest."""
        return np.asarray(0.5 ** (np.arange(len(self.counts))[::-1] / half_life))


def weeks_before(day: date, since: date, series: "list[tuple[date, np.ndarray]]", calendar: WorkingCalendar) -> Weeks:
    """Return the sums of ``series`` (each from its first day on) in the weeks from ``since`` until ``day`` began."""
    number = min(-(-(day - since).days // WEEK), LONGEST_HISTORY)
    days = number * WEEK
    begin = day - timedelta(days=days)
    daily = np.zeros(days)
    for first, values in series:
        offset = (first - begin).days
        part = values[max(-offset, 0) : max(days - offset, 0)]
        daily[max(offset, 0) : max(offset, 0) + len(part)] += part
    working = calendar.shares(begin, days)
    before = max((since - begin).days, 0)
    daily[:before] = working[:before] = 0
    return Weeks(daily.reshape(number, WEEK).sum(axis=1), working.reshape(number, WEEK).sum(axis=1))


def as_values(weeks: Weeks) -> list[Any]:
    """Return the weeks as plain lists, for fingerprints."""
    return [weeks.counts.tolist(), [round(value, 6) for value in weeks.working.tolist()]]
