"""Lists by pages, as every connection of the schema gives them."""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from roadmap_sandbox.github.graphql.problems import Problem
from roadmap_sandbox.github.graphql.query import Node, Query

_CURSOR = "cursor:v2:"
_Item = TypeVar("_Item")


def connection(
    query: Query, items: Sequence[_Item], make: Callable[[_Item], Node], arguments: Mapping[str, Any], **more: Any
) -> Node:
    """Return the page of ``items`` that first, last, after and before ask for, with ``more`` fields of its own.

    Raises:
        Problem: A cursor isn't one, or time is up.
    """
    low = 0 if arguments.get("after") is None else _position(arguments["after"])
    high = len(items) if arguments.get("before") is None else min(_position(arguments["before"]) - 1, len(items))
    if arguments.get("first") is not None:
        high = min(high, low + arguments["first"])
    if arguments.get("last") is not None:
        low = max(low, high - arguments["last"])
    page = items[low : max(low, high)]
    query.visit(len(page))
    made = [make(item) for item in page]
    positions = range(low + 1, low + len(page) + 1)
    return {
        "nodes": made,
        "edges": [{"cursor": _cursor(at), "node": node} for at, node in zip(positions, made, strict=True)],
        "totalCount": len(items),
        "pageInfo": {
            "startCursor": _cursor(positions[0]) if page else None,
            "endCursor": _cursor(positions[-1]) if page else None,
            "hasNextPage": low + len(page) < len(items),
            "hasPreviousPage": low > 0,
        },
        **more,
    }


def _cursor(position: int) -> str:
    return base64.b64encode(f"{_CURSOR}{position}".encode()).decode()


def _position(cursor: str) -> int:
    try:
        text = base64.b64decode(cursor, validate=True).decode()
        if text.startswith(_CURSOR):
            return int(text.removeprefix(_CURSOR))
    except (binascii.Error, ValueError):
        pass
    raise Problem(f"`{cursor}` does not appear to be a valid cursor.", "INVALID_CURSOR_ARGUMENTS")
