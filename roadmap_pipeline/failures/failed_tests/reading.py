"""Reading which tests failed: all frameworks over the output of one step.

Belongs here: the table of frameworks, and joining what they find. Only the output of steps that failed by their tests
is read; how a framework names tests belongs to its own file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import NamedTuple

from roadmap_pipeline.failures.failed_tests import (
    acceptance,
    dotnet,
    functional,
    go,
    haskell,
    infrastructure,
    javascript,
    jvm,
    native,
    others,
    php,
    python,
    ruby,
    rust,
    scripting,
    systems,
)
from roadmap_pipeline.failures.failed_tests.framework import Framework, Mention
from roadmap_pipeline.failures.failed_tests.lines import Lines, Marks
from roadmap_pipeline.failures.failed_tests.names import all_are_same, same_name, with_single_spaces
from roadmap_pipeline.failures.logs.newlines import LineNumbers
from roadmap_pipeline.failures.logs.redaction import may_hold_secrets, redact
from roadmap_pipeline.failures.logs.structure import Span

_MOST_READ = 1_000
_LONGEST_WHY = 300

FRAMEWORKS: tuple[Framework, ...] = (
    *python.FRAMEWORKS,
    *javascript.FRAMEWORKS,
    *go.FRAMEWORKS,
    *rust.FRAMEWORKS,
    *jvm.FRAMEWORKS,
    *dotnet.FRAMEWORKS,
    *php.FRAMEWORKS,
    *ruby.FRAMEWORKS,
    *native.FRAMEWORKS,
    *others.FRAMEWORKS,
    *haskell.FRAMEWORKS,
    *functional.FRAMEWORKS,
    *systems.FRAMEWORKS,
    *scripting.FRAMEWORKS,
    *acceptance.FRAMEWORKS,
    *infrastructure.FRAMEWORKS,
)


class FailedTest(NamedTuple):
    """A test that failed.

    The name that all its runs share, the first line of why (empty: not told), and the line (from 0) of the output that
    names it.
    """

    name: str
    why: str
    line: int


@dataclass(frozen=True, slots=True)
class FailedTests:
    """The tests that failed in the output of a step, in the order in which they are named, each once.

    ``lines`` are the numbers (from 0) of all lines that were needed to know them, the first tests' first; ``first`` is
    the line that names the first test, as it stands there.
    """

    tests: tuple[FailedTest, ...]
    lines: tuple[int, ...]
    first: bytes


NONE = FailedTests((), (), b"")


@cache
def _marks() -> Marks:
    return Marks(mark for framework in FRAMEWORKS for mark in framework.marks)


@cache
def _by_mark() -> Mapping[str, Sequence[int]]:
    """Return which frameworks, by their places in the table, have each of the marks."""
    by_mark: dict[str, list[int]] = {}
    for place, framework in enumerate(FRAMEWORKS):
        for mark in framework.marks:
            by_mark.setdefault(mark, []).append(place)
    return by_mark


def failed_tests(output: bytes) -> FailedTests:
    """Read which tests failed from a step's output, in time linear in its length."""
    return _failed_tests(output, 0, len(output), LineNumbers(output))


def tests_in(log: bytes, step: Span, line_numbers: LineNumbers | None = None) -> FailedTests:
    """Read which tests failed in a step of a log; lines are those of the log (from 0).

    ``line_numbers`` are the log's, where others ask for them, too.
    """
    return _failed_tests(log, step.body, step.end, line_numbers or LineNumbers(log))


def _failed_tests(log: bytes, begin: int, end: int, line_numbers: LineNumbers) -> FailedTests:
    """Read which tests failed from an output that stands between two offsets of a log."""
    lines = Lines(log, _marks(), begin, end)
    named: dict[str, str] = {}
    places = sorted({place for mark in lines.marks for place in _by_mark()[mark]})
    mentions = [one for place in places for one in _by(FRAMEWORKS[place], lines, named)]
    if not mentions:
        return NONE
    starts = {line.start for one in mentions for line in (one.line, *one.read)}
    numbers = line_numbers.of(starts)
    mentions.sort(key=lambda one: numbers[one.line.start])
    tests: dict[str, FailedTest] = {}
    # Many tests fail for the same reason.
    reasons: dict[str, str] = {}
    for one in mentions:
        known = tests.get(one.name)
        if known is None or (one.why and not known.why):
            line = numbers[one.line.start] if known is None else known.line
            why = reasons.get(one.why)
            if why is None:
                why = reasons[one.why] = _why(one.why)
            tests[one.name] = FailedTest(one.name, why, line)
    needed = dict.fromkeys(numbers[line.start] for one in mentions for line in (one.line, *one.read))
    return FailedTests(tuple(tests.values()), tuple(needed), lines.raw(mentions[0].line))


def _by(framework: Framework, lines: Lines, named: dict[str, str]) -> list[Mention]:
    """Return what the most precise of a framework's forms finds, with what others say of why.

    ``named`` remembers the names that all runs share by those that were read: forms repeat each other's.
    """
    chosen: list[Mention] = []
    for reading in framework.readings:
        read = list(islice(reading(lines), _MOST_READ))
        if not read:
            continue
        mentions = _named(read, named)
        if not chosen:
            chosen = mentions
            if chosen and all(one.why for one in chosen):
                break
        else:
            explained = {one.name: one for one in reversed(mentions) if one.why}
            chosen = [
                one._replace(why=explained[one.name].why, read=(*one.read, *explained[one.name].read))
                if not one.why and one.name in explained
                else one
                for one in chosen
            ]
    return chosen


def _named(read: Sequence[Mention], named: dict[str, str]) -> list[Mention]:
    """Return mentions of tests by the names that all runs share."""
    new = [name for name in dict.fromkeys(one.name for one in read) if name not in named]
    if new:
        # One look at all of them together is enough for most: a name has no line break.
        shared = list(map(with_single_spaces if all_are_same("\n".join(new)) else same_name, new))
        if may_hold_secrets("\n".join(shared)):
            shared = [redact(name).text for name in shared]
        named.update(zip(new, shared, strict=True))
    return [one if name == one.name else one._replace(name=name) for one in read if (name := named[one.name])]


def _why(text: str) -> str:
    return redact(text.strip()[:_LONGEST_WHY]).text
