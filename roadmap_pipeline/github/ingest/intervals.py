"""Spans of time that a list has been read for, and the gaps between them.

Belongs here: arithmetic on spans. What is read to close a gap belongs to ``listing``, keeping spans to ``store``.

GitHub gives times in whole seconds, so spans are pairs of seconds, both inclusive.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From ``start`` to ``end``, both inclusive, naive UTC, whole seconds. Empty when it ends before it starts."""

    start: datetime
    end: datetime

    @property
    def is_empty(self) -> bool:
        """Whether it holds no second."""
        return self.end < self.start

    def __str__(self) -> str:
        """Return it as GitHub writes a span of time in queries."""
        return f"{self.start:%Y-%m-%dT%H:%M:%SZ}..{self.end:%Y-%m-%dT%H:%M:%SZ}"

    @classmethod
    def parse(cls, text: str) -> "Span":
        """Return the span that ``str`` wrote."""
        start, _, end = text.partition("..")
        return cls(*(datetime.strptime(moment, "%Y-%m-%dT%H:%M:%SZ") for moment in (start, end)))  # noqa: DTZ007

    def overlaps(self, other: "Span") -> bool:
        """Return whether both have a second in common."""
        return self.start <= other.end and other.start <= self.end


def union(spans: Iterable[Span]) -> list[Span]:
    """The seconds of all ``spans``, oldest first, as few spans as possible."""
    joined: list[Span] = []
    for span in sorted(span for span in spans if not span.is_empty):
        if joined and span.start <= joined[-1].end + SECOND:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined


def gaps(covered: Iterable[Span], whole: Span) -> list[Span]:
    """The seconds of ``whole`` that ``covered`` leaves out, newest first."""
    missing: list[Span] = []
    start = whole.start
    for span in union(covered):
        missing.append(Span(start, min(span.start - SECOND, whole.end)))
        start = max(start, span.end + SECOND)
    missing.append(Span(start, whole.end))
    return [gap for gap in reversed(missing) if not gap.is_empty]


def without_newest(covered: Sequence[Span], overlap: timedelta) -> list[Span]:
    """``covered`` without the last ``overlap`` of each span: a list may not have held yet what happened just then."""
    return [Span(span.start, span.end - overlap) for span in covered]
