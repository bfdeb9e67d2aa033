"""Telling which of many patterns may occur in a text, in one pass over it.

Belongs here: looking for the strings that patterns demand, all at once. Which strings a pattern demands is read in
:mod:`.literals`; finding its matches belongs to :mod:`.search`.
"""

import re
import threading
from collections.abc import Iterable, Sequence
from typing import Any

import hyperscan

from roadmap_pipeline.failures.matching.literals import MARK, MARKED, Conjunction, Literal, required_literals

# What is in every line that is marked as an error, and in few others: GitHub's marker, how scripts ask for it, and a
# word at the beginning of a line, after its time or without one. Before the first line of a text is no line break.
_MARKS = tuple(Literal(text, ignore_case=True) for text in ("##[error]", "::error", "\nerror: ", "z error: "))
_MARK_NUMBERS = frozenset(range(len(_MARKS)))
_FIRST_WORD = b"error: "
# The same where others may stand beside it.
_ANYWHERE = tuple(Literal(text, ignore_case=True) for text in ("##[error]", "::error", "error: "))
# The same in patterns.
_MARKER = re.compile(r"<<error>>|(?<!\\)##\\\[error\\\]")


class Prefilter:
    """Many patterns looked for in one pass; tells which of them may occur, not where.

    Never misses a pattern that occurs. It names one that doesn't where only the strings that it demands are there;
    patterns that demand no string are always named. What patterns say of lines that are marked as errors is looked for
    in those alone: they are few, and such patterns' words are common.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        self._anywhere, self._in_marked_lines = _Conjunctions(_MARKS), _Conjunctions()
        for position, pattern in enumerate(patterns):
            for sets in required_literals(_without_placeholders(pattern)):
                if MARKED in sets:
                    self._in_marked_lines.add(position, [one for one in sets if one != MARKED])
                else:
                    self._anywhere.add(position, sets)
        self._anywhere.compile()
        self._in_marked_lines.compile()
        self._marks = _StringSet(_MARKS, all_of_them=True)

    def candidates_in(self, data: bytes) -> dict[int, int]:
        """Return the positions, in the sequence given, of the patterns that may occur in ``data``.

        With each, an offset: no match is on a line that ends before it. May be called by any thread.
        """
        named, strings = self._anywhere.named_in(data)
        if not strings.isdisjoint(_MARK_NUMBERS) or data[: len(_FIRST_WORD)].lower() == _FIRST_WORD:
            first, lines = self._marked_lines(data)
            for position in self._in_marked_lines.named_in(lines)[0]:
                named[position] = min(named.get(position, first), first)
        return named

    def _marked_lines(self, data: bytes) -> tuple[int, bytes]:
        """Return the lines that may be marked as errors, and the offset of the first one's beginning."""
        lines: list[bytes] = []
        first = len(data)
        ends = self._marks.all_ends_in(data)
        if data[: len(_FIRST_WORD)].lower() == _FIRST_WORD:
            ends.insert(0, len(_FIRST_WORD))
        reached = -1
        for end in ends:
            if end > reached:
                start = data.rfind(b"\n", 0, end - 1) + 1
                newline = data.find(b"\n", end)
                reached = len(data) if newline < 0 else newline
                lines.append(data[start:reached])
                first = min(first, start)
        return first, b"\n".join(lines)


