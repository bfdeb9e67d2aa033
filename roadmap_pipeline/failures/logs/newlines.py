"""Counting lines: the one thing that is asked of every byte before a failure.

Belongs here: how newlines are counted fast, and no part of a log twice. What stands in the lines belongs to others.
"""

import sys
from bisect import bisect_right
from collections.abc import Iterable
from typing import Any

# Loading NumPy takes as long as counting so many bytes without it.
_WORTH_LOADING = 64 << 20
# Smaller ranges are counted faster than an array of them is made.
_SMALL = 8 << 10
# What is compared at a time stays in the processor's cache.
_PIECE = 256 << 10
_NEWLINE = 10


class _Counter:
    """The count of newlines, by NumPy once a process has counted so much that loading it pays."""

    def __init__(self) -> None:
        self._counted = 0
        self._numpy: Any = None

    def count(self, log: bytes, start: int, end: int) -> int:
        if end - start < _SMALL:
            return log.count(b"\n", start, end)
        if self._numpy is None:
            self._counted += end - start
            if self._counted < _WORTH_LOADING and "numpy" not in sys.modules:
                return log.count(b"\n", start, end)
            import numpy as np

            self._numpy = np
        data = self._numpy.frombuffer(log, self._numpy.uint8, end - start, start)
        count_nonzero = self._numpy.count_nonzero
        return sum(
            int(count_nonzero(data[first : first + _PIECE] == _NEWLINE)) for first in range(0, end - start, _PIECE)
        )


_COUNTER = _Counter()


def count_newlines(log: bytes, start: int, end: int) -> int:
    """Return the number of newlines from one offset of a log up to another, both within it."""
    return _COUNTER.count(log, start, end)


class LineNumbers:
    """The numbers (from 0) of the lines of one log, which are asked for where a failure is told, and again nearby."""

    def __init__(self, log: bytes) -> None:
        self._log = log
        self._offsets = [0]
        self._numbers = [0]

    def at(self, offset: int) -> int:
        """Return the number of the line that holds an offset, counted from the nearest one that is known."""
        place = bisect_right(self._offsets, offset)
        before = self._offsets[place - 1]
        after = self._offsets[place] if place < len(self._offsets) else None
        if after is not None and after - offset < offset - before:
            number = self._numbers[place] - count_newlines(self._log, offset, after)
        else:
            number = self._numbers[place - 1] + count_newlines(self._log, before, offset)
        self._keep(offset, number)
        return number

    def of(self, starts: Iterable[int]) -> dict[int, int]:
        """Return the number of the line that holds each of these offsets, by offset, in their order."""
        numbers: dict[int, int] = {}
        reached = None
        number = 0
        for start in sorted(set(starts)):
            if reached is None:
                number = self.at(start)
            elif start - reached < _SMALL:
                number += self._log.count(b"\n", reached, start)
            else:
                number += count_newlines(self._log, reached, start)
            numbers[start] = number
            reached = start
        if reached is not None:
            self._keep(reached, number)
        return numbers

    def _keep(self, offset: int, number: int) -> None:
        place = bisect_right(self._offsets, offset)
        if self._offsets[place - 1] != offset:
            self._offsets.insert(place, offset)
            self._numbers.insert(place, number)
