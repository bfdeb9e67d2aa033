"""Working days: weekdays less blackout days, and weeks of them counted from a day.

Belongs here: the calendar alone. What happens on its days is in ``course`` and ``simulation``.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np

WEEK = 7
WEEKDAYS = frozenset(range(5))
"""Monday to Friday, as :meth:`datetime.date.weekday` counts."""


@dataclass(frozen=True)
class WorkingCalendar:
    """The days on which a team works.

    Items that are closed on other days count all the same; time passes on working days only.
    """

    weekdays: frozenset[int] = WEEKDAYS
    blackout: frozenset[date] = frozenset()

    def is_working(self, day: date) -> bool:
        """Return whether the team works on ``day``."""
        return day.weekday() in self.weekdays and day not in self.blackout

    def shares(self, first: date, days: int) -> "np.ndarray":
        """Return what each of ``days`` days from ``first`` on is of a working week: 0, or one in the week's days."""
        share = 1 / len(self.weekdays)
        return np.array([share * self.is_working(first + timedelta(days=offset)) for offset in range(days)])

    def week_after(self, day: date, week: int) -> tuple[int, ...]:
        """Return the working days of the seven that begin ``week`` weeks after ``day``, as days after ``day``."""
        return _week_after(self, day, week)


# All milestones of all repositories look at the same weeks of a day, one day after the other.
@lru_cache(maxsize=1024)
def _week_after(calendar: WorkingCalendar, day: date, week: int) -> tuple[int, ...]:
    begin = week * WEEK
    return tuple(offset for offset in range(begin, begin + WEEK) if calendar.is_working(day + timedelta(days=offset)))
