"""One line of the dialect: Markdown → rich text → Markdown."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from roadmap_sandbox.notion.richtext import BLOCK_COLOURS, STYLES, RichText, joined, run

_INLINE = MarkdownIt("commonmark", {"html": True}).enable("strikethrough")


_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)


_SPAN = re.compile(r'<span\s+(underline|color)="([a-z_]+)"\s*>')


_OPENERS = {"strong_open": "bold", "em_open": "italic", "s_open": "strikethrough"}


_CLOSERS = {"strong_close": "bold", "em_close": "italic", "s_close": "strikethrough"}


_LITERAL = re.compile(r"[\\*~`$\[\]<>{}|^]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)")


_MARKS = {"bold": "**", "italic": "*", "strikethrough": "~~"}


def read_inline(source: str) -> RichText:
    """Return rich text from the Markdown of one line."""
    if not source:
        return []
    tokens = _INLINE.parseInline(source)[0].children or []
    return joined(_runs(tokens))


def _runs(tokens: Sequence[Token]) -> Iterator[dict[str, Any]]:
    styles: dict[str, bool] = {}
    url: str | None = None
    open_tags: list[tuple[str, str]] = []
    for token in tokens:
        content: str | None = None
        code = False
        if token.type in _OPENERS:
            styles[_OPENERS[token.type]] = True
        elif token.type in _CLOSERS:
            styles[_CLOSERS[token.type]] = False
        elif token.type == "link_open":
            url = str(token.attrs["href"])
        elif token.type == "link_close":
            url = None
        elif token.type == "html_inline":
            content = _read_tag(token.content, open_tags)
        elif token.type in ("softbreak", "hardbreak"):
            content = "\n"
        elif token.type == "image":
            yield run(token.content or "image", str(token.attrs["src"]))
        else:
            content, code = token.content, token.type == "code_inline"
        if content:
            color = next((value for kind, value in reversed(open_tags) if kind == "color"), "default")
            underline = any(kind == "underline" for kind, _ in open_tags)
            yield run(content, url or None, color=color, underline=underline, code=code, **styles)


def _read_tag(tag: str, open_tags: list[tuple[str, str]]) -> str | None:
    """Return the literal text of a tag, or None when it is one that the dialect knows."""
    if _BREAK.fullmatch(tag):
        return "\n"
    if (opened := _SPAN.fullmatch(tag)) and (opened[1] == "underline" or opened[2] in BLOCK_COLOURS):
        open_tags.append((opened[1], opened[2]))
        return None
    if tag == "</span>" and open_tags:
        open_tags.pop()
        return None
    return tag


def write_inline(items: RichText) -> str:
    """Return the Markdown of rich text on one line."""
    parts: list[str] = []
    opened: list[str] = []
    for item in items:
        wanted = [style for style in _MARKS if item["annotations"][style]]
        kept = next((n for n, style in enumerate(opened) if style not in wanted), len(opened))
        _close(parts, opened, kept)
        content = item["plain_text"]
        opening = [style for style in wanted if style not in opened]
        if opening and (lead := content[: len(content) - len(content.lstrip())]):
            parts.append(escape(lead))  # a mark before a blank opens nothing
            content = content[len(lead) :]
        if content:
            parts.extend(_MARKS[style] for style in opening)
            opened.extend(opening)
            parts.append(_write_run(item, content))
    _close(parts, opened, 0)
    return "".join(parts)


def _close(parts: list[str], opened: list[str], kept: int) -> None:
    """Close all styles but the first ``kept``; a mark behind a blank would close nothing, so it goes before it."""
    marks = "".join(_MARKS[style] for style in reversed(opened[kept:]))
    if marks:
        text = parts[-1].rstrip()
        parts[-1:] = [text, marks, parts[-1][len(text) :]]
    del opened[kept:]


def _write_run(item: dict[str, Any], content: str) -> str:
    styles = item["annotations"]
    if item["type"] == "equation":
        return f"$`{content}`$"
    text = _code_span(content) if styles["code"] else escape(content)
    if item["href"] is not None:
        target = item["href"].replace("\\", "%5C").replace("<", "%3C").replace(">", "%3E").replace("\n", "%0A")
        text = f"[{text}](<{target}>)" if re.search(r"[\s()]", target) else f"[{text}]({target})"
    if styles["underline"]:
        text = f'<span underline="true">{text}</span>'
    if styles["color"] != "default":
        text = f'<span color="{styles["color"]}">{text}</span>'
    return text


def escape(content: str) -> str:
    return _LITERAL.sub(lambda match: "\\" + match[0], content).replace("\n", "<br>")


def _code_span(content: str) -> str:
    fence = "`" * (max((len(ticks) for ticks in re.findall("`+", content)), default=0) + 1)
    spaced = content[0] == content[-1] == " " and content.strip(" ")
    pad = " " if content[0] == "`" or content[-1] == "`" or spaced else ""
    return f"{fence}{pad}{content}{pad}{fence}".replace("\n", " ")


assert set(_MARKS) < set(STYLES)
