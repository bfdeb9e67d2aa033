"""Pages of lists and the ``Link`` header that leads through them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from roadmap_sandbox.content import API_ROOT, Payload
from roadmap_sandbox.github.messages import Request, Response, json_response

Item = TypeVar("Item")

DEFAULT_SIZE = 30
LARGEST_SIZE = 100


@dataclass(frozen=True, slots=True)
class Page:
    """The part of a list that is asked for; ``number`` counts from 1."""

    number: int
    size: int

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Page":
        """Return the page of ``page`` and ``per_page``: over 100 is 100, what isn't a positive number is 1 and 30."""
        return cls(
            _positive(query.get("page")) or 1, min(_positive(query.get("per_page")) or DEFAULT_SIZE, LARGEST_SIZE)
        )

    @property
    def start(self) -> int:
        return (self.number - 1) * self.size

    def cut(self, items: Sequence[Item]) -> Sequence[Item]:
        """Return the page of ``items``; empty beyond the end."""
        return items[self.start : self.start + self.size]

    def link(self, path: str, query: Mapping[str, str], total: int) -> str | None:
        """Return the ``Link`` header of a list of ``total`` items, all parameters kept; None if one page holds them."""
        last = max(1, -(-total // self.size))
        relations: list[tuple[str, int]] = []
        if self.number > 1:
            relations.append(("prev", min(self.number - 1, last)))
        if self.number < last:
            relations += [("next", self.number + 1), ("last", last)]
        if self.number > 1:
            relations.append(("first", 1))
        if not relations:
            return None
        return ", ".join(
            f'<{API_ROOT}{path}?{urlencode({**query, "page": str(number)})}>; rel="{name}"'
            for name, number in relations
        )


def listed(
    request: Request,
    path: str,
    items: Sequence[Payload],
    *,
    show: Callable[[Payload], Payload] | None = None,
    wrapped_as: str | None = None,
) -> Response:
    """Return a page of ``items`` with its ``Link``, each item as ``show`` makes it.

    The page is an array, or with ``wrapped_as`` an object of ``total_count`` and the array under that name.
    """
    page = Page.of(request.query)
    shown = page.cut(items) if show is None else [show(item) for item in page.cut(items)]
    data = shown if wrapped_as is None else {"total_count": len(items), wrapped_as: shown}
    return page_response(request, path, data, page, len(items))


def page_response(request: Request, path: str, data: Any, page: Page, total: int) -> Response:
    """Return ``data`` as ``page`` of a list of ``total`` items, with its ``Link``."""
    response = json_response(data)
    link = page.link(path, request.query, total)
    if link is not None:
        response.headers["Link"] = link
    return response


def _positive(text: str | None) -> int | None:
    if text is None or not (text.isascii() and text.isdigit()):
        return None
    return int(text) or None
