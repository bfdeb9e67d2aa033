"""Reading a list that GitHub gives newest first, from any time on and back to any other.

Belongs here: where a walk starts, which page follows, where it ends, and what is complete after each page. What is
peculiar to workflow runs belongs to ``runs``; what is done with the items to the walks of ``ingest``.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from roadmap_pipeline.github.coverage import SECOND, Span
from roadmap_pipeline.github.records import parse_time
from roadmap_pipeline.github.transport import PER_PAGE, Answer, GitHubClient, GitHubError

BIG_PAGE_FAILURES = frozenset({502, 504})
"""What GitHub answers when a page takes it too long; half a page often comes through."""

Payload = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """``items`` of a list, some perhaps for a second time or beside what was asked for.

    ``covered``: with this page everything of that span has been given; None where that can't be said yet.
    """

    items: Sequence[Payload]
    covered: Span | None


class NewestFirst:
    """A list ordered by ``time_field``, newest first. ``notes`` collects what could not be read completely.

    ``cap`` is the number of items behind which GitHub refuses further pages, as far as that is known beforehand.
    """

    def __init__(
        self,
        client: GitHubClient,
        path: str,
        params: Mapping[str, Any],
        *,
        time_field: str,
        items_key: str | None = None,
        cap: int | None = None,
    ) -> None:
        self.path = path
        self.params: Mapping[str, Any] = {**params, "per_page": PER_PAGE, "page": 1}
        """Parameters of the first page."""
        self.notes: list[str] = []
        self._client = client
        self._time_field = time_field
        self._items_key = items_key
        self._cap = cap

    def first(self, etag: str | None = None) -> Answer:
        """The answer for the first page; with ``etag`` it may be ``unchanged``."""
        return self._client.get(self.path, self.params, etag)

    def items(self, answer: Answer) -> list[Payload]:
        """The items of a page."""
        return list(answer.data[self._items_key] if self._items_key else answer.data)

    def time_of(self, item: Payload) -> datetime:
        """The time an item is ordered by (naive UTC)."""
        moment = parse_time(item[self._time_field])
        assert moment is not None
        return moment

    def walk(self, span: Span, *, first: Answer | None = None, newer: int = 0) -> Iterator[Page]:
        """The items of ``span``, newest first, page by page. Stop taking pages to stop asking for them.

        Give the answer for the first page as ``first`` when ``span`` ends there; otherwise ``newer``, a guess at how
        many items are newer than ``span``, tells where to start.
        """
        number, answer = (1, first) if first is not None else self._locate(span.end, newer)
        while True:
            items = self.items(answer)
            reached = self.time_of(items[-1]) if items else span.end
            is_cut = self._cap is not None and number * PER_PAGE >= self._cap
            if reached < span.start or not (answer.has_next or is_cut):
                yield Page(items, span)
                return
            # Further items of the last second may stand on the next page.
            yield Page(items, Span(reached + SECOND, span.end))
            following = self._page(number + 1)
            if following is None:
                yield from self._beyond(Span(span.start, min(reached, span.end)))
                return
            answer = yield from self._seam(number, answer, following)
            number += 1

    def _locate(self, end: datetime, newer: int) -> tuple[int, Answer]:
        """The page where items of ``end`` start (or one before it), and its answer."""
        number = newer // PER_PAGE + 1
        if self._cap is not None:
            number = min(number, self._cap // PER_PAGE)
        step = 1
        while True:
            answer = self._page(number)
            items = self.items(answer) if answer is not None else []
            if answer is not None and (number == 1 or (items and self.time_of(items[0]) > end)):
                return number, answer
            number = max(1, number - step)
            step *= 2

    def _page(self, number: int) -> Answer | None:
        """A page, None behind the last one that GitHub gives."""
        if self._cap is not None and (number - 1) * PER_PAGE >= self._cap:
            return None
        try:
            return self._client.get(self.path, {**self.params, "page": number})
        except GitHubError as error:
            if error.status == 422:  # "pagination is limited for this resource"
                return None
            if error.status not in BIG_PAGE_FAILURES:
                raise
        return self._halves(number)

    def _halves(self, number: int) -> Answer:
        """A page in two requests."""
        half = {**self.params, "per_page": PER_PAGE // 2}
        upper = self._client.get(self.path, {**half, "page": 2 * number - 1})
        if not upper.has_next:
            return upper
        lower = self._client.get(self.path, {**half, "page": 2 * number})
        items = self.items(upper) + self.items(lower)
        data = {**lower.data, self._items_key: items} if self._items_key else items
        # no entity tag: this is no answer that GitHub gave
        return Answer(200, {name: value for name, value in lower.headers.items() if name != "etag"}, data)

    def _seam(self, number: int, upper: Answer, lower: Answer) -> Generator[Page, None, Answer]:  # noqa: ARG002
        """Make sure that nothing is missing between page ``number`` and the next; returns the answer for the latter."""
        yield from ()
        return lower

    def _beyond(self, rest: Span) -> Iterator[Page]:
        """What GitHub doesn't give by pages."""
        self.notes.append(f"{self.path}: GitHub lists nothing older than {rest.end:%Y-%m-%d %H:%M:%S} UTC")
        yield Page([], rest)
