"""Pages of GitHub's lists: what speaks for a further one, and which smaller ones make up one that is too big.

Belongs here: pure functions on answers. Asking belongs to ``transport``, walking through a list newest first to
``listing``.

No single sign of a list's end is relied on: proxies drop the ``Link`` header, servers repeat a page, counts lag behind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PER_PAGE = 100
_SIZES = (50, 25, 5, 1)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: ``data`` is the parsed JSON (None for 304 and empty ones), header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    data: Any
    sent_at: float = 0.0
    """When the request went out (:func:`time.monotonic`)."""
    holes: Sequence[int] = ()
    """Places in its list, in order, before which an item is missing that GitHub failed to give even alone."""

    @property
    def unchanged(self) -> bool:
        """Whether a conditional request found nothing new (304)."""
        return self.status == 304

    @property
    def etag(self) -> str | None:
        """Entity tag to ask with next time."""
        return self.headers.get("etag")

    @property
    def has_next(self) -> bool:
        """Whether GitHub says that a further page follows."""
        return 'rel="next"' in self.headers.get("link", "")

    @property
    def total_count(self) -> int | None:
        """How many items GitHub counts in the whole list, where it tells."""
        count = self.data.get("total_count") if isinstance(self.data, dict) else None
        return count if isinstance(count, int) else None

    def items(self, key: str | None) -> list[Any] | None:
        """The items of a page, in an envelope under ``key``; None when there is no such list."""
        found = self.data.get(key) if key and isinstance(self.data, dict) else None if key else self.data
        return found if isinstance(found, list) else None


def may_be_followed(answer: Answer, size: int, listed: int, per_page: int = PER_PAGE) -> bool:
    """Return whether anything speaks for a page behind this one of ``size`` items, the list's first ``listed`` ones.

    A ``next`` link does; else more items counted than listed; else a page as full as was asked for, from a server that
    gives no links at all and no count.
    """
    if answer.has_next:
        return True
    if answer.total_count is not None:
        return answer.total_count > listed
    return size >= per_page and "link" not in answer.headers


def smaller(per_page: int) -> int | None:
    """Return the next smaller size of a page, of which several make up one of ``per_page``; None for the smallest."""
    return next((size for size in _SIZES if size < per_page and per_page % size == 0), None)


def joined(parts: Sequence[Answer | None]) -> Answer:
    """Return a page from its parts, of which None are those (of one item) that GitHub failed to give.

    Without the entity tag, which none of the parts' is. At least one part is there.
    """
    answers = [part for part in parts if part is not None]
    last = answers[-1]
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
    return Answer(200, headers, listed if key is None else {**last.data, key: listed}, holes=tuple(holes))


def list_key(answer: Answer) -> str | None:
    """Return the name under which an answer's envelope holds its list; None when the answer is a list itself."""
    if not isinstance(answer.data, dict):
        return None
    return next((name for name, value in answer.data.items() if isinstance(value, list)), None)
