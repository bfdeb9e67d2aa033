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


# Neighbouring blocks hold the same strings again and again.
_MOST_KNOWN = 20_000


class Prefilter:
    """Many patterns looked for in one pass; tells which of them may occur, not where.

    Never misses a pattern that occurs. It names one that doesn't where only a string that it demands is there; patterns
    that demand no string are always named.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        wanted: dict[Literal, list[int]] = {}
        self._always: list[int] = []
        for position, pattern in enumerate(patterns):
            required = required_literals(_without_placeholders(pattern))
            if required is None:
                self._always.append(position)
            for literal in required or ():
                wanted.setdefault(literal, []).append(position)
        self._positions = list(wanted.values())
        self._known: dict[tuple[int, ...], tuple[int, ...]] = {}
        self._set = re2.Set.SearchSet(options())
        for literal in wanted:
            text = re2.escape(literal.text)
            self._set.Add((f"(?i){text}" if literal.ignore_case else text).encode())
        self._set.Compile()

    def found_in(self, data: bytes) -> Sequence[int]:
        """Positions, in the sequence given, of the patterns that may occur in ``data``."""
        found = tuple(self._set.Match(data) or ()) if self._positions else ()
        known = self._known.get(found)
        if known is None:
            named = {*self._always, *(position for literal in found for position in self._positions[literal])}
            known = self._known[found] = tuple(sorted(named))
            if len(self._known) > _MOST_KNOWN:
                self._known.clear()
        return known


def _without_placeholders(pattern: str) -> str:
    """The pattern with what a placeholder demands; a line's start demands nothing."""
    return pattern.replace("<<start>>", ".*").replace("<<error>>", r"(?:##\[error\]|::error|Error: )")
