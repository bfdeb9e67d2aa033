"""Reading a list that GitHub gives newest first, from any time on and back to any other.

Belongs here: where a walk starts, which page follows, where it ends, and what is complete after each page. What is
peculiar to workflow runs belongs to ``runs``; what is done with the items to the walks of ``ingest``.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from roadmap_pipeline.github.client.client import GitHubClient, GitHubError, IncompleteList
from roadmap_pipeline.github.client.paging import PER_PAGE, may_be_followed
from roadmap_pipeline.github.client.response import Response
from roadmap_pipeline.github.ingest.intervals import SECOND, Interval
from roadmap_pipeline.github.ingest.read_failures import costs_only_itself, may_pass
from roadmap_pipeline.github.payloads.normalization import UnusableError, in_order, parse_time
from roadmap_pipeline.github.payloads.shapes import Kind

Payload = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list: ``items``, some perhaps for a second time or beside what was wanted.

    ``covered``: with this page everything of that interval has been given; None where that can't be said yet.
    """

    items: Sequence[Payload]
    covered: Interval | None


@dataclass(frozen=True, slots=True)
class Hole:
    """An interval of a list that could not be read, and why."""

    interval: Interval
    error: GitHubError


class NewestFirst:
    """A list ordered by ``time_field``, newest first.

    ``notes`` collects what a person should know of it, ``holes`` what could not be read and is to be tried again.
    """

    def __init__(
        self,
        client: GitHubClient,
        path: str,
        params: Mapping[str, Any],
        *,
        kind: Kind,
        time_field: str,
        items_key: str | None = None,
    ) -> None:
        self.path = path
        self.params: Mapping[str, Any] = {**params, "per_page": PER_PAGE, "page": 1}
        """Parameters of the first page."""
        self.notes: list[str] = []
        self.holes: list[Hole] = []
        self._client = client
        self._kind = kind
        self._time_field = time_field
        self._items_key = items_key

    def first(self, etag: str | None = None) -> Response:
        """Return the first page; with ``etag`` it may be ``unchanged``."""
        return self._client.get(self.path, self.params, etag)

    def items(self, response: Response) -> list[Payload]:
        """Return the items of a page.

        Raises:
            GitHubError: The response has no list.
        """
        items = response.items(self._items_key)
        if items is None:
            kind = self._items_key or "items"
            raise GitHubError(f"GET {self.path} answered 200 without the list of {kind}", status=200)
        return ordered(self._kind, items, self._time_field, self.path)

    def time_of(self, item: Payload) -> datetime:
        """Return the time by which an item is ordered (naive UTC)."""
        moment = parse_time(item[self._time_field])
        assert moment is not None
        return moment

    def walk(self, interval: Interval, *, first: Response | None = None, newer: int = 0) -> Iterator[Page]:
        """Yield the items of ``interval``, newest first, page by page. Stop taking pages to stop requesting them.

        Args:
            interval: What to read.
            first: The first page, when ``interval`` ends there.
            newer: Otherwise a guess at how many items are newer than ``interval``; it tells where to start.
        """
        number, response = (1, first) if first is not None else self._locate(interval.end, newer)
        reached = interval.end  # everything of the interval that is newer was given, or lies in a hole
        page_error: GitHubError | None = None  # why nothing is known of what lies before this page's first item
        items = self.items(response)
        while True:
            page_error = self._note_holes(response, items, reached, page_error)
            reached = min(reached, self.time_of(items[-1])) if items else reached
            if items and reached < interval.start:
                yield Page(items, interval)
                return
            # Further items of the last second may stand on the next page.
            yield Page(items, Interval(reached + SECOND, interval.end))
            rest = Interval(interval.start, reached)
            position = (number - 1) * PER_PAGE + len(items) + len(response.holes)
            if not may_be_followed(response, len(items) + len(response.holes), position):
                yield from self._end(number, response, position, rest, page_error)
                return
            try:
                following = self._page(number + 1)
            except GitHubError as error:
                if page_error is not None or not costs_only_itself(error) or not may_pass(error):
                    raise
                # one page that GitHub fails to give: those behind it may come
                page_error = error
                number, following = number + 1, self._page(number + 2)
            if following is None:
                if page_error is not None:
                    self.holes.append(Hole(rest, page_error))
                yield from self._beyond(rest)
                return
            next_items = self.items(following)
            if not next_items or next_items == items:
                if next_items and response.has_next and page_error is None:
                    page_error = IncompleteList("GitHub gives the same page again")
                yield from self._end(number, response, position, rest, page_error)
                return
            if page_error is None:
                checked = yield from self._seam(number, response, following)
                next_items, following = next_items if checked is following else self.items(checked), checked
            number, response, items = number + 1, following, next_items

    def _note_holes(
        self, response: Response, items: Sequence[Payload], reached: datetime, page_error: GitHubError | None
    ) -> GitHubError | None:
        """Note where items of a page are missing, and return why some may be missing behind its last one."""
        places = dict.fromkeys(response.holes)
        error = page_error or GitHubError("an item of the list answers 502, also when asked for alone", status=502)
        if page_error is not None:
            places = {0: None, **places}
        for place in places:
            newer = self.time_of(items[place - 1]) if place else reached
            if place < len(items):
                self.holes.append(Hole(Interval(self.time_of(items[place]), newer), error))
        return error if len(items) in places else None

    def _locate(self, end: datetime, newer: int) -> tuple[int, Response]:
        """Return the page where items of ``end`` start (or one before it): its number and itself."""
        number = newer // PER_PAGE + 1
        step = 1
        while True:
            response = self._page(number)
            items = self.items(response) if response is not None else []
            if response is not None and (number == 1 or (items and self.time_of(items[0]) > end)):
                return number, response
            number = max(1, number - step)
            step *= 2

    def _page(self, number: int) -> Response | None:
        """Return a page, None behind the last one that GitHub gives."""
        try:
            return self._client.get(self.path, {**self.params, "page": number})
        except GitHubError as error:
            if error.status == 422 and number > 1:  # "pagination is limited for this resource"
                return None
            raise

    def _seam(self, number: int, upper: Response, lower: Response) -> Generator[Page, None, Response]:  # noqa: ARG002
        """Make sure that nothing is missing between page ``number`` and the next, and return the latter."""
        yield from ()
        return lower

    def _end(
        self,
        number: int,  # noqa: ARG002
        response: Response,
        position: int,
        rest: Interval,
        page_error: GitHubError | None,
    ) -> Iterator[Page]:
        """Make sure that the list ends with page ``number``, its first ``position`` items; ``rest`` lies behind it."""
        if page_error is not None:
            self.holes.append(Hole(rest, page_error))
        elif (counted := response.total_count or 0) > position:
            self.holes.append(Hole(rest, IncompleteList(f"GitHub counts {counted:,} and lists {position:,}")))
        yield Page([], rest)

    def _beyond(self, rest: Interval) -> Iterator[Page]:
        """Yield what GitHub doesn't give by pages."""
        self.notes.append(f"{self.path}: GitHub lists nothing older than {rest.end:%Y-%m-%d %H:%M:%S} UTC")
        yield Page([], rest)


def ordered(kind: Kind, items: Sequence[Any], time_field: str, path: str) -> list[Any]:
    """Return the items of a page of ``path`` so that a walk can go by them, whatever a single one is.

    Raises:
        GitHubError: That can't be, as none has a time.
    """
    try:
        return in_order(kind, items, time_field)
    except UnusableError as error:
        raise GitHubError(f"GET {path} answered what can't be used: {error}", status=200) from error
