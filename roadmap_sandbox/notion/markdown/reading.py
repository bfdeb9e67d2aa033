"""Text of the dialect → tree of blocks."""

import re

from roadmap_sandbox.notion.markdown.inline import read_inline
from roadmap_sandbox.notion.markdown.nodes import Node, language, rich
from roadmap_sandbox.notion.richtext import BLOCK_COLOURS, RichText, joined, plain, run

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


def read(source: str) -> list[Node]:
    """Return the blocks of a text."""
    return _Reader(source.replace("\r\n", "\n").replace("\r", "\n").split("\n")).blocks(0)


class _Reader:
    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.at = 0

    def blocks(self, depth: int) -> list[Node]:
        """Read the blocks from here on, as long as lines are indented by at least ``depth`` tabs."""
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
        """Read the block that begins with ``line``; leaves the position behind it and its children."""
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
        """Return whether the next line that isn't blank is indented more than ``depth``."""
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
