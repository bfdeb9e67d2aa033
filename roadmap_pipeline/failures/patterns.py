"""Compiling patterns: RE2 on raw bytes, linear in time whatever the input.

Belongs here: the options and placeholders that all patterns share. Which patterns there are belongs to ``rules.toml``.
"""

import re2

_TIMESTAMP = r"(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*Z )?"
_BUILDKIT = r"(?:#\d+ [\d.]+ )?"
# Nix repeats what a builder said, indented behind a mark or behind the name of what it builds.
_NIX = r"(?:[ \t]{3,}> |[a-z][\w.+-]*> )?"
# Turborepo, Docker Compose and CodeQL name the task, the container or the build before each line of its output.
_TASK = r"(?:@?[\w./-]+[:#][a-z][\w:-]*: |[\w.-]+-\d+ +\| |\[[\d :-]+\] \[build-std(?:out|err)\] )?"
PLACEHOLDERS = {
    "<<start>>": rf"^(?:\xef\xbb\xbf)?{_TIMESTAMP}(?:##\[(?:error|warning|notice)\])?{_BUILDKIT}{_NIX}{_TASK}[ \t]*",
    "<<error>>": rf"(?:##\[error\]|::error(?: [^:]*)?::|^{_TIMESTAMP}Error: )",
}
"""Parts that patterns may name instead of a regular expression; a log's lines may or may not start with a timestamp."""

# A set's automaton may grow to this; RE2 starts its cache over when it is full, so it bounds memory, not correctness.
_MAXIMUM_MEMORY = 64 << 20

PatternError = re2.error
"""Raised for an expression that RE2 does not accept."""


def options() -> "re2.Options":
    """Return the options of all patterns: bytes are characters, a match never crosses a line."""
    result = re2.Options()
    result.encoding = re2.Options.Encoding.LATIN1
    result.never_nl = True
    result.log_errors = False
    result.max_mem = _MAXIMUM_MEMORY
    return result


def expand(pattern: str) -> bytes:
    """Return the regular expression of a pattern as UTF-8.

    Placeholders are replaced; ``^`` and ``$`` stand for the ends of lines.
    """
    for name, expression in PLACEHOLDERS.items():
        pattern = pattern.replace(name, expression)
    return f"(?m){pattern}".encode()


def compile_pattern(pattern: str) -> "re2._Regexp":
    """Compile one pattern. Raises :data:`PatternError`."""
    return re2.compile(expand(pattern), options())


def compile_literal(*texts: bytes) -> "re2._Regexp":
    """Compile plain strings, one of which is looked for."""
    return re2.compile(b"|".join(re2.escape(text) for text in texts), options())
