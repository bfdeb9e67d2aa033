"""Courses of milestones made by hand."""

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np

from roadmap_pipeline.milestones.forecast.course import Counts, Course

AS_OF = date(2026, 11, 16)  # a Monday
REPO = "acme/payments"


def course(
    number: int = 1,
    *,
    weeks: int = 10,
    planned: int = 30,
    closed: int | Mapping[int, int] = 2,
    added: Mapping[int, int] | None = None,
    removed: Mapping[int, int] | None = None,
    due: date | None = None,
    closed_on: date | None = None,
    begins: date | None = None,
    repo: str = REPO,
) -> Course:
    """Return a milestone that was filled with ``planned`` issues on its first day.

    Args:
        number: Its number.
        weeks: Weeks before :data:`AS_OF` on which it begins.
        planned: Issues that come in on the first day.
        closed: Items closed every Wednesday, or by day of the course.
        added: Items that come in later, by day of the course.
        removed: Open items that are taken out, by day of the course.
        due: Its target date.
        closed_on: The day on which it was closed itself.
        begins: Its first day, instead of ``weeks``.
        repo: Its repository.
    """
    first = begins or AS_OF - timedelta(weeks=weeks)
    last = min(closed_on or AS_OF - timedelta(days=1), AS_OF - timedelta(days=1))
    days = (last - first).days + 1
    every = (
        {day: closed for day in range(days) if (first + timedelta(days=day)).weekday() == 2}
        if isinstance(closed, int)
        else closed
    )
    came = {0: planned} | {day: items + (planned if day == 0 else 0) for day, items in (added or {}).items()}
    counts = _counts(days, every, came, removed or {})
    return Course(repo, number, f"Stage {number}", first, due, closed_on, counts, counts)


def _counts(days: int, closed: Mapping[int, int], added: Mapping[int, int], removed: Mapping[int, int]) -> Counts:
    series = [np.zeros(days, dtype=np.int64) for _ in range(3)]
    for values, by_day in zip(series, (closed, added, removed), strict=True):
        for day, items in by_day.items():
            values[day] = items
    shut, came, gone = series
    return Counts(np.cumsum(came - shut - gone), np.cumsum(shut), shut, came, gone, came, np.ones(days, dtype=np.int64))
