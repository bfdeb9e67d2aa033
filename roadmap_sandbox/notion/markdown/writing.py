"""Tree of blocks → text of the dialect."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from roadmap_sandbox.notion.markdown.inline import escape, write_inline
from roadmap_sandbox.notion.markdown.nodes import Node
from roadmap_sandbox.notion.richtext import plain

MAX_BLOCKS_READ: Final = 20_000


_LINE_START = re.compile(r"(#{1,6}(?=\s|$)|[-+](?=\s|$)|-(?=[-\s]*$)|(?:\\_){3,}$)|(\d{1,9})([.)])(?=\s|$)")


def write(nodes: Sequence[Node]) -> tuple[str, bool]:
    """Return the text of a page, and whether it was cut (after 20,000 blocks)."""
    writer = _Writer()
    writer.blocks(nodes, 0)
    return "\n".join(writer.lines), writer.left < 0


def _guard(text: str) -> str:
    """Return a paragraph's text that would read as another kind of block, escaped."""
    match = _LINE_START.match(text)
    if not match:
        return text
    if match[2]:
        return f"{match[2]}\\{text[match.start(3) :]}"
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
                text = f"[{escape(node.data['url'])}]({node.data['url']})"
            case "child_page" | "child_database":
                tag = node.type.removeprefix("child_")
                text = f'<{tag} url="{node.data["url"]}">{escape(node.data["title"])}</{tag}>'
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
