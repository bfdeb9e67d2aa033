"""Lines that go before the blocks are read: tabs that indent, HTML comments, definitions of footnotes.

Belongs here: from lines to lines of GitHub's Markdown. Code is never touched.
"""

import re
from collections.abc import Sequence

from roadmap_pipeline.notion.markdown.inline import INLINE
from roadmap_pipeline.notion.markdown.lines import fenced_lines, join_lines, opening_fence

_FOOTNOTE = re.compile(r"^ {0,3}\[\^([^\]\s]+)\]:[ \t]*(.*)$")


def indent_with_spaces(lines: Sequence[str]) -> list[str]:
    """Return the lines indented by spaces only; inside code tabs stay."""
    code = fenced_lines(lines)
    indent = re.compile(r"^[ \t]+")
    return [
        line
        if at in code and not opening_fence(line.lstrip())
        else indent.sub(lambda match: match[0].expandtabs(4), line)
        for at, line in enumerate(lines)
    ]


def drop_comments(lines: Sequence[str]) -> list[str]:
    """Return the lines without HTML comments; those inside code stay."""
    code = fenced_lines(lines)
    kept: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        was_blank = not line.strip()
        begin = None if at in code else _comment_start(line)
        while begin is not None:
            end = line.find("-->", begin + 4)
            while end < 0 and at + 1 < len(lines):
                at += 1
                line += "\n" + lines[at]
                end = line.find("-->", begin + 4)
            line = line[:begin] + (line[end + 3 :] if end >= 0 else "")
            begin = _comment_start(line)
        if line.strip() or was_blank or at in code:
            kept.append(line)
        at += 1
    return kept


def _comment_start(line: str) -> int | None:
    """Return where a comment begins in a line, outside code spans and not escaped."""
    at = 0
    while (start := line.find("<!--", at)) >= 0:
        inside = next(
            (match for match in INLINE.finditer(line) if match["code"] and match.start() < start < match.end()), None
        )
        if inside is None and (start == 0 or line[start - 1] != "\\"):
            return start
        at = inside.end() if inside else start + 4
    return None


def extract_footnotes(lines: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Return the lines without the definitions of footnotes, and their texts by name."""
    code = fenced_lines(lines)
    kept: list[str] = []
    footnotes: dict[str, str] = {}
    at = 0
    while at < len(lines):
        definition = None if at in code else _FOOTNOTE.match(lines[at])
        if definition is None:
            kept.append(lines[at])
            at += 1
            continue
        text = [definition[2]]
        at += 1
        while at < len(lines) and lines[at].startswith("    "):
            text.append(lines[at])
            at += 1
        footnotes[definition[1]] = join_lines(text).strip()
    return kept, footnotes
