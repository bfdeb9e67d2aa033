"""Taking away what a log line is wrapped in: runner timestamps, colours, control characters.

Belongs here: what is the same for every line that is kept or shown. Secrets belong to :mod:`.redaction`, Markdown and
mentions to :mod:`roadmap_pipeline.failures.display`.
"""

import re
from collections.abc import Sequence

from roadmap_pipeline.decoding import characters

# No repetition gives back what it took: nothing that follows could match it.
_ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*+[ -/]*+[@-~]|\][^\x07\x1b\n]*+(?:\x07|\x1b\\)?|[@-Z\\^_])")
_TIMESTAMP = re.compile(rb"\A(?:\xef\xbb\xbf)?(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z ?)?")
# The same for many lines at once, each after a line break.
_ENDS = re.compile(rb"\r+(?=\n|\Z)")
_TIMESTAMPS = re.compile(
    rb"\n(?:\xef\xbb\xbf(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z ?)?|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z ?)"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_MARKER = re.compile(r"\A\s*##\[(?:error|warning|notice|group|debug|command)\]\s*")


def without_escapes(data: bytes) -> bytes:
    """Return ``data`` without terminal escape sequences; the same lines, shorter."""
    return _ESCAPES.sub(b"", data) if b"\x1b" in data else data


def clean_line(line: bytes) -> str:
    """Return one line as text: no byte order mark, timestamp, colours or control characters.

    What is not UTF-8 is read as Windows-1252.
    """
    line = without_escapes(line.rstrip(b"\r\n"))
    return _printable(characters(line[_TIMESTAMP.match(line).end() :]))  # type: ignore[union-attr]


def clean_lines(lines: Sequence[bytes]) -> list[str]:
    """Return lines, none of which holds a line break, as :func:`clean_line` does: faster, where all are UTF-8."""
    data = b"".join([part for line in lines for part in (b"\n", line)])
    if b"\r" in data:
        data = _ENDS.sub(b"", data)
    try:
        text = _TIMESTAMPS.sub(b"\n", without_escapes(data)).decode()
    except UnicodeDecodeError:
        return list(map(clean_line, lines))
    return [line if line.isprintable() else _printable(line) for line in text.split("\n")[1:]]


def _printable(text: str) -> str:
    return text if text.isprintable() else _CONTROL.sub(lambda match: " " if match[0] == "\r" else "", text)


def without_marker(text: str) -> str:
    """Return ``text`` without GitHub's marker (``##[error]`` …) at its start."""
    return _MARKER.sub("", text)
