"""The output of a step as lines that can be found by the strings ("marks") which they hold.

Belongs here: finding lines and walking from one to its neighbours, in time linear in the output's length. What a line
means belongs to the frameworks. Marks are sought before colours are taken away: none may be coloured in parts.
"""

import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, cast

import hyperscan

from roadmap_pipeline.failures.logs.cleaning import clean_lines

LONGEST_LINE = 1_000
"""Longer lines are data, and name no test."""
MOST_MARKS = 20_000
"""Marks beyond that many are not looked at."""
# So many bytes of a line are read: its characters may take several each, and it may be coloured.
_LONGEST_READ = 4 * LONGEST_LINE
# From so many lines on the strings that a pattern demands are looked for in all of them together.
_MANY_LINES = 30

_EDGE = r"\b"
# How an escape sequence, or a timestamp, ends; and characters that are not shown.
_ENDED, _UNSEEN = rb"[\x1b\[ -?][@-~]", rb"\x00-\x09\x0b-\x1f\x7f-\xff"
# What stands before a mark with such a sign, as far as few bytes tell: longer expressions make the scan slower.
_BEFORE = {
    _EDGE: rb"(?:^|[^A-Za-z0-9_]|" + _ENDED + rb")",
    r"\d": rb"(?:[\d" + _UNSEEN + rb"]|" + _ENDED + rb")",
    "^": rb"(?:(?:^|[^a-z ]|" + _ENDED + rb") ?|  )",
}
_AFTER = {_EDGE: rb"\b", "$": rb"(?: ?(?:$|[^ -~\n])|  )"}
# What other tools put before each line of a test's output: the runner, BuildKit, and those that run many packages.
_PREFIX = re.compile(
    r"\A(?:##\[(?:error|warning|notice)\])?(?:#\d+ [\d.]+ )?"
    r"(?:[\w@./-]+(?:#|:| )test[\w:-]*: |[a-z][\w.+-]{0,60}> |[\w.-]{1,60}-\d+ +\| )?"
)


class Line(NamedTuple):
    """A line: offset of its first byte, and its text without colours and what tools put before it."""

    start: int
    text: str


class Marks:
    r"""Strings looked for in one pass.

    Signs make marks of common words rare: one that begins with ``^`` follows no word on its line, one that begins with
    ``\d`` a digit; one that ends with ``$`` ends its line; where ``\b`` stands, at either end, a word begins or ends.
    Colours may stand between. A mark that is found may still lack what its signs say: they only leave out what surely
    does.
    """

    def __init__(self, marks: Iterable[str]) -> None:
        self.marks = sorted(set(marks))
        self._database = hyperscan.Database()
        self._database.compile(
            expressions=[_expression(mark) for mark in self.marks],
            ids=list(range(len(self.marks))),
            elements=len(self.marks),
            flags=[hyperscan.HS_FLAG_MULTILINE] * len(self.marks),
        )
        self._own = threading.local()

    def ends_in(self, data: bytes | memoryview) -> list[tuple[int, int]]:
        """Return the numbers of the marks that occur in ``data``, each with its end, in the order of their ends."""
        scratch = getattr(self._own, "scratch", None)
        if scratch is None:
            # A thread's working memory: two that used one would disturb each other.
            scratch = self._own.scratch = hyperscan.Scratch(self._database)
        ends: list[tuple[int, int]] = []
        # The handler may stop it: enough is known then.
        with suppress(hyperscan.ScanTerminated):
            # It reads any buffer, not only what its stubs say.
            self._database.scan(cast("bytes", data), match_event_handler=_note, context=ends, scratch=scratch)
        return ends


def _expression(mark: str) -> bytes:
    """Return what a mark is in the words of Hyperscan."""
    before, after = b"", b""
    for sign, expression in _BEFORE.items():
        if mark.startswith(sign):
            mark, before = mark.removeprefix(sign), expression
    for sign, expression in _AFTER.items():
        if mark.endswith(sign):
            mark, after = mark.removesuffix(sign), expression
    return before + re.escape(mark.encode()) + after


