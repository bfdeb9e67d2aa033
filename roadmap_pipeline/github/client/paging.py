"""Pages of GitHub's lists: what speaks for a further one, and which smaller ones make up one that is too big.

Belongs here: pure functions on responses. Sending requests belongs to ``client``, walking through a list newest first
to ``ingest``.

No single sign of a list's end is relied on: proxies drop the ``Link`` header, servers repeat a page, counts lag behind.
"""

from collections.abc import Sequence
from typing import Any

from roadmap_pipeline.github.client.response import Response

PER_PAGE = 100
_SIZES = (50, 25, 5, 1)


def may_be_followed(response: Response, size: int, listed: int, per_page: int = PER_PAGE) -> bool:
    """Return whether anything speaks for a page behind this one of ``size`` items, the list's first ``listed`` ones.

    A ``next`` link does; else more items counted than listed; else a page as full as was asked for, from a server that
    gives no links at all and no count.
    """
    if response.has_next:
        return True
    if response.total_count is not None:
        return response.total_count > listed
    return size >= per_page and "link" not in response.headers


def tag_covers_what_follows(response: Response, size: int, per_page: int) -> bool:
    """Return whether the entity tag of a page of ``size`` items changes when the list grows behind it.

    One of a full page that nothing follows doesn't: the page stays as it is, and the next one begins to be. Where
    there is a next page already, that one is asked for anyway; an envelope that counts the list changes with it.
    """
    return size < per_page or response.has_next or response.total_count is not None


def smaller_page_size(per_page: int) -> int | None:
    """Return the next smaller size of a page, of which several make up one of ``per_page``; None for the smallest."""
    return next((size for size in _SIZES if size < per_page and per_page % size == 0), None)


def join_parts(parts: Sequence[Response | None]) -> Response:
    """Return a page from its parts, of which None are those (of one item) that GitHub failed to give.

    It has no entity tag, since none of the parts' is that of the whole. At least one part is there.
    """
    responses = [part for part in parts if part is not None]
    last = responses[-1]
    key = list_key(last)
    items: dict[Any, Any] = {}
    holes: list[int] = []
    for part in parts:
        if part is None:
            holes.append(len(items))
            continue
        holes.extend(len(items) + place for place in part.holes)
        # what came in between pushes an item from one part into the next: once is enough
        for item in part.items(key) or ():
            known = item.get("id") if isinstance(item, dict) else None
            items[known if isinstance(known, int | str) else id(item)] = item
    listed = list(items.values())
    headers = {name: value for name, value in last.headers.items() if name != "etag"}
    return Response(200, headers, listed if key is None else {**last.data, key: listed}, holes=tuple(holes))


def list_key(response: Response) -> str | None:
    """Return the name under which a response's envelope holds its list; None when the response is a list itself."""
    if not isinstance(response.data, dict):
        return None
    return next((name for name, value in response.data.items() if isinstance(value, list)), None)
