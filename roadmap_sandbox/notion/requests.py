"""A request after parsing, and the pages in which lists are answered."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from roadmap_sandbox.notion.errors import invalid
from roadmap_sandbox.notion.records import Json
from roadmap_sandbox.notion.store import Store
from roadmap_sandbox.notion.validation import Check, dashed

MAX_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class Request:
    """A request whose path matched a route. Ids in ``params`` are dashed; ``query`` keeps repeated keys."""

    params: dict[str, str]
    query: tuple[tuple[str, str], ...] = ()
    body: Any = None

    def one(self, key: str) -> str | None:
        """Return the last value of a query-string key."""
        return next((value for name, value in reversed(self.query) if name == key), None)

    def all(self, key: str) -> list[str]:
        """Return all values of a query-string key; ``key[]`` counts as ``key``."""
        return [value for name, value in self.query if name in (key, f"{key}[]")]


Handler = Callable[[Store, Request], Json]


def page_size(request: Request) -> int:
    """Return the items a page of a list: from the body or the query string, at most 100.

    Raises:
        ApiError: 400 for anything but a whole number of at least 1.
    """
    if isinstance(request.body, dict):
        return min(int(request.body.get("page_size", MAX_PAGE)), MAX_PAGE)
    requested = request.one("page_size")
    if requested is None:
        return MAX_PAGE
    check = Check("query")
    if not requested.isdecimal():
        check.fail("query.page_size", "a number", requested, optional=True)
    elif int(requested) < 1:
        check.fail("query.page_size", "≥ `1`", int(requested), optional=True)
    error = check.error()
    if error is not None:
        raise error
    return min(int(requested), MAX_PAGE)


def listed(kind: str, results: list[Json], next_cursor: str | None, **more: Any) -> Json:
    """Return the envelope of a list of objects of one kind."""
    return {
        "object": "list",
        "results": results,
        "next_cursor": next_cursor,
        "has_more": next_cursor is not None,
        "type": kind,
        kind: {},
        **more,
    }


def paged(request: Request, kind: str, ids: Sequence[str], show: Callable[[int], Json], **more: Any) -> Json:
    """Return one page of a list whose cursor is the id of the next item; ``show`` gives the item at an index.

    Raises:
        ApiError: 400 for a cursor that is no uuid, or that names none of the items.
    """
    size = page_size(request)
    cursor = request.body.get("start_cursor") if isinstance(request.body, dict) else request.one("start_cursor")
    first = 0
    if cursor is not None:
        id_ = dashed(cursor)
        if id_ is None:
            check = Check("query")  # also where the body holds it
            check.fail("query.start_cursor", "a valid uuid", cursor, optional=True)
            error = check.error()
            assert error is not None
            raise error
        if id_ not in ids:
            raise invalid(f"The start_cursor provided is invalid: {cursor}")
        first = list(ids).index(id_)
    last = first + size
    results = [show(index) for index in range(first, min(last, len(ids)))]
    return listed(kind, results, ids[last] if last < len(ids) else None, **more)
