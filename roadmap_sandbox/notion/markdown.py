"""Notion's Markdown dialect: text → tree of blocks → text.

The way there and back normalises, as the real API does: blank lines go, ``__b__`` becomes ``**b**``, lists are counted
anew, H5 and H6 become H4, languages get Notion's names, pipe tables become ``<table>``, special characters of literal
text are escaped. What the dialect doesn't know from GitHub's Markdown (alerts, footnotes, indentation by spaces, bodies
of ``<details>`` that aren't indented) is lost or read as literal text.

A tree knows nothing of ids; ``content`` turns it into stored blocks and back.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from roadmap_sandbox.notion.richtext import BLOCK_COLOURS, STYLES, RichText, joined, plain, run

MAX_BLOCKS_READ: Final = 20_000


@dataclass(slots=True)
class Node:
    """A block without identity: its type, the content under the type's key, and its children."""

    type: str
    data: dict[str, Any] = field(default_factory=dict)
    children: list["Node"] = field(default_factory=list)


# ---------------------------------------------------------------- inline text

_INLINE = MarkdownIt("commonmark", {"html": True}).enable("strikethrough")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_SPAN = re.compile(r'<span\s+(underline|color)="([a-z_]+)"\s*>')
_OPENERS = {"strong_open": "bold", "em_open": "italic", "s_open": "strikethrough"}
_CLOSERS = {"strong_close": "bold", "em_close": "italic", "s_close": "strikethrough"}


def read_inline(source: str) -> RichText:
    """Rich text from the Markdown of one line."""
    if not source:
        return []
    tokens = _INLINE.parseInline(source)[0].children or []
    return joined(_runs(tokens))


def _runs(tokens: Sequence[Token]) -> Iterator[dict[str, Any]]:
    styles: dict[str, bool] = {}
    url: str | None = None
    spans: list[tuple[str, str]] = []
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
            content = _read_tag(token.content, spans)
        elif token.type in ("softbreak", "hardbreak"):
            content = "\n"
        elif token.type == "image":
            yield run(token.content or "image", str(token.attrs["src"]))
        else:
            content, code = token.content, token.type == "code_inline"
        if content:
            color = next((value for kind, value in reversed(spans) if kind == "color"), "default")
            underline = any(kind == "underline" for kind, _ in spans)
            yield run(content, url or None, color=color, underline=underline, code=code, **styles)


def _read_tag(tag: str, spans: list[tuple[str, str]]) -> str | None:
    """The literal text of a tag, or None when it is one that the dialect knows."""
    if _BREAK.fullmatch(tag):
        return "\n"
    if (opened := _SPAN.fullmatch(tag)) and (opened[1] == "underline" or opened[2] in BLOCK_COLOURS):
        spans.append((opened[1], opened[2]))
        return None
    if tag == "</span>" and spans:
        spans.pop()
        return None
    return tag


_LITERAL = re.compile(r"[\\*~`$\[\]<>{}|^]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)")
_MARKS = {"bold": "**", "italic": "*", "strikethrough": "~~"}


def write_inline(items: RichText) -> str:
    """The Markdown of rich text on one line."""
    parts: list[str] = []
    opened: list[str] = []
    for item in items:
        wanted = [style for style in _MARKS if item["annotations"][style]]
        kept = next((n for n, style in enumerate(opened) if style not in wanted), len(opened))
        _close(parts, opened, kept)
        content = item["plain_text"]
        opening = [style for style in wanted if style not in opened]
        if opening and (lead := content[: len(content) - len(content.lstrip())]):
            parts.append(_escape(lead))  # a mark before a blank opens nothing
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
    text = _code_span(content) if styles["code"] else _escape(content)
    if item["href"] is not None:
        target = item["href"].replace("\\", "%5C").replace("<", "%3C").replace(">", "%3E").replace("\n", "%0A")
        text = f"[{text}](<{target}>)" if re.search(r"[\s()]", target) else f"[{text}]({target})"
    if styles["underline"]:
        text = f'<span underline="true">{text}</span>'
    if styles["color"] != "default":
        text = f'<span color="{styles["color"]}">{text}</span>'
    return text


def _escape(content: str) -> str:
    return _LITERAL.sub(lambda found: "\\" + found[0], content).replace("\n", "<br>")


