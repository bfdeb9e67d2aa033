"""Taking away what a log line is wrapped in: runner timestamps, colours, control characters.

Belongs here: what is the same for every line that is kept or shown. Secrets belong to :mod:`.redaction`, Markdown and
mentions to :mod:`roadmap_pipeline.failures.display`.
"""

import re

from roadmap_pipeline.decoding import characters

# No repetition gives back what it took: nothing that follows could match it.
_ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*+[ -/]*+[@-~]|\][^\x07\x1b\n]*+(?:\x07|\x1b\\)?|[@-Z\\^_])")
_TIMESTAMP = re.compile(rb"\A(?:\xef\xbb\xbf)?(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z ?)?")
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
    text = characters(line[_TIMESTAMP.match(line).end() :])  # type: ignore[union-attr]
    return text if text.isprintable() else _CONTROL.sub(lambda match: " " if match[0] == "\r" else "", text)


def without_marker(text: str) -> str:
    """Return ``text`` without GitHub's marker (``##[error]`` …) at its start."""
    return _MARKER.sub("", text)
