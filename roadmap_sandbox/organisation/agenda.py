"""Events in the order of their times, and the hours at which people work.

Belongs here: time, and the one generator of all chance. What happens is in the classes built on this one.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from random import Random

from .records import DAY, HOUR


class Agenda:
    """The events to come, from ``start`` to ``end`` (seconds since the epoch)."""

    def __init__(self, rng: Random, start: int, end: int) -> None:
        self.rng, self.start, self.end = rng, start, end
        self._queue: list[tuple[int, int, Callable[[int], None]]] = []
        self._count = 0
        """Of appointments and commits: it orders the ones and names the others."""

    def at(self, time: float, action: Callable[[int], None]) -> None:
        """Do ``action`` at ``time``, after everything that was put there before."""
        self._count += 1
        heappush(self._queue, (int(time), self._count, action))

    def _let_happen(self) -> None:
        """Carry out everything until the end."""
        while self._queue:
            time, _, action = heappop(self._queue)
            if time <= self.end:
                action(time)

    def _spread(self, median: float, sigma: float = 0.6) -> float:
        return median * self.rng.lognormvariate(0, sigma)

    def _at_work(self, time: float) -> int:
        """Return the first time from ``time`` on at which people work: weekdays 7 to 18 UTC, now and then otherwise."""
        moment = int(time)
        hour, weekday = moment % DAY / HOUR, (moment // DAY + 3) % 7
        if (7 <= hour < 18.5 and weekday < 5) or self.rng.random() < 0.05:
            return moment
        day = moment // DAY + (1 if hour >= 18.5 else 0)
        while (day + 3) % 7 >= 5:
            day += 1
        return day * DAY + 7 * HOUR + self.rng.randrange(3 * HOUR)
