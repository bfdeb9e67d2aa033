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
from roadmap_pipeline.github.ingest.intervals import SECOND, Span
from roadmap_pipeline.github.ingest.read_failures import costs_only_itself, may_pass
from roadmap_pipeline.github.payloads.normalization import UnusableError, in_order, parse_time
from roadmap_pipeline.github.payloads.shapes import Kind

Payload = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """``items`` of a list, some perhaps for a second time or beside what was asked for.

    ``covered``: with this page everything of that span has been given; None where that can't be said yet.
    """

    items: Sequence[Payload]
    covered: Span | None


@dataclass(frozen=True, slots=True)
class Hole:
    """A span of a list that could not be read, and why."""

    span: Span
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
        """The answer for the first page; with ``etag`` it may be ``unchanged``."""
        return self._client.get(self.path, self.params, etag)

    def items(self, response: Response) -> list[Payload]:
        """The items of a page. Raises GitHubError when the answer has no list."""
        items = response.items(self._items_key)
        if items is None:
            kind = self._items_key or "items"
            raise GitHubError(f"GET {self.path} answered 200 without the list of {kind}", status=200)
        return ordered(self._kind, items, self._time_field, self.path)

    def time_of(self, item: Payload) -> datetime:
        """The time an item is ordered by (naive UTC)."""
        moment = parse_time(item[self._time_field])
        assert moment is not None
        return moment

    def walk(self, span: Span, *, first: Response | None = None, newer: int = 0) -> Iterator[Page]:
        """The items of ``span``, newest first, page by page. Stop taking pages to stop asking for them.

        Give the answer for the first page as ``first`` when ``span`` ends there; otherwise ``newer``, a guess at how
        many items are newer than ``span``, tells where to start.
        """
        number, response = (1, first) if first is not None else self._locate(span.end, newer)
        reached = span.end  # everything of the span that is newer was given, or lies in a hole
        torn: GitHubError | None = None  # why nothing is known of what lies before this page's first item
        items = self.items(response)
        while True:
            torn = self._note_holes(response, items, reached, torn)
            reached = min(reached, self.time_of(items[-1])) if items else reached
            if items and reached < span.start:
                yield Page(items, span)
                return
            # Further items of the last second may stand on the next page.
            yield Page(items, Span(reached + SECOND, span.end))
            rest = Span(span.start, reached)
            position = (number - 1) * PER_PAGE + len(items) + len(response.holes)
            if not may_be_followed(response, len(items) + len(response.holes), position):
                yield from self._end(number, response, position, rest, torn)
                return
            try:
                following = self._page(number + 1)
            except GitHubError as error:
                if torn is not None or not costs_only_itself(error) or not may_pass(error):
                    raise
                # one page that GitHub fails to give: those behind it may come
                torn = error
                number, following = number + 1, self._page(number + 2)
            if following is None:
                if torn is not None:
                    self.holes.append(Hole(rest, torn))
                yield from self._beyond(rest)
                return
            found = self.items(following)
            if not found or found == items:
                if found and response.has_next and torn is None:
                    torn = IncompleteList("GitHub gives the same page again")
                yield from self._end(number, response, position, rest, torn)
                return
            if torn is None:
                checked = yield from self._seam(number, response, following)
                found, following = found if checked is following else self.items(checked), checked
            number, response, items = number + 1, following, found

    def _note_holes(
        self, response: Response, items: Sequence[Payload], reached: datetime, torn: GitHubError | None
    ) -> GitHubError | None:
        """Note where items of a page are missing; returns why some may be missing behind its last one."""
        places = dict.fromkeys(response.holes)
        error = torn or GitHubError("an item of the list answers 502, also when asked for alone", status=502)
        if torn is not None:
            places = {0: None, **places}
        for place in places:
            newer = self.time_of(items[place - 1]) if place else reached
            if place < len(items):
                self.holes.append(Hole(Span(self.time_of(items[place]), newer), error))
        return error if len(items) in places else None

    def _locate(self, end: datetime, newer: int) -> tuple[int, Response]:
        """The page where items of ``end`` start (or one before it), and its answer."""
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
        """A page, None behind the last one that GitHub gives."""
        try:
            return self._client.get(self.path, {**self.params, "page": number})
        except GitHubError as error:
            if error.status == 422 and number > 1:  # "pagination is limited for this resource"
                return None
            raise

    def _seam(self, number: int, upper: Response, lower: Response) -> Generator[Page, None, Response]:  # noqa: ARG002
        """Make sure that nothing is missing between page ``number`` and the next; returns the answer for the latter."""
        yield from ()
        return lower

    def _end(
        self,
        number: int,  # noqa: ARG002
        response: Response,
        position: int,
        rest: Span,
        torn: GitHubError | None,
    ) -> Iterator[Page]:
        """Make sure that the list ends with page ``number``, its first ``position`` items; ``rest`` lies behind it."""
        if torn is not None:
            self.holes.append(Hole(rest, torn))
        elif (counted := response.total_count or 0) > position:
            self.holes.append(Hole(rest, IncompleteList(f"GitHub counts {counted:,} and lists {position:,}")))
        yield Page([], rest)

    def _beyond(self, rest: Span) -> Iterator[Page]:
        """What GitHub doesn't give by pages."""
        self.notes.append(f"{self.path}: GitHub lists nothing older than {rest.end:%Y-%m-%d %H:%M:%S} UTC")
        yield Page([], rest)


def ordered(kind: Kind, items: Sequence[Any], time_field: str, path: str) -> list[Any]:
    """Return the items of a page of ``path`` so that a walk can go by them, whatever a single one is.

    Raises GitHubError when that can't be, as none has a time.
    """
    try:
        return in_order(kind, items, time_field)
    except UnusableError as error:
        raise GitHubError(f"GET {path} answered what can't be used: {error}", status=200) from error
