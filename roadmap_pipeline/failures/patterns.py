"""Compiling patterns: RE2 on raw bytes, linear in time whatever the input.

Belongs here: the options and placeholders that all patterns share. Which patterns there are belongs to ``rules.toml``.
"""

from collections.abc import Sequence

import re2

from roadmap_pipeline.failures.literals import Literal, required_literals

_TIMESTAMP = r"(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*Z )?"
_BUILDKIT = r"(?:#\d+ [\d.]+ )?"
PLACEHOLDERS = {
    "<<start>>": rf"^(?:\xef\xbb\xbf)?{_TIMESTAMP}(?:##\[(?:error|warning|notice)\])?{_BUILDKIT}[ \t]*",
    "<<error>>": rf"(?:##\[error\]|::error(?: [^:]*)?::|^{_TIMESTAMP}Error: )",
}
"""What patterns may name instead of a regular expression; a log's lines may or may not start with a timestamp."""

# A set's automaton may grow to this; RE2 starts its cache over when it is full, so it bounds memory, not correctness.
_MAXIMUM_MEMORY = 64 << 20

PatternError = re2.error
"""Raised for an expression that RE2 does not accept."""


def options() -> "re2.Options":
    """Options of all patterns: bytes are characters, a match never crosses a line."""
    result = re2.Options()
    result.encoding = re2.Options.Encoding.LATIN1
    result.never_nl = True
    result.log_errors = False
    result.max_mem = _MAXIMUM_MEMORY
    return result


def expand(pattern: str) -> bytes:
    """The regular expression of a pattern as UTF-8: placeholders replaced, ``^`` and ``$`` stand for ends of lines."""
    for name, expression in PLACEHOLDERS.items():
        pattern = pattern.replace(name, expression)
    return f"(?m){pattern}".encode()


def compile_pattern(pattern: str) -> "re2._Regexp":
    """Compile one pattern. Raises :data:`PatternError`."""
    return re2.compile(expand(pattern), options())


def compile_literal(*texts: bytes) -> "re2._Regexp":
    """Compile plain strings, one of which is looked for."""
    return re2.compile(b"|".join(re2.escape(text) for text in texts), options())


class Prefilter:
    """Many patterns looked for in one pass; tells which of them may occur, not where.

    Never misses a pattern that occurs. It names one that doesn't where only the strings that it demands are there;
    patterns that demand no string are always named.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        numbers: dict[Literal, int] = {}
        # By string, the patterns with an alternative that is told by it, and the sets of others that this one demands.
        self._told: list[list[tuple[int, list[frozenset[int]]]]] = []
        self._always: list[int] = []
        for position, pattern in enumerate(patterns):
            for sets in required_literals(_without_placeholders(pattern)):
                if not sets:
                    self._always.append(position)
                for literal in (literal for one in sets for literal in one if literal not in numbers):
                    numbers[literal] = len(numbers)
                    self._told.append([])
                numbered = [frozenset(numbers[literal] for literal in one) for one in sets]
                for number in numbered[0] if numbered else ():
                    self._told[number].append((position, numbered[1:]))
        self._set = re2.Set.SearchSet(options())
        for literal in numbers:
            text = re2.escape(literal.text)
            self._set.Add((f"(?i){text}" if literal.ignore_case else text).encode())
        self._set.Compile()

    def found_in(self, data: bytes) -> list[int]:
        """Positions, in the sequence given, of the patterns that may occur in ``data``."""
        found = frozenset(self._set.Match(data) or ()) if self._told else frozenset()
        named = set(self._always)
        for number in found:
            for position, others in self._told[number]:
                for other in others:
                    if found.isdisjoint(other):
                        break
                else:
                    named.add(position)
        return sorted(named)


def _without_placeholders(pattern: str) -> str:
    """The pattern with what a placeholder demands; a line's start demands nothing."""
    return pattern.replace("<<start>>", ".*").replace("<<error>>", r"(?:##\[error\]|::error.*|Error: )")