def _code_span(content: str) -> str:
    fence = "`" * (max((len(ticks) for ticks in re.findall("`+", content)), default=0) + 1)
    spaced = content[0] == content[-1] == " " and content.strip(" ")
    pad = " " if content[0] == "`" or content[-1] == "`" or spaced else ""
    return f"{fence}{pad}{content}{pad}{fence}".replace("\n", " ")


# ---------------------------------------------------------------- reading blocks

_HEADING = re.compile(r"(#{1,6})\s+(.*?)(?:\s+#+)?\s*$")
_TODO = re.compile(r"[-*+]\s+\[([ xX])\]\s+(.*)")
_BULLET = re.compile(r"[-*+](?:\s+(.*)|$)")
_NUMBERED = re.compile(r"\d{1,9}[.)](?:\s+(.*)|$)")
_FENCE = re.compile(r"(`{3,}|~{3,})\s*([^`]*)$")
_DIVIDER = re.compile(r"(?:-\s*){3,}|(?:\*\s*){3,}|(?:_\s*){3,}")
_IMAGE = re.compile(r"!\[([^\]]*)\]\(<?([^)\s>]+)>?\)")
_COLOUR = re.compile(r'\s*(?<!\\)\{color="([a-z_]+)"\}$')
_PIPE_RULE = re.compile(r"\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?")
_CHILD = re.compile(r'<(page|database)\s[^>]*?url="([^"]*)"[^>]*>(.*)</\1>')
_ATTRIBUTE = re.compile(r'([a-z-]+)="([^"]*)"')
_CLOSING = re.compile(r"</(details|callout|columns|column|table|summary)>")
_ROW = re.compile(r"<tr[^>]*>(.*?)</tr>", re.DOTALL)
_CELL = re.compile(r"<t[dh][^>]*>(.*?)</t[dh]>", re.DOTALL)

# fmt: off
LANGUAGE_NAMES: Final = frozenset((
    "abap", "agda", "arduino", "ascii art", "assembly", "bash", "basic", "c", "c#", "c++", "clojure",
    "coffeescript", "css", "dart", "diff", "docker", "elixir", "elm", "erlang", "f#", "fortran", "gherkin", "glsl",
    "go", "graphql", "groovy", "haskell", "hcl", "html", "java", "javascript", "json", "julia", "kotlin", "latex",
    "less", "lisp", "livescript", "lua", "makefile", "markdown", "markup", "matlab", "mermaid", "nix",
    "objective-c", "ocaml", "pascal", "perl", "php", "plain text", "powershell", "prolog", "protobuf", "python",
    "r", "reason", "ruby", "rust", "sass", "scala", "scheme", "scss", "shell", "smalltalk", "solidity", "sql",
    "swift", "toml", "typescript", "vb.net", "verilog", "vhdl", "visual basic", "webassembly", "xml", "yaml",
))
# fmt: on

_ALIASES = {
    "": "plain text",
    "text": "plain text",
    "txt": "plain text",
    "plaintext": "plain text",
    "ts": "typescript",
    "tsx": "typescript",
    "js": "javascript",
    "jsx": "javascript",
    "py": "python",
    "sh": "shell",
    "console": "shell",
    "zsh": "shell",
    "yml": "yaml",
    "rb": "ruby",
    "rs": "rust",
    "golang": "go",
    "md": "markdown",
    "cs": "c#",
    "cpp": "c++",
    "dockerfile": "docker",
    "kt": "kotlin",
    "tf": "hcl",
}


def language(name: str) -> str:
    """Notion's name of a code language; ``plain text`` for one it doesn't know."""
    known = name.strip().lower()
    known = _ALIASES.get(known, known)
    return known if known in LANGUAGE_NAMES else "plain text"


def rich(items: RichText, color: str = "default", **more: Any) -> dict[str, Any]:
    """The content of a block that is a line of text."""
    return {"rich_text": items, **more, "color": color}


def read(source: str) -> list[Node]:
    """The blocks of a text."""
    return _Reader(source.replace("\r\n", "\n").replace("\r", "\n").split("\n")).blocks(0)