def _note(number: int, _start: int, end: int, _flags: int, ends: Any) -> bool:
    ends.append((number, end))
    return len(ends) >= MOST_MARKS


class Lines:
    """The output of a step; its lines are found by their marks.

    Args:
        log: What holds the output, from ``begin`` up to ``end``: offsets of lines are those in it.
    """

    def __init__(self, log: bytes, marks: Marks, begin: int = 0, end: int | None = None) -> None:
        self._text = log
        self._begin = begin
        self._end = len(log) if end is None else end
        self._read: dict[int, Line | None] = {}
        self._lists: dict[tuple[str, ...], Sequence[Line]] = {}
        self._texts: dict[tuple[str, ...], str] = {}
        starts_by_number: dict[int, list[int]] = {}
        # Not copied: new memory for every output would take as long as looking through it.
        start = next_start = begin
        for number, end_of_mark in marks.ends_in(memoryview(log)[begin : self._end]):
            starts = starts_by_number.get(number)
            if starts is None:
                starts = starts_by_number[number] = []
            # Many marks are in the line of the one before.
            last = begin + end_of_mark - 1
            if not start <= last < next_start:
                start = (log.rfind(b"\n", begin, last) + 1) or begin
                next_start = (log.find(b"\n", last, self._end) + 1) or self._end
            if not starts or starts[-1] != start:
                starts.append(start)
        self._marked = {marks.marks[number]: starts for number, starts in starts_by_number.items()}

    def marked(self, *marks: str) -> Sequence[Line]:
        """Return the lines that hold one of the marks, in order."""
        lines = self._lists.get(marks)
        if lines is None:
            known = [starts for mark in marks if (starts := self._marked.get(mark))]
            starts = known[0] if len(known) == 1 else sorted(set().union(*known))
            read = self._read
            unread = [start for start in starts if start not in read]
            if unread:
                self._read_all(unread)
            lines = self._lists[marks] = [line for start in starts if (line := read[start]) is not None]
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
            start = self._text.find(b"\n", start, self._end) + 1
            if not 0 < start < self._end:
                return
            following = self._line(start)
            if following is not None:
                yield following

    def before(self, line: Line, most: int) -> Iterator[Line]:
        """Yield the lines before a line, the nearest first, as :meth:`after`."""
        start = line.start
        for _ in range(most):
            if start <= self._begin:
                return
            start = (self._text.rfind(b"\n", self._begin, start - 1) + 1) or self._begin
            preceding = self._line(start)
            if preceding is not None:
                yield preceding

    def raw(self, line: Line) -> bytes:
        """Return a line as it stands in the output."""
        end = self._text.find(b"\n", line.start, self._end)
        return self._text[line.start : end if end >= 0 else self._end]

    def _line(self, start: int) -> Line | None:
        if start not in self._read:
            self._read_all([start])
        return self._read[start]

    def _read_all(self, starts: Sequence[int]) -> None:
        """Read the lines that begin at these offsets; None stands for those that are too long."""
        log, stop, read = self._text, self._end, self._read
        short: list[int] = []
        lines: list[bytes] = []
        for start in starts:
            end = log.find(b"\n", start, min(start + _LONGEST_READ, stop))
            if end < 0 and stop - start > _LONGEST_READ:
                read[start] = None
            else:
                short.append(start)
                lines.append(log[start : end if end >= 0 else stop])
        for start, text in zip(short, clean_lines(lines), strict=True):
            read[start] = Line(start, _without_prefix(text).rstrip()) if len(text) <= LONGEST_LINE else None


def _without_prefix(text: str) -> str:
    """Return a line's text without what other tools put before it: most lines lack the strings that this takes."""
    if text.startswith("#") or "> " in text or "| " in text or (": " in text and "test" in text):
        prefix = _PREFIX.match(text)
        assert prefix is not None, "it may be empty"
        return text[prefix.end() :]
    return text
