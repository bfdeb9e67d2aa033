"""Markers: invisible lines by which a text of ours on GitHub is known again.

Belongs here: writing and reading one, and the hash that tells whether somebody changed the text since. Whose marker
counts is decided by those who look for one: anybody can copy a line.
"""

import hashlib
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

_MARKER = re.compile(r"<!-- gh-roadmap:v1 repo=(\S+) kind=(\S+) key=(\S+) sha256=([0-9a-f]{64}) -->")


@dataclass(frozen=True, slots=True)
class Marker:
    """The invisible line above a text of ours: what it is for and what it was written with."""

    repo: str
    kind: str
    key: str
    sha256: str
    """Of the text below the marker, as it was written."""

    def __str__(self) -> str:
        repo, kind, key = (quote(part, safe="/").replace("--", "-%2D") for part in (self.repo, self.kind, self.key))
        return f"<!-- gh-roadmap:v1 repo={repo} kind={kind} key={key} sha256={self.sha256} -->"

    @classmethod
    def parse(cls, text: str) -> "Marker | None":
        """Return the marker on the first line of a text, or None."""
        match = _MARKER.fullmatch(text.partition("\n")[0].strip())
        return cls(unquote(match[1]), unquote(match[2]), unquote(match[3]), match[4]) if match else None


def content_hash(body: str) -> str:
    """Return the SHA-256 of a text as hexadecimal digits; line endings and blanks at its end don't count."""
    return hashlib.sha256(normal(body).encode()).hexdigest()


def normal(body: str) -> str:
    """Return a text with GitHub's line endings made one and without blanks at its end."""
    return body.replace("\r\n", "\n").rstrip()
