"""The table's own words: a framework, the forms in which it names failing tests, and how such forms are read.

Belongs here: what the readings of many frameworks share. The formats themselves belong to one file a family.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from roadmap_pipeline.failures.failed_tests.demands import demanded, finder
from roadmap_pipeline.failures.failed_tests.lines import Line, Lines

MOST_IN_SECTION = 20_000
"""Lines of a list of failures that are looked at, and how far apart its beginning and end may be."""


class Mention(NamedTuple):
    """A failing test as a framework names it.

    ``line`` names it; ``why`` is the first line of what it says about the failure, if it does; ``read`` are all lines
    that were needed to know that.
    """

    name: str
    line: Line
    why: str
    read: tuple[Line, ...]


Reading = Callable[[Lines], Iterator[Mention]]
"""One form in which a framework names failing tests."""


@dataclass(frozen=True, slots=True)
class Framework:
    """A framework's forms of naming failed tests, the most precise first.

    The first form that names a test settles which tests failed, the others only add what is said about the same tests.
    ``marks`` are plain strings; every reading starts at lines with one.
    """

    name: str
    marks: tuple[str, ...]
    readings: tuple[Reading, ...]


Explanation = Callable[[Lines, Line], tuple[str, tuple[Line, ...]]]
"""Looks for what says why a test failed, from the line that names it: that, and the lines that were looked at."""


def named_by(
    *marks: str,
    pattern: str,
    name: Callable[[dict[str, str]], str] | None = None,
    why: Explanation | None = None,
    unless: str | None = None,
) -> Reading:
    """Return a reading of tests that one line each names.

    The line holds a mark and matches the pattern (groups ``test`` and perhaps ``why``).

    ``name`` makes the name of the groups (default: ``test``); lines that match ``unless`` don't count.
    """
    find = finder(pattern)
    exception = finder(unless) if unless else None
    demands = demanded(pattern)
    longest = demands[0] if demands else ""

    def read(lines: Lines) -> Iterator[Mention]:
        for line in lines.marked(*marks) if lines.may_match(marks, demands) else ():
            if longest not in line.text:
                continue
            match = find(line.text)
            if match is None or (exception is not None and exception(line.text)):
                continue
            groups = match.groupdict("")
            message = groups.get("why", "")
            explained = why(lines, line) if why is not None and not message else (message, ())
            yield Mention(
                name(groups) if name is not None else groups["test"], line, explained[0], (line, *explained[1])
            )

    return read


def listed(
    *marks: str,
    start: str,
    item: str,
    end: str,
    name: Callable[[dict[str, str]], str] | None = None,
    why: Explanation | None = None,
) -> Reading:
    """Return a reading of tests in lists: a list begins with a line that holds a mark and matches ``start``.

    Its items name a test each.

    It goes on to a line that matches ``end``. Lines that are neither don't matter.
    """
    begins, names, ends = finder(start), finder(item), finder(end)
    demands = demanded(start)
    longest = demands[0] if demands else ""

    def read(lines: Lines) -> Iterator[Mention]:
        reached = -1
        for first in lines.marked(*marks) if lines.may_match(marks, demands) else ():
            # A line within a list that was read begins no other: so each line is looked at once.
            if longest not in first.text or first.start <= reached or not begins(first.text):
                continue
            items: list[tuple[str, Line, str]] = []
            last: Line | None = None
            for line in lines.after(first, MOST_IN_SECTION):
                reached = line.start
                match = names(line.text)
                if match is not None:
                    groups = match.groupdict("")
                    items.append((name(groups) if name else groups["test"], line, groups.get("why", "")))
                elif ends(line.text):
                    last = line
                    break
            around = (first,) if last is None else (first, last)
            for test, line, message in items:
                explained, looked_at = why(lines, line) if why is not None and not message else (message, ())
                yield Mention(test, line, explained, (*around, line, *looked_at))

    return read


def next_line(pattern: str = r"\S", most: int = 3, stop: str | None = None) -> Explanation:
    """Return an explanation: the first of the next lines that matches a pattern.

    There is none where a line that matches ``stop`` comes before.

    Of a pattern with a group, that is what the line says.
    """
    find = finder(pattern)
    ends = finder(stop) if stop else None

    def look(lines: Lines, line: Line) -> tuple[str, tuple[Line, ...]]:
        looked_at: list[Line] = []
        for following in lines.after(line, most):
            looked_at.append(following)
            if ends is not None and ends(following.text):
                break
            match = find(following.text)
            if match is not None:
                return (match[match.lastindex or 0] if match.lastindex else following.text).strip(), tuple(looked_at)
        return "", tuple(looked_at)

    return look