class _Reader:
    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.at = 0

    def blocks(self, depth: int) -> list[Node]:
        """Blocks from here on, as long as lines are indented by at least ``depth`` tabs."""
        nodes: list[Node] = []
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if not line.strip():
                self.at += 1
            elif _tabs(line) < depth:
                break
            elif _CLOSING.fullmatch(line.strip()):
                if depth:
                    break
                self.at += 1  # it closes nothing
            else:
                nodes.append(self.block(line.strip(), depth))
        return nodes

    def block(self, line: str, depth: int) -> Node:
        """The block that begins with ``line``; leaves the position behind it and its children."""
        self.at += 1
        for special in (self.code, self.equation, self.table, self.pipe_table, self.container, self.leaf):
            node = special(line, depth)
            if node is not None:
                return node
        colour = _COLOUR.search(line)
        color = "default"
        if colour and colour[1] in BLOCK_COLOURS:
            line, color = line[: colour.start()], colour[1]
        node = _line_node(line, color)
        if not node.type.startswith("heading"):
            node.children = self.blocks(depth + 1) if self.deeper(depth) else []
        return node

    def deeper(self, depth: int) -> bool:
        """The next line that isn't blank is indented more than ``depth``."""
        return next((_tabs(line) > depth for line in self.lines[self.at :] if line.strip()), False)

    def code(self, line: str, depth: int) -> Node | None:
        fence = _FENCE.fullmatch(line)
        if not fence:
            return None
        body: list[str] = []
        closing = re.compile(re.escape(fence[1][0]) + "{%d,}" % len(fence[1]))  # noqa: UP031
        while self.at < len(self.lines):
            inner = self.lines[self.at]
            self.at += 1
            if closing.fullmatch(inner.strip()):
                break
            body.append(inner[min(_tabs(inner), depth) :])
        text = "\n".join(body)
        data = {"caption": [], "rich_text": joined([run(text)]) if text else [], "language": language(fence[2])}
        return Node("code", data)

    def equation(self, line: str, depth: int) -> Node | None:  # noqa: ARG002
        if line != "$$":
            return None
        body: list[str] = []
        while self.at < len(self.lines):
            inner = self.lines[self.at].strip()
            self.at += 1
            if inner == "$$":
                break
            body.append(inner)
        return Node("equation", {"expression": "\n".join(body)})

    def table(self, line: str, depth: int) -> Node | None:  # noqa: ARG002
        if not re.match(r"<table[\s>]", line):
            return None
        attributes = dict(_ATTRIBUTE.findall(line.split(">", 1)[0]))
        source = [line]
        while "</table>" not in source[-1] and self.at < len(self.lines):
            source.append(self.lines[self.at].strip())
            self.at += 1
        rows = [
            [read_inline(cell.strip()) for cell in _CELL.findall(row)]
            for row in _ROW.findall("\n".join(source).replace("\n", " "))
        ]
        header = attributes.get("header-row") == "true"
        return _table_node(rows, header, attributes.get("header-column") == "true")

    def pipe_table(self, line: str, depth: int) -> Node | None:  # noqa: ARG002
        if "|" not in line or self.at >= len(self.lines) or not _PIPE_RULE.fullmatch(self.lines[self.at].strip()):
            return None
        header = _cells(line)
        if len(_cells(self.lines[self.at].strip())) != len(header):
            return None
        self.at += 1
        rows = [header]
        while self.at < len(self.lines) and "|" in self.lines[self.at]:
            rows.append((_cells(self.lines[self.at].strip()) + [""] * len(header))[: len(header)])
            self.at += 1
        return _table_node([[read_inline(cell) for cell in row] for row in rows], True, False)

    def container(self, line: str, depth: int) -> Node | None:
        opened = re.match(r"<(details|callout|columns|column)(\s[^>]*)?>", line)
        if not opened:
            return None
        kind, attributes = opened[1], dict(_ATTRIBUTE.findall(opened[2] or ""))
        color = attributes.get("color", "default").replace("_bg", "_background")
        color = color if color in BLOCK_COLOURS else "default"
        node = Node("column_list" if kind == "columns" else kind)
        if kind == "details":
            summary = line[opened.end() :].strip()
            if not summary and self.at < len(self.lines) and self.lines[self.at].strip().startswith("<summary>"):
                summary = self.lines[self.at].strip()
                self.at += 1
            title = read_inline(summary.removeprefix("<summary>").removesuffix("</summary>"))
            node = Node("toggle", rich(title, color))
        if self.deeper(depth):
            node.children = self.blocks(depth + 1)
        if kind == "callout":
            first = node.children.pop(0) if node.children and node.children[0].type == "paragraph" else None
            icon = {"type": "emoji", "emoji": attributes.get("icon", "💡")}
            node.data = rich(first.data["rich_text"] if first else [], color, icon=icon)
            node.children = [*(first.children if first else []), *node.children]
        tag = f"</{kind}>"
        while self.at < len(self.lines) and not self.lines[self.at].strip():
            self.at += 1
        if self.at < len(self.lines) and self.lines[self.at].strip() == tag:
            self.at += 1
        return node

    def leaf(self, line: str, depth: int) -> Node | None:  # noqa: ARG002
        if _DIVIDER.fullmatch(line):
            return Node("divider")
        if line == "<empty-block/>":
            return Node("paragraph", rich([], icon=None))
        if line.startswith("<table_of_contents"):
            return Node("table_of_contents", {"color": "default"})
        if image := _IMAGE.fullmatch(line):
            caption = read_inline(image[1])
            return Node("image", {"caption": caption, "type": "external", "external": {"url": image[2]}})
        if child := _CHILD.fullmatch(line):
            return Node(f"child_{child[1]}", {"title": plain(read_inline(child[3])), "url": child[2]})
        return None


