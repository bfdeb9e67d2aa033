"""Telling which of many patterns may occur in a text, in one pass over it.

Belongs here: looking for the strings that patterns demand, all at once. Which strings a pattern demands is read in
:mod:`.literals`; finding its matches belongs to :mod:`.search`.
"""

import threading
from collections.abc import Sequence
from typing import Any

import hyperscan

from roadmap_pipeline.failures.matching.literals import Literal, required_literals


class Prefilter:
    """Many patterns looked for in one pass; tells which of them may occur, not where.

    Never misses a pattern that occurs. It names one that doesn't where only the strings that it demands are there;
    patterns that demand no string are always named.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        numbers: dict[Literal, int] = {}
        # By string, the patterns with an alternative that it tells by itself; and those with one that demands one of
        # each set of others, too.
        self._told_by_string: list[list[int]] = []
        self._hinted_by_string: list[list[tuple[int, list[frozenset[int]]]]] = []
        self._always: list[int] = []
        for position, pattern in enumerate(patterns):
            for sets in required_literals(_without_placeholders(pattern)):
                if not sets:
                    self._always.append(position)
                for literal in (literal for one in sets for literal in one if literal not in numbers):
                    numbers[literal] = len(numbers)
                    self._told_by_string.append([])
                    self._hinted_by_string.append([])
                numbered = [frozenset(numbers[literal] for literal in one) for one in sets]
                for number in numbered[0] if numbered else ():
                    if len(numbered) == 1:
                        self._told_by_string[number].append(position)
                    else:
                        self._hinted_by_string[number].append((position, numbered[1:]))
        self._strings = _StringSet(list(numbers)) if numbers else None

    def candidates_in(self, data: bytes) -> dict[int, int]:
        """Return the positions, in the sequence given, of the patterns that may occur in ``data``.

        With each, an offset: no match is on a line that ends before it. May be called by any thread.
        """
        ends = self._strings.ends_in(data) if self._strings is not None else {}
        present = ends.keys()
        named = dict.fromkeys(self._always, 0)
        told, hinted = self._told_by_string, self._hinted_by_string
        for number, end in ends.items():
            for position in told[number]:
                if named.get(position, end) >= end:
                    named[position] = end - 1
            for position, others in hinted[number]:
                if named.get(position, end) >= end:
                    for other in others:
                        if present.isdisjoint(other):
                            break
                    else:
                        named[position] = end - 1
        return named


class _StringSet:
    """Many strings looked for in one pass; tells which of them occur, and where first.

    Hyperscan (Vectorscan) compares many bytes at once, which is several times faster than an automaton that steps from
    byte to byte, as RE2's does.
    """

    def __init__(self, literals: Sequence[Literal]) -> None:
        self._database = hyperscan.Database()
        self._database.compile(
            expressions=[literal.text.encode() for literal in literals],
            ids=list(range(len(literals))),
            elements=len(literals),
            # Until its first match only: what is common would cost a call each time.
            flags=[
                hyperscan.HS_FLAG_SINGLEMATCH | (hyperscan.HS_FLAG_CASELESS if literal.ignore_case else 0)
                for literal in literals
            ],
            literal=True,
        )
        self._own = threading.local()

    def ends_in(self, data: bytes) -> dict[int, int]:
        """Return the positions of the strings that occur in ``data``, each with where its first occurrence ends."""
        scratch = getattr(self._own, "scratch", None)
        if scratch is None:
            # A thread's working memory: two that used one would disturb each other.
            scratch = self._own.scratch = hyperscan.Scratch(self._database)
        ends: dict[int, int] = {}
        self._database.scan(data, match_event_handler=_note, context=ends, scratch=scratch)
        return ends


def _note(number: int, _start: int, end: int, _flags: int, ends: Any) -> None:
    ends[number] = end


def _without_placeholders(pattern: str) -> str:
    """Return the pattern with what a placeholder demands; a line's start demands nothing."""
    return pattern.replace("<<start>>", ".*").replace("<<error>>", r"(?:##\[error\]|::error.*|Error: )")