class _Conjunctions:
    """The strings that alternatives of patterns demand, looked for in one text, and the patterns they are of.

    ``others`` are strings that are looked for beside them.
    """

    def __init__(self, others: Iterable[Literal] = ()) -> None:
        self._numbers: dict[Literal, int] = {}
        # By string, the patterns with an alternative that it tells by itself; and those with one that demands one of
        # each set of others, too.
        self._told_by_string: list[list[int]] = []
        self._hinted_by_string: list[list[tuple[int, list[frozenset[int]]]]] = []
        self._always: list[int] = []
        self._strings: _StringSet | None = None
        # The same two lists by string; None for the many that tell no pattern, and are only demanded beside others.
        self._by_string: list[tuple[list[int], list[tuple[int, list[frozenset[int]]]]] | None] = []
        for literal in others:
            self._number(literal)

    def _number(self, literal: Literal) -> int:
        number = self._numbers.get(literal)
        if number is None:
            number = self._numbers[literal] = len(self._numbers)
            self._told_by_string.append([])
            self._hinted_by_string.append([])
        return number

    def add(self, position: int, sets: Conjunction | Sequence[frozenset[Literal]]) -> None:
        """Add an alternative of the pattern at a position."""
        if not sets:
            self._always.append(position)
            return
        first, *others = [frozenset(self._number(literal) for literal in _with_marks(one)) for one in sets]
        for number in first:
            if others:
                self._hinted_by_string[number].append((position, others))
            else:
                self._told_by_string[number].append(position)

    def compile(self) -> None:
        """Make ready what was added."""
        self._strings = _StringSet(list(self._numbers)) if self._numbers else None
        both = zip(self._told_by_string, self._hinted_by_string, strict=True)
        self._by_string = [(told, hinted) if told or hinted else None for told, hinted in both]

    def named_in(self, data: bytes) -> tuple[dict[int, int], Any]:
        """Return the patterns that may occur, by position, and the numbers of the strings that do.

        With each pattern an offset: no match is on a line that ends before it.
        """
        ends = self._strings.ends_in(data) if self._strings is not None else {}
        present = ends.keys()
        named = dict.fromkeys(self._always, 0)
        by_string = self._by_string
        for number, end in ends.items():
            patterns = by_string[number]
            if patterns is None:
                continue
            for position in patterns[0]:
                if named.get(position, end) >= end:
                    named[position] = end - 1
            for position, others in patterns[1]:
                if named.get(position, end) >= end:
                    for other in others:
                        if present.isdisjoint(other):
                            break
                    else:
                        named[position] = end - 1
        return named, present


class _StringSet:
    """Many strings looked for in one pass; tells which of them occur, and where.

    Hyperscan (Vectorscan) compares many bytes at once, which is several times faster than an automaton that steps from
    byte to byte, as RE2's does.

    Args:
        all_of_them: Tell of each time that a string occurs, not of the first alone: what is common would cost a call
            each time.
    """

    def __init__(self, literals: Sequence[Literal], *, all_of_them: bool = False) -> None:
        self._database = hyperscan.Database()
        self._database.compile(
            expressions=[literal.text.encode() for literal in literals],
            ids=list(range(len(literals))),
            elements=len(literals),
            flags=[
                (0 if all_of_them else hyperscan.HS_FLAG_SINGLEMATCH)
                | (hyperscan.HS_FLAG_CASELESS if literal.ignore_case else 0)
                for literal in literals
            ],
            literal=True,
        )
        self._own = threading.local()

    def ends_in(self, data: bytes) -> dict[int, int]:
        """Return the positions of the strings that occur in ``data``, each with where its first occurrence ends."""
        ends: dict[int, int] = {}
        self._database.scan(data, match_event_handler=_note, context=ends, scratch=self._scratch())
        return ends

    def all_ends_in(self, data: bytes) -> list[int]:
        """Return where the strings that occur in ``data`` end, in order."""
        ends: list[int] = []
        self._database.scan(data, match_event_handler=_note_all, context=ends, scratch=self._scratch())
        return ends

    def _scratch(self) -> "hyperscan.Scratch":
        scratch = getattr(self._own, "scratch", None)
        if scratch is None:
            # A thread's working memory: two that used one would disturb each other.
            scratch = self._own.scratch = hyperscan.Scratch(self._database)
        return scratch


def _note(number: int, _start: int, end: int, _flags: int, ends: Any) -> None:
    ends[number] = end


def _note_all(_number: int, _start: int, end: int, _flags: int, ends: Any) -> None:
    ends.append(end)


def _with_marks(literals: frozenset[Literal]) -> frozenset[Literal]:
    return (literals - MARKED) | frozenset(_ANYWHERE) if literals & MARKED else literals


def _without_placeholders(pattern: str) -> str:
    """Return the pattern with what a placeholder demands; a line's start demands nothing."""
    # The character that is the mark may be a pattern's own.
    pattern = _MARKER.sub(MARK, pattern.replace(MARK, "\\" + MARK))
    return pattern.replace("<<start>>", ".*")