def _line_node(line: str, color: str) -> Node:
    if heading := _HEADING.fullmatch(line):
        level = min(len(heading[1]), 4)
        return Node(f"heading_{level}", rich(read_inline(heading[2]), color, is_toggleable=False))
    if todo := _TODO.fullmatch(line):
        return Node("to_do", rich(read_inline(todo[2].strip()), color, checked=todo[1] != " "))
    if bullet := _BULLET.fullmatch(line):
        return Node("bulleted_list_item", rich(read_inline((bullet[1] or "").strip()), color))
    if numbered := _NUMBERED.fullmatch(line):
        return Node("numbered_list_item", rich(read_inline((numbered[1] or "").strip()), color))
    if line.startswith(">"):
        return Node("quote", rich(read_inline(line[1:].strip()), color))
    return Node("paragraph", rich(read_inline(line), color, icon=None))


def _table_node(rows: list[list[RichText]], header_row: bool, header_column: bool) -> Node:
    width = max((len(row) for row in rows), default=1)
    return Node(
        "table",
        {"table_width": width, "has_column_header": header_row, "has_row_header": header_column},
        [Node("table_row", {"cells": [*row, *([[]] * (width - len(row)))]}) for row in rows],
    )


def _cells(line: str) -> list[str]:
    inner = line.strip().removeprefix("|")
    if inner.endswith("|") and not inner.endswith("\\|"):
        inner = inner[:-1]
    return [cell.replace("\\|", "|").strip() for cell in re.split(r"(?<!\\)\|", inner)]


def _tabs(line: str) -> int:
    return len(line) - len(line.lstrip("\t"))


# ---------------------------------------------------------------- writing blocks

_LINE_START = re.compile(r"(#{1,6}(?=\s|$)|[-+](?=\s|$)|-(?=[-\s]*$)|(?:\\_){3,}$)|(\d{1,9})([.)])(?=\s|$)")


def write(nodes: Sequence[Node]) -> tuple[str, bool]:
    """The text of a page, and whether it was cut (after 20,000 blocks)."""
    writer = _Writer()
    writer.blocks(nodes, 0)
    return "\n".join(writer.lines), writer.left < 0


def _guard(text: str) -> str:
    """A paragraph's text that would read as another kind of block, escaped."""
    found = _LINE_START.match(text)
    if not found:
        return text
    if found[2]:
        return f"{found[2]}\\{text[found.start(3) :]}"
    return "\\" + text


