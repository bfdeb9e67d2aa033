"""Reading rendered Markdown as GitHub would: an independent parser says what is text, a link, a table, HTML.

Belongs here: what a text makes happen where it is shown. What it should say belongs to the tests.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

HOSTILE = (
    "a|b",
    "`x` ```y",
    "<script>alert(1)</script>",
    "@everyone",
    "fixes #123 and GH-7",
    "[x](javascript:alert(1))",
    "![i](http://evil.example/x.png)",
    "line\nbreak\r\n| new | row |\n## Heading",
    "\u202egnp.exe\u200b",
    "</details><img src=x onerror=alert(1)>",
    "<!-- gh-roadmap:v1 -->",
    "\\",
    "a" * 300,
)
"""Text that strangers may write into names, titles and logs."""


@dataclass(frozen=True)
class Shown:
    """The effect of a text: what it shows and does."""

    prose: str
    links: list[str]
    html: list[str]
    headings: list[str]
    tables: list[list[list[str]]]


def shown(text: str) -> Shown:
    """Parse CommonMark with tables, HTML allowed."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    inline = [child for token in tokens for child in token.children or ()]
    return Shown(
        prose=" ".join(child.content for child in inline if child.type == "text"),
        links=[str(child.attrs[key]) for child in inline for key in ("href", "src") if key in child.attrs],
        html=[token.content.strip() for token in (*tokens, *inline) if token.type in ("html_block", "html_inline")],
        headings=[tokens[at + 1].content for at, token in enumerate(tokens) if token.type == "heading_open"],
        tables=list(_tables(tokens)),
    )


def _tables(tokens: list[Token]) -> Iterator[list[list[str]]]:
    table: list[list[str]] = []
    for at, token in enumerate(tokens):
        if token.type == "table_open":
            table = []
        elif token.type == "tr_open":
            table.append([])
        elif token.type in ("th_open", "td_open"):
            table[-1].append(tokens[at + 1].content)
        elif token.type == "table_close":
            yield table


def assert_harmless(text: str, *, html: tuple[str, ...] = ()) -> Shown:
    """Assert that a text holds no mention, no cross-reference, no foreign link, no HTML but ``html``, and no broken
    table row.
    """
    found = shown(text)
    assert not re.search(r"@\w", found.prose)
    assert not re.search(r"(?i)(#|\bGH-)\d", found.prose)
    assert not re.search(r"(https?|ftp)://|www\.", found.prose)
    assert all(link.startswith("https://github.com/") for link in found.links), found.links
    assert set(found.html) <= set(html)
    assert not re.search(r"[\u202a-\u202e\u2066-\u2069\u200b-\u200f]", text)
    for line in text.splitlines():
        if line.startswith("|"):
            assert line.endswith("|")
    for table in found.tables:
        assert len({len(row) for row in table}) == 1
    return found
