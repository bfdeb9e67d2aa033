"""Blocks that a request may append, their limits, and the tree a body is.

Everything about Markdown text is in ``markdown``; which page a block lands on is the business of ``content``.
"""

from collections.abc import Sequence
from typing import Any, Final

from roadmap_sandbox.notion.markdown import LANGUAGE_NAMES, Node, rich
from roadmap_sandbox.notion.records import Block, Database, Json, Page, Parent
from roadmap_sandbox.notion.richtext import BLOCK_COLOURS, RICH_TEXT, normalise
from roadmap_sandbox.notion.store import Store
from roadmap_sandbox.notion.validation import (
    Check,
    Shape,
    anything,
    array,
    boolean,
    literal,
    nullable,
    record,
    tag,
    tagged,
    text,
    whole_number,
)

MAX_BLOCKS: Final = 1000
_MAX_NESTING: Final = 2

_COLOR: Final[dict[str, Shape]] = {"color": literal(*BLOCK_COLOURS)}
_TEXT: Final = {"rich_text": RICH_TEXT}
_ICON: Final = nullable(record(optional={"type": literal("emoji"), "emoji": text(least=1)}))
_URL: Final = text(least=1, most=2000)
_LANGUAGE: Final = literal(*sorted(LANGUAGE_NAMES))

_KINDS: Final[dict[str, tuple[dict[str, Shape], dict[str, Shape]]]] = {
    "paragraph": (_TEXT, {**_COLOR, "icon": _ICON}),
    **{f"heading_{level}": (_TEXT, {**_COLOR, "is_toggleable": boolean}) for level in range(1, 5)},
    **dict.fromkeys(("bulleted_list_item", "numbered_list_item", "toggle", "quote"), (_TEXT, _COLOR)),
    "to_do": (_TEXT, {**_COLOR, "checked": boolean}),
    "callout": (_TEXT, {**_COLOR, "icon": _ICON}),
    "code": ({**_TEXT, "language": _LANGUAGE}, {"caption": RICH_TEXT}),
    "divider": ({}, {}),
    "equation": ({"expression": text(most=1000)}, {}),
    "image": ({"external": record({"url": _URL})}, {"type": literal("external"), "caption": RICH_TEXT}),
    "bookmark": ({"url": _URL}, {"caption": RICH_TEXT}),
    "table_of_contents": ({}, _COLOR),
    "table": (
        {"table_width": whole_number(least=1)},
        {"has_column_header": boolean, "has_row_header": boolean},
    ),
    "table_row": ({"cells": array(RICH_TEXT)}, {}),
    "column_list": ({}, {}),
    "column": ({}, {}),
}
"""Block types: the required and the optional keys of their content."""

_CHILDLESS: Final = frozenset(
    (
        *("code", "divider", "equation", "image", "bookmark", "table_of_contents", "table_row"),
        *(f"heading_{level}" for level in range(1, 5)),
    )
)


def _block(check: Check, path: str, value: Any, depth: int) -> None:
    kinds: dict[str, Shape] = {}
    for kind, (required, optional) in _KINDS.items():
        more = dict(optional)
        if kind not in _CHILDLESS and depth < _MAX_NESTING:
            more["children"] = _children_shape(depth + 1)
        kinds[kind] = record(required, more)
    tagged(kinds, {"object": literal("block"), "children": _misplaced})(check, path, value, False)


def _misplaced(check: Check, path: str, value: Any, optional: bool) -> None:  # noqa: ARG001
    check.fail(path, "not present", value)


def _children_shape(depth: int) -> Shape:
    return array(lambda check, path, value, _optional: _block(check, path, value, depth))


def children_shape(check: Check, path: str, value: Any, optional: bool) -> None:
    """Return the shape of ``children``: at most 100 a list, two levels, 1000 blocks in all."""
    _children_shape(1)(check, path, value, optional)
    if not check.failures and (total := _count(value)) > MAX_BLOCKS:
        check.fail(f"{path}.length", f"≤ `{MAX_BLOCKS}`", total)


def _count(children: list[Json]) -> int:
    return sum(1 + _count(child[tag(child, _KINDS)].get("children", [])) for child in children)


def update_shape(kind: str) -> Shape:
    """Return the shape of PATCH /blocks/{id} for a block of this type."""
    _, optional = _KINDS.get(kind, ({}, {}))
    required, _ = _KINDS.get(kind, ({}, {}))
    content = record(optional={**required, **optional})
    return record(optional={kind: content, "type": literal(kind), "in_trash": boolean, "object": anything})


def nodes_of(children: Sequence[Json]) -> list[Node]:
    """Return checked request blocks as a tree."""
    return [_node(child) for child in children]


def _node(raw: Json) -> Node:
    kind = tag(raw, _KINDS)
    content = dict(raw[kind])
    children = nodes_of(content.pop("children", []))
    return Node(kind, completed(kind, content), children)


def completed(kind: str, content: Json) -> Json:
    """Return a block's content as answers show it: rich text normalised, defaults filled in."""
    filled: Json = {
        key: normalise(value) if key in ("rich_text", "caption") else value for key, value in content.items()
    }
    match kind:
        case "code":
            defaults: Json = {"caption": [], "rich_text": [], "language": "plain text"}
        case "table":
            defaults = {"table_width": 1, "has_column_header": False, "has_row_header": False}
        case "table_row":
            return {"cells": [normalise(cell) for cell in content["cells"]]}
        case "image":
            defaults = {"caption": [], "type": "external", "external": None}
        case "bookmark":
            defaults = {"caption": [], "url": None}
        case "table_of_contents":
            defaults = {"color": "default"}
        case "divider" | "equation" | "column" | "column_list":
            defaults = {}
        case "paragraph":
            defaults = rich([], icon=None)
        case "to_do":
            defaults = rich([], checked=False)
        case "callout":
            defaults = rich([], icon={"type": "emoji", "emoji": "💡"})
        case _ if kind.startswith("heading"):
            defaults = rich([], is_toggleable=False)
        case _:
            defaults = rich([])
    if filled.get("icon"):
        filled["icon"] = {"type": "emoji", "emoji": filled["icon"].get("emoji", "💡")}
    return {**defaults, **filled}


# ---------------------------------------------------------------- the stored tree


def plant(store: Store, holder: Page | Block, nodes: Sequence[Node], at: int | None = None) -> list[Block]:
    """Add a tree below a page or block, at a position among its children (default: the end), and return its top."""
    planted = []
    for node in nodes:
        parent = Parent("page_id" if isinstance(holder, Page) else "block_id", holder.id)
        block = Block(store.new_id(), node.type, node.data, parent, store.stamps())
        store.blocks[block.id] = block
        planted.append(block)
        plant(store, block, node.children)
    where = len(holder.children) if at is None else at
    holder.children[where:where] = [block.id for block in planted]
    return planted


def living_children(store: Store, holder: Page | Block) -> list[Block | Page | Database]:
    """Return the children that aren't in the trash and are shared, in order."""
    children = (store.blocks.get(id_) or store.pages.get(id_) or store.databases[id_] for id_ in holder.children)
    return [one for one in children if not one.in_trash and store.visible(one)]


def fell(store: Store, block: Block) -> None:
    """Forget a block and what is below it."""
    for id_ in block.children:
        if id_ in store.blocks:
            fell(store, store.blocks[id_])
    del store.blocks[block.id]
