"""Our section of a body that people write in, too: from our marker to the line that ends it.

Belongs here: finding it and putting another in its place, with everything above and below kept byte for byte. What it
says belongs to those who write it.

People edit the whole body and may tear the section: without its last line it ends where its hash says; where that
doesn't tell either, only the marker is replaced, and what was below stays as if people had written it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest

from roadmap_pipeline.github.markers import Marker, content_hash, normal
from roadmap_pipeline.github.truncation import LONGEST_BODY, cut

MILESTONE_SECTION = "milestone"
"""The kind of the marker in a tracking issue, whose key is the milestone's node id."""
END = "<!-- /gh-roadmap -->"

_LINE = re.compile(r"^ {0,3}<!-- (gh-roadmap:v1 [^\n]*|/gh-roadmap) -->[ \t]*\r?$", re.MULTILINE)
_OURS = re.compile(r"<!--(?=\s*/?gh-roadmap)")
_LONGEST_LINE_FEED = 2


@dataclass(frozen=True, slots=True)
class Section:
    """Our section as it stands in a body."""

    marker: Marker
    text: str
    start: int
    """Its first character in the body, ..."""
    end: int
    """... and the one after its last."""

    @property
    def is_edited_by_others(self) -> bool:
        """True when somebody changed the text since we wrote it."""
        return content_hash(self.text) != self.marker.sha256

    def says(self, text: str, body: str) -> bool:
        """Return whether writing ``text`` to the body that the section is in would change nothing."""
        try:
            wanted = _fitted(text, self.marker, len(body) - (self.end - self.start))
        except ValueError:  # there is no room for it
            return False
        return self.text == wanted and not self.is_edited_by_others


def find_section(body: str, kind: str, key: str | None = None) -> Section | None:
    """Return the first section of a kind, whole ones first; None when there is none.

    Args:
        body: With line endings of any kind.
        kind: As in the marker.
        key: As in the marker; None takes any.
    """
    torn: Section | None = None
    for section, is_whole in _sections(body):
        if section.marker.kind == kind and key in (None, section.marker.key):
            if is_whole:
                return section
            torn = torn or section
    return torn


def put_section(body: str, marker: Marker, text: str) -> str:
    """Return the body with our section saying ``text``: in the place of the present one, else at the end.

    The text is cut to what :data:`LONGEST_BODY` leaves.

    Raises:
        ValueError: People's text leaves no room.
    """
    present = find_section(body, marker.kind, marker.key)
    start, end = (len(body), len(body)) if present is None else (present.start, present.end)
    gap = "\n\n" if present is None and body else ""
    text = _fitted(text, marker, len(body) - (end - start) + len(gap))
    marker = replace(marker, sha256=content_hash(text))
    return f"{body[:start]}{gap}{marker}\n{text}\n{END}{body[end:]}"


def _fitted(text: str, marker: Marker, others: int) -> str:
    """Return a text as it stands in a section: with no marker of its own, and in the room that ``others`` leave."""
    frame = len(str(replace(marker, sha256="0" * 64))) + len(END) + _LONGEST_LINE_FEED
    return cut(normal(_OURS.sub("&lt;!--", text)), LONGEST_BODY - frame - others)


def _sections(body: str) -> Iterator[tuple[Section, bool]]:
    """Yield the sections of a body, and whether each is whole."""
    lines = list(_LINE.finditer(body))
    for line, following in zip_longest(lines, lines[1:]):
        marker = Marker.parse(line[0])
        if marker is None:
            continue
        if following is not None and following[1] == "/gh-roadmap":
            text = _text(body[line.end() : following.start()])
            yield Section(marker, text, line.start(), _without_return(following)), True
            continue
        end = _end_by_hash(body, line.end(), following.start() if following else len(body), marker.sha256)
        if end is None:
            yield Section(marker, "", line.start(), _without_return(line)), False
        else:
            yield Section(marker, _text(body[line.end() : end]), line.start(), end), True


def _without_return(line: re.Match[str]) -> int:
    """Return the end of a line without the carriage return, which belongs to what people's editor wrote."""
    return line.end() - line[0].endswith("\r")


def _text(between: str) -> str:
    return normal(between).removeprefix("\n")


def _end_by_hash(body: str, start: int, limit: int, sha256: str) -> int | None:
    """Return where the text ends that a marker was written with; None when it isn't there any more."""
    ends = [match.start() for match in re.finditer(r"\r?\n|\Z", body[start:limit])]
    return next((start + end for end in ends if content_hash(_text(body[start : start + end])) == sha256), None)
