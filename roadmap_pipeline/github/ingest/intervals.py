"""Intervals of time that a list has been read for, and the gaps between them.

Belongs here: arithmetic on intervals. What is read to close a gap belongs to ``listing``, keeping them to ``store``.

GitHub gives times in whole seconds, so intervals are pairs of seconds, both inclusive.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """From ``start`` to ``end``, both inclusive, naive UTC, whole seconds. Empty when it ends before it starts."""

    start: datetime
    end: datetime

    @property
    def is_empty(self) -> bool:
        """True when it holds no second."""
        return self.end < self.start

    def __str__(self) -> str:
        """Return it as GitHub writes an interval in queries."""
        return f"{self.start:%Y-%m-%dT%H:%M:%SZ}..{self.end:%Y-%m-%dT%H:%M:%SZ}"

    @classmethod
    def parse(cls, text: str) -> "Interval":
        """Return the interval that ``str`` wrote."""
        start, _, end = text.partition("..")
        return cls(*(datetime.strptime(moment, "%Y-%m-%dT%H:%M:%SZ") for moment in (start, end)))  # noqa: DTZ007

    def overlaps(self, other: "Interval") -> bool:
        """Return whether both have a second in common."""
        return self.start <= other.end and other.start <= self.end


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """Return the seconds of all ``intervals``, oldest first, as few intervals as possible."""
    joined: list[Interval] = []
    for interval in sorted(interval for interval in intervals if not interval.is_empty):
        if joined and interval.start <= joined[-1].end + SECOND:
            joined[-1] = Interval(joined[-1].start, max(joined[-1].end, interval.end))
        else:
            joined.append(interval)
    return joined


def gaps(covered: Iterable[Interval], whole: Interval) -> list[Interval]:
    """Return the seconds of ``whole`` that ``covered`` leaves out, newest first."""
    missing: list[Interval] = []
    start = whole.start
    for interval in union(covered):
        missing.append(Interval(start, min(interval.start - SECOND, whole.end)))
        start = max(start, interval.end + SECOND)
    missing.append(Interval(start, whole.end))
    return [gap for gap in reversed(missing) if not gap.is_empty]


def without_newest(covered: Sequence[Interval], overlap: timedelta) -> list[Interval]:
    """Return ``covered`` without the last ``overlap`` of each interval.

    A list may not have held yet what happened just then.
    """
    return [Interval(interval.start, interval.end - overlap) for interval in covered]