class _Writer:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.left = MAX_BLOCKS_READ

    def blocks(self, nodes: Sequence[Node], depth: int) -> None:
        count = 0
        for node in nodes:
            self.left -= 1
            if self.left < 0:
                return
            count = count + 1 if node.type == "numbered_list_item" else 0
            special = _WRITERS.get(node.type)
            if special:
                special(self, node, depth)
            else:
                self.line(_prefix(node, count) + self.text(node), depth)
                self.blocks(node.children, depth + 1)

    def line(self, text: str, depth: int) -> None:
        self.lines.append("\t" * depth + text)

    def text(self, node: Node) -> str:
        text = write_inline(node.data["rich_text"])
        if node.type == "paragraph":
            text = _guard(text) if text.strip() else "<empty-block/>"
        color = node.data["color"]
        return text if color == "default" else f'{text} {{color="{color}"}}'

    def code(self, node: Node, depth: int) -> None:
        body = plain(node.data["rich_text"])
        fence = "`" * max(3, 1 + max((len(ticks) for ticks in re.findall("`+", body)), default=0))
        self.line(f"{fence}{node.data['language']}", depth)
        if body:
            for line in body.split("\n"):
                self.line(line, depth)
        self.line(fence, depth)

    def table(self, node: Node, depth: int) -> None:
        header = ' header-row="true"' if node.data["has_column_header"] else ""
        column = ' header-column="true"' if node.data["has_row_header"] else ""
        self.line(f"<table{header}{column}>", depth)
        for row in node.children:
            self.left -= 1
            self.line("<tr>", depth)
            for cell in row.data["cells"]:
                self.line(f"<td>{write_inline(cell)}</td>", depth)
            self.line("</tr>", depth)
        self.line("</table>", depth)

    def toggle(self, node: Node, depth: int) -> None:
        color = node.data["color"]
        self.line("<details>" if color == "default" else f'<details color="{color}">', depth)
        self.line(f"<summary>{write_inline(node.data['rich_text'])}</summary>", depth)
        self.blocks(node.children, depth + 1)
        self.line("</details>", depth)

    def callout(self, node: Node, depth: int) -> None:
        icon = (node.data.get("icon") or {}).get("emoji", "💡")
        color = node.data["color"].replace("_background", "_bg")
        self.line(f'<callout icon="{icon}"' + ("" if color == "default" else f' color="{color}"') + ">", depth)
        if node.data["rich_text"]:
            self.line(_guard(write_inline(node.data["rich_text"])), depth + 1)
        self.blocks(node.children, depth + 1)
        self.line("</callout>", depth)

    def columns(self, node: Node, depth: int) -> None:
        tag = "columns" if node.type == "column_list" else "column"
        self.line(f"<{tag}>", depth)
        self.blocks(node.children, depth + 1)
        self.line(f"</{tag}>", depth)

    def equation(self, node: Node, depth: int) -> None:
        for line in ("$$", *node.data["expression"].split("\n"), "$$"):
            self.line(line, depth)

    def leaf(self, node: Node, depth: int) -> None:
        match node.type:
            case "divider":
                text = "---"
            case "image":
                text = f"![{plain(node.data['caption'])}]({node.data['external']['url']})"
            case "bookmark":
                text = f"[{_escape(node.data['url'])}]({node.data['url']})"
            case "child_page" | "child_database":
                tag = node.type.removeprefix("child_")
                text = f'<{tag} url="{node.data["url"]}">{_escape(node.data["title"])}</{tag}>'
            case _:
                text = "<table_of_contents/>"
        self.line(text, depth)


def _prefix(node: Node, count: int) -> str:
    match node.type:
        case "heading_1" | "heading_2" | "heading_3" | "heading_4":
            return "#" * int(node.type[-1]) + " "
        case "bulleted_list_item":
            return "- "
        case "numbered_list_item":
            return f"{count}. "
        case "to_do":
            return "- [x] " if node.data["checked"] else "- [ ] "
        case "quote":
            return "> "
        case _:
            return ""


_WRITERS: Final[dict[str, Callable[[_Writer, Node, int], None]]] = {
    "code": _Writer.code,
    "table": _Writer.table,
    "toggle": _Writer.toggle,
    "callout": _Writer.callout,
    "column_list": _Writer.columns,
    "column": _Writer.columns,
    "equation": _Writer.equation,
    **dict.fromkeys(
        ("divider", "image", "bookmark", "child_page", "child_database", "table_of_contents"), _Writer.leaf
    ),
}
assert set(_MARKS) < set(STYLES)
