"""Blocks of GitHub's Markdown in Notion's dialect.

Belongs here: nesting: alerts become callouts, quotes keep their lines together, children are indented by tabs. Text
within a line belongs to ``inline``.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from roadmap_pipeline.notion.markdown.inline import escape_inline
from roadmap_pipeline.notion.markdown.lines import (
    DETAILS,
    HEADING,
    LIST_ITEM,
    QUOTE,
    RULE,
    UNDERLINE,
    begins_block,
    content_indent,
    continues_paragraph,
    details_end,
    fence_end,
    indent_of,
    is_table,
    item_end,
    join_lines,
    opening_fence,
)
from roadmap_pipeline.notion.markdown.preparation import drop_comments, extract_footnotes, indent_with_spaces

_DEEPEST = 20
_ALERTS = {
    "NOTE": ("ℹ️", "blue_bg"),
    "TIP": ("💡", "green_bg"),
    "IMPORTANT": ("📌", "purple_bg"),
    "WARNING": ("⚠️", "yellow_bg"),
    "CAUTION": ("🛑", "red_bg"),
}
_ALERT = re.compile(r"^\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\][ \t]*$", re.IGNORECASE)
_SUMMARY = re.compile(r"\s*<summary\b[^>]*>(.*?)</summary>", re.IGNORECASE | re.DOTALL)


def to_notion(gfm: str) -> str:
    """Return GitHub-flavoured Markdown as Notion's Markdown endpoints take it.

    Alerts become callouts; quotes keep their lines together; the bodies of ``<details>`` and what belongs to a list
    item or callout are indented by tabs; footnotes stand where they are referred to; HTML comments go; lines of a
    paragraph are joined, as GitHub shows them; stray ``<``, ``{``, ``$`` and ``^`` are escaped. Headings, pipe tables
    and fenced code stay.
    """
    lines = gfm.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    lines, footnotes = extract_footnotes(drop_comments(indent_with_spaces(lines)))
    return "\n".join(_blocks(lines, _Context(footnotes)))


@dataclass(frozen=True, slots=True)
class _Context:
    """The surroundings of blocks: the footnotes they may refer to, and in how many other blocks they are."""

    footnotes: Mapping[str, str]
    depth: int = 0

    def inside(self) -> "_Context":
        """Return the context of a block's children."""
        return _Context(self.footnotes, self.depth + 1)


def _blocks(lines: Sequence[str], context: _Context) -> Iterator[str]:
    """Yield the lines of Notion's dialect for a sequence of blocks, an empty line between them except in a list."""
    after: str | None = None
    at = 0
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        # Nobody nests so deep; whatever does is not worth its structure.
        kind, end = _next_block(lines, at) if context.depth < _DEEPEST else ("text", at + 1)
        if after is not None and not (after == kind == "item"):
            yield ""
        yield from _convert_block(kind, lines[at:end], context)
        after, at = kind, end


def _next_block(lines: Sequence[str], start: int) -> tuple[str, int]:
    """Return the kind of the block that begins at ``start``, and one past its last line."""
    line, at = lines[start], start + 1
    if opening_fence(line):
        return "fence", fence_end(lines, start)
    if line.startswith("    "):
        while at < len(lines) and (lines[at].startswith("    ") or not lines[at].strip()):
            at += 1
        return "indented code", at
    if HEADING.match(line):
        return "heading", at
    if RULE.match(line):
        return "rule", at
    if QUOTE.match(line):
        while at < len(lines) and (QUOTE.match(lines[at]) or continues_paragraph(lines, at)):
            at += 1
        return "quote", at
    if DETAILS.match(line):
        return "details", details_end(lines, start)
    if LIST_ITEM.match(line):
        return "item", item_end(lines, start)
    if is_table(lines, start):
        while at < len(lines) and lines[at].strip() and (at < start + 2 or not begins_block(lines, at)):
            at += 1
        return "table", at
    while at < len(lines) and continues_paragraph(lines, at) and not UNDERLINE.match(lines[at]):
        at += 1
    if at < len(lines) and UNDERLINE.match(lines[at]):
        return "underlined", at + 1
    return "paragraph", at


def _convert_block(kind: str, lines: Sequence[str], context: _Context) -> Iterator[str]:
    """Yield the lines of one block, its children indented by a tab more."""
    if kind == "fence":
        yield from lines
    elif kind == "indented code":
        yield from _fence_code([line[4:] for line in lines])
    elif kind == "rule":
        yield "---"
    elif kind == "quote":
        yield from _quote([QUOTE.sub("", line, count=1) for line in lines], context)
    elif kind == "details":
        yield from _details(lines, context)
    elif kind == "item":
        yield from _item(lines, context)
    elif kind == "underlined":
        yield ("# " if "=" in lines[-1] else "## ") + escape_inline(join_lines(lines[:-1]), context.footnotes)
    elif kind == "paragraph":
        yield escape_inline(join_lines(lines), context.footnotes)
    else:
        yield from (escape_inline(line.strip(), context.footnotes) for line in lines)


def _fence_code(code: list[str]) -> list[str]:
    while code and not code[-1].strip():
        code.pop()
    longest = max((len(run) for line in code for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [fence, *code, fence]


def _quote(lines: Sequence[str], context: _Context) -> Iterator[str]:
    alert = _ALERT.match(lines[0].strip())
    if alert:
        icon, color = _ALERTS[alert[1].upper()]
        yield f'<callout icon="{icon}" color="{color}">'
        yield from _indent_children(_blocks(lines[1:], context.inside()))
        yield "</callout>"
        return
    # Paragraphs at the start share the quote's own text; what is no paragraph becomes its children.
    at = 0
    paragraphs: list[str] = []
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        if begins_block(lines, at) or LIST_ITEM.match(lines[at]) or lines[at].startswith("    "):
            break
        start = at
        while at < len(lines) and (at == start or continues_paragraph(lines, at)):
            at += 1
        paragraphs.append("<br>".join(escape_inline(join_lines([line]), context.footnotes) for line in lines[start:at]))
    yield "> " + "<br><br>".join(paragraphs)
    yield from _indent_children(_blocks(lines[at:], context.inside()))


def _details(lines: Sequence[str], context: _Context) -> Iterator[str]:
    text = "\n".join(lines)
    inner = text[text.index(">") + 1 :]
    if inner.rstrip().lower().endswith("</details>"):
        inner = inner.rstrip()[: -len("</details>")]
    summary = _SUMMARY.match(inner)
    if summary:
        inner = inner[summary.end() :]
    title = escape_inline(join_lines(summary[1].strip().split("\n")), context.footnotes) if summary else "Details"
    yield "<details>"
    yield f"<summary>{title}</summary>"
    yield from _indent_children(_blocks(inner.split("\n"), context.inside()))
    yield "</details>"


def _item(lines: Sequence[str], context: _Context) -> Iterator[str]:
    inside = content_indent(lines[0])
    marker = lines[0].strip().split(" ", 1)[0]
    content = [lines[0][inside:], *(line[min(inside, indent_of(line)) :] for line in lines[1:])]
    children = list(_blocks(content, context.inside()))
    # Where the item begins with a block that is no text, its own line stays empty and the block becomes a child.
    has_text = bool(content[0].strip()) and not (
        begins_block(content, 0) or LIST_ITEM.match(content[0]) or content[0].startswith("    ")
    )
    own = children.pop(0) if has_text else ""
    if children and not children[0]:
        del children[0]
    yield f"{'-' if marker in '*+' else marker.replace(')', '.')} {own}".rstrip()
    yield from _indent_children(children)


def _indent_children(lines: Iterable[str]) -> Iterator[str]:
    return ("\t" + line if line else line for line in lines)
