"""Fitting text into Notion's limits.

Belongs here: counting as Notion counts, and cutting where it hurts least.
"""

import json
import re
import unicodedata
from collections.abc import Sequence

from roadmap_pipeline.notion.markdown.blocks import to_notion
from roadmap_pipeline.notion.markdown.lines import DETAILS, HEADING, details_end, fence_end, opening_fence

TEXT_UNITS = 2000
"""Most UTF-16 code units in one text object."""
REPORT_UNITS = 190_000
"""Most UTF-16 code units of a report, so that it fits the 100 text objects of a property."""
_BODY_BYTES = 480_000
"""Most bytes of a report as JSON; Notion refuses requests above 512,000."""
_GRAPHEME_LOOK_BACK = 32


def utf16_units(text: str) -> int:
    """Return the length of ``text`` in UTF-16 code units, in which Notion counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def split_utf16(text: str, limit: int = TEXT_UNITS) -> list[str]:
    """Return ``text`` in pieces of at most ``limit`` UTF-16 code units; none for no text.

    Their concatenation is ``text``.

    No character is cut, and within reason nothing that shows as one sign either (an emoji with its modifiers, a letter
    with its accents, a flag). ``limit`` is at least 2.
    """
    if limit < 2:
        raise ValueError("a character can take two UTF-16 units")
    pieces = []
    start = 0
    while start < len(text):
        end = min(len(text), start + limit)
        excess = utf16_units(text[start:end]) - limit
        while excess > 0:
            end -= 1
            excess -= 2 if text[end] > "\uffff" else 1
        end = _grapheme_boundary(text, start, end)
        pieces.append(text[start:end])
        start = end
    return pieces


def _grapheme_boundary(text: str, start: int, end: int) -> int:
    """Return the last place up to ``end`` at which no sign is cut; ``end`` itself when there is none near."""
    at = end
    while at < len(text) and at > max(start + 1, end - _GRAPHEME_LOOK_BACK):
        if not _joins(text[at - 1], text[at]):
            return at
        at -= 1
    return end


def _joins(before: str, after: str) -> bool:
    if before == "\r" and after == "\n":
        return True
    if "\u200d" in (before, after) or unicodedata.category(after).startswith("M") or "🏻" <= after <= "🏿":
        return True
    return "🇦" <= before <= "🇿" and "🇦" <= after <= "🇿"


def fit(markdown: str, whole: str, limit_units: int = REPORT_UNITS) -> str:
    """Return ``markdown`` itself where it fits, else as many of its sections as do, cut before a heading.

    A last line then says where the whole is.

    Args:
        markdown: In GitHub's dialect.
        whole: Where it is, or how it is had, in words.
        limit_units: UTF-16 code units; beside that, Notion limits the size of a request.
    """
    if _fits(markdown, limit_units):
        return markdown
    note = f"\n\n---\n\n*This report was cut here to fit. The whole is {whole}.*\n"
    lines = markdown.splitlines(keepends=True)
    cuts = [at for at in _headings(lines) if at > 0]
    # Sections only get longer, so the last cut that fits is found by halving.
    low, high = 0, len(cuts)
    while low < high:
        middle = (low + high + 1) // 2
        if _fits("".join(lines[: cuts[middle - 1]]).rstrip() + note, limit_units):
            low = middle
        else:
            high = middle - 1
    if low > 0:
        return "".join(lines[: cuts[low - 1]]).rstrip() + note
    # Not even the first section fits: keep the lines that do, so that the reader sees at least its beginning.
    low, high = 0, len(lines)
    while low < high:
        middle = (low + high + 1) // 2
        if _fits(_close_fence(lines[:middle]) + note, limit_units):
            low = middle
        else:
            high = middle - 1
    return (_close_fence(lines[:low]) + note).lstrip()


def _fits(markdown: str, limit_units: int) -> bool:
    return utf16_units(markdown) <= limit_units and all(
        len(json.dumps(text, ensure_ascii=False).encode("utf-8", "surrogatepass")) <= _BODY_BYTES
        for text in (markdown, to_notion(markdown))
    )


def _headings(lines: Sequence[str]) -> list[int]:
    """Return the lines that are headings, outside code and ``<details>``."""
    headings = []
    at = 0
    while at < len(lines):
        if opening_fence(lines[at]):
            at = fence_end(lines, at)
        elif DETAILS.match(lines[at]):
            at = details_end(lines, at)
        else:
            if HEADING.match(lines[at]):
                headings.append(at)
            at += 1
    return headings


def _close_fence(lines: Sequence[str]) -> str:
    """Return the lines, with a fence that was cut open closed again."""
    text = "".join(lines).rstrip()
    at = 0
    while at < len(lines):
        marker = opening_fence(lines[at])
        if marker is None:
            at += 1
            continue
        end = fence_end(lines, at)
        if end == len(lines) and not re.match(rf"^ {{0,3}}{re.escape(marker)}", lines[-1]):
            return f"{text}\n{marker}"
        at = end
    return text
