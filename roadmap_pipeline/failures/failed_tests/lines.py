"""The output of a step as lines that can be found by the plain strings ("marks") which they hold.

Belongs here: finding lines and walking from one to its neighbours, in time linear in the output's length. What a line
means belongs to the frameworks. Marks are sought before colours are taken away: none may be coloured in parts.
"""

import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import hyperscan

from roadmap_pipeline.failures.logs.cleaning import clean_line

LONGEST_LINE = 1_000
"""Longer lines are data, and name no test."""
MOST_MARKS = 20_000
"""Marks beyond that many are not looked at."""
# From so many lines on the strings that a pattern demands are looked for in all of them together.
_MANY_LINES = 30

# What other tools put before each line of a test's output: the runner, BuildKit, and those that run many packages.
_PREFIX = re.compile(
    r"\A(?:##\[(?:error|warning|notice)\])?(?:#\d+ [\d.]+ )?"
    r"(?:[\w@./-]+(?:#|:| )test[\w:-]*: |[a-z][\w.+-]{0,60}> |[\w.-]{1,60}-\d+ +\| )?"
)


class Line(NamedTuple):
    """A line: offset of its first byte in the output, and its text without colours and what tools put before it."""

    start: int
    text: str


class Marks:
    """Plain strings looked for in one pass."""

    def __init__(self, marks: Iterable[str]) -> None:
        self.marks = sorted({mark.encode() for mark in marks})
        self._database = hyperscan.Database()
        self._database.compile(
            expressions=self.marks,
            ids=list(range(len(self.marks))),
            elements=len(self.marks),
            flags=[0] * len(self.marks),
            literal=True,
        )
        self._own = threading.local()

    def ends_in(self, data: bytes) -> list[tuple[int, int]]:
        """Return the numbers of the marks that occur in ``data``, each with its end, in the order of their ends."""
        scratch = getattr(self._own, "scratch", None)
        if scratch is None:
            # A thread's working memory: two that used one would disturb each other.
            scratch = self._own.scratch = hyperscan.Scratch(self._database)
        ends: list[tuple[int, int]] = []
        # The handler may stop it: enough is known then.
        with suppress(hyperscan.ScanTerminated):
            self._database.scan(data, match_event_handler=_note, context=ends, scratch=scratch)
        return ends


def _note(number: int, _start: int, end: int, _flags: int, ends: Any) -> bool:
    ends.append((number, end))
    return len(ends) >= MOST_MARKS


class Lines:
    """The output of a step; its lines are found by their marks."""

    def __init__(self, output: bytes, marks: Marks) -> None:
        self._text = output
        self._read: dict[int, Line | None] = {}
        self._lists: dict[tuple[str, ...], Sequence[Line]] = {}
        self._texts: dict[tuple[str, ...], str] = {}
        starts_by_number: dict[int, list[int]] = {}
        for number, end in marks.ends_in(output):
            starts = starts_by_number.get(number)
            if starts is None:
                starts = starts_by_number[number] = []
            start = output.rfind(b"\n", 0, end - 1) + 1
            if not starts or starts[-1] != start:
                starts.append(start)
        self._marked = {marks.marks[number].decode(): starts for number, starts in starts_by_number.items()}

    def marked(self, *marks: str) -> Sequence[Line]:
        """Return the lines that hold one of the marks, in order."""
        lines = self._lists.get(marks)
        if lines is None:
            known = [starts for mark in marks if (starts := self._marked.get(mark))]
            starts = known[0] if len(known) == 1 else sorted(set().union(*known))
            read = self._read
            lines = self._lists[marks] = [
                line for start in starts if (line := read[start] if start in read else self._line(start)) is not None
            ]
        return lines

    def may_match(self, marks: tuple[str, ...], strings: Sequence[str]) -> bool:
        """Return whether a pattern that demands all of some strings may match a line that holds one of the marks.

        Where it can't, none of many lines has to be tried. Few are tried faster than their strings are looked for.
        """
        lines = self.marked(*marks)
        if len(lines) < _MANY_LINES:
            return bool(lines)
        text = self._texts.get(marks)
        if text is None:
            text = self._texts[marks] = "\n".join([line.text for line in lines])
        return all(string in text for string in strings)

    @property
    def marks(self) -> Iterable[str]:
        """The marks that occur."""
        return self._marked.keys()

    def after(self, line: Line, most: int) -> Iterator[Line]:
        """Yield the lines that follow a line, at most so many.

        Those that are too long to name anything are left out.
        """
        start = line.start
        for _ in range(most):
            start = self._text.find(b"\n", start) + 1
            if not 0 < start < len(self._text):
                return
            following = self._line(start)
            if following is not None:
                yield following

    def before(self, line: Line, most: int) -> Iterator[Line]:
        """Yield the lines before a line, the nearest first, as :meth:`after`."""
        start = line.start
        for _ in range(most):
            if start <= 0:
                return
            start = self._text.rfind(b"\n", 0, start - 1) + 1
            preceding = self._line(start)
            if preceding is not None:
                yield preceding

    def numbers(self, starts: Iterable[int]) -> dict[int, int]:
        """Return the number (from 0) of the line that begins at each of these offsets."""
        numbers: dict[int, int] = {}
        number = reached = 0
        for start in sorted(set(starts)):
            number += self._text.count(b"\n", reached, start)
            numbers[start] = number
            reached = start
        return numbers

    def raw(self, line: Line) -> bytes:
        """Return a line as it stands in the output."""
        end = self._text.find(b"\n", line.start)
        return self._text[line.start : end if end >= 0 else len(self._text)]

    def _line(self, start: int) -> Line | None:
        try:
            return self._read[start]
        except KeyError:
            line = self._read[start] = self._cleaned(start)
            return line

    def _cleaned(self, start: int) -> Line | None:
        end = self._text.find(b"\n", start, start + 4 * LONGEST_LINE)
        if end < 0:
            end = len(self._text)
            if end - start > 4 * LONGEST_LINE:
                return None
        text = clean_line(self._text[start:end])
        if len(text) > LONGEST_LINE:
            return None
        return Line(start, _without_prefix(text).rstrip())


def _without_prefix(text: str) -> str:
    """Return a line's text without what other tools put before it: most lines lack the strings that this takes."""
    if text.startswith("#") or "> " in text or "| " in text or (": " in text and "test" in text):
        prefix = _PREFIX.match(text)
        assert prefix is not None, "it may be empty"
        return text[prefix.end() :]
    return text
