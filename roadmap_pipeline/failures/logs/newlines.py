"""Counting lines: the one thing that is asked of every byte before a failure.

Belongs here: how newlines are counted fast. What stands in the lines belongs to others.
"""

import sys
from typing import Any

# Loading NumPy takes as long as counting so many bytes without it.
_WORTH_LOADING = 64 << 20
# Smaller ranges are counted faster than an array of them is made.
_SMALL = 8 << 10
# What is compared at a time stays in the processor's cache.
_PIECE = 64 << 10
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
