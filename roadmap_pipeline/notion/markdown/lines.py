"""Lines of GitHub's Markdown: where code, quotes, lists, tables and ``<details>`` begin and end.

Belongs here: recognising lines. What becomes of them belongs to ``blocks``.
"""

import re
from collections.abc import Sequence

_FENCE = re.compile(r"^ {0,3}(?:(`{3,})(?!.*`)|(~{3,}))")
_CONTAINERS = re.compile(r"^(?:[ \t]|>|(?:[-*+]|\d{1,9}[.)])(?=[ \t]))*")
HEADING = re.compile(r"^ {0,3}#{1,6}(\s|$)")
RULE = re.compile(r"^ {0,3}([-*_])[ \t]*(\1[ \t]*){2,}$")
UNDERLINE = re.compile(r"^ {0,3}(=+|-+)[ \t]*$")
LIST_ITEM = re.compile(r"^( *)([-*+]|\d{1,9}[.)])( +|$)(.*)$")
QUOTE = re.compile(r"^ {0,3}> ?")
_DELIMITER_ROW = re.compile(r"^ {0,3}\|?[ \t]*:?-+:?[ \t]*(\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
DETAILS = re.compile(r"^ {0,3}<details\b[^>]*>", re.IGNORECASE)
_DETAILS_TAG = re.compile(r"<(/?)details\b[^>]*>", re.IGNORECASE)


def begins_block(lines: Sequence[str], at: int) -> bool:
    """Return whether a line begins something that ends the paragraph before it."""
    line = lines[at]
    item = LIST_ITEM.match(line)
    return bool(
        opening_fence(line)
        or HEADING.match(line)
        or RULE.match(line)
        or QUOTE.match(line)
        or DETAILS.match(line)
        # As in CommonMark: only a list that starts with 1, and not with an empty item, may interrupt a paragraph.
        or (item and len(item[1]) < 4 and item[4] and (item[2] in "-*+" or item[2][:-1] == "1"))
        or is_table(lines, at)
    )


def continues_paragraph(lines: Sequence[str], at: int) -> bool:
    """Return whether a line goes on with the paragraph of the line before."""
    return at > 0 and bool(lines[at].strip() and lines[at - 1].strip()) and not begins_block(lines, at)


def join_lines(lines: Sequence[str]) -> str:
    """Return the lines of one paragraph in one line; hard breaks stay breaks."""
    text = ""
    for line in lines:
        stripped = line.strip()
        if line.endswith("  "):
            text += stripped + "<br>"
        elif stripped.endswith("\\") and not stripped.endswith("\\\\"):
            text += stripped[:-1] + "<br>"
        else:
            text += stripped + " "
    return text.removesuffix(" ").removesuffix("<br>")


def opening_fence(line: str) -> str | None:
    """Return the characters that open a fence, or None."""
    match = _FENCE.match(line)
    return (match[1] or match[2]) if match else None


def fence_end(lines: Sequence[str], start: int) -> int:
    """Return one past the line that closes the fence opened at ``start``; a fence left open goes to the end."""
    marker = opening_fence(lines[start]) or ""
    closing = re.compile(rf"^ {{0,3}}{re.escape(marker[0])}{{{len(marker)},}}[ \t]*$")
    for at in range(start + 1, len(lines)):
        if closing.match(lines[at]):
            return at + 1
    return len(lines)


def fenced_lines(lines: Sequence[str]) -> set[int]:
    """Return the lines of fenced code at any depth of quotes and lists, fences included."""
    inside: set[int] = set()
    marker: str | None = None
    for at, line in enumerate(lines):
        bare = line[_CONTAINERS.match(line).end() :] if marker is None else line.lstrip(" \t>")  # type: ignore[union-attr]
        if marker is None:
            marker = opening_fence(bare)
            if marker is not None:
                inside.add(at)
            continue
        inside.add(at)
        if bare.startswith(marker) and not bare.strip().strip(marker[0]):
            marker = None
    return inside


def is_table(lines: Sequence[str], at: int) -> bool:
    """Return whether a table begins at a line."""
    return (
        at + 1 < len(lines)
        and "|" in lines[at]
        and "|" in lines[at + 1]
        and _DELIMITER_ROW.match(lines[at + 1]) is not None
    )


def details_end(lines: Sequence[str], start: int) -> int:
    """Return one past the line that closes the ``<details>`` of line ``start``; one left open goes to the end."""
    depth, at = 0, start
    while at < len(lines):
        if opening_fence(lines[at]):
            at = fence_end(lines, at)
            continue
        for tag in _DETAILS_TAG.finditer(lines[at]):
            depth += -1 if tag[1] else 1
        at += 1
        if depth <= 0:
            return at
    return at


def item_end(lines: Sequence[str], start: int) -> int:
    """Return one past the last line of the list item that begins at ``start``."""
    inside = content_indent(lines[start])
    at = start + 1
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            following = next((later for later in lines[at:] if later.strip()), "")
            if indent_of(following) < inside:
                return at
        elif indent_of(line) < inside and (LIST_ITEM.match(line) or not continues_paragraph(lines, at)):
            return at
        at += 1
    return at


def content_indent(line: str) -> int:
    """Return the column at which the text of a list item begins."""
    item = LIST_ITEM.match(line)
    if item is None:
        raise ValueError(f"no list item: {line!r}")
    gap = len(item[3])
    return len(item[1]) + len(item[2]) + (gap if 1 <= gap <= 4 and item[4] else 1)


def indent_of(line: str) -> int:
    """Return by how many blanks a line is indented."""
    return len(line) - len(line.lstrip(" "))
