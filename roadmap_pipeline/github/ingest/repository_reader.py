"""The reader that all walks through one repository share: where it is, how lists and many single things are read.

Belongs here: nothing that knows what is read. Runs belong to ``actions``, pull requests, issues and milestones to
``collaboration``.
"""

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from roadmap_pipeline.errors import RoadmapError
from roadmap_pipeline.github.client.client import GitHubClient, GitHubError, IncompleteList
from roadmap_pipeline.github.client.paging import PER_PAGE, may_be_followed
from roadmap_pipeline.github.client.response import Response
from roadmap_pipeline.github.ingest.bulk_queries import GraphQLAccess
from roadmap_pipeline.github.ingest.concurrent_requests import ConcurrentRequests, Item, Result
from roadmap_pipeline.github.ingest.intervals import Interval, gaps, union, without_newest
from roadmap_pipeline.github.ingest.listing import NewestFirst, Page, Payload
from roadmap_pipeline.github.ingest.prefetch import ahead
from roadmap_pipeline.github.ingest.read_failures import ReadFailures
from roadmap_pipeline.github.ingest.store import Store
from roadmap_pipeline.github.payloads.normalization import UnusableError
from roadmap_pipeline.github.payloads.records import MakeRow, Provenance, Row, naive_utc
from roadmap_pipeline.interruption import Interrupted
from roadmap_pipeline.progress import Task

if TYPE_CHECKING:
    from roadmap_pipeline.failures.classifier import Classifier

OVERLAP = timedelta(hours=1)
"""The distance by which a walk starts behind what it has read: GitHub's lists lag a little behind what happens."""
ITEMS_PER_BATCH = 2_000
"""A transaction costs as much as storing some hundred runs; a parsed run takes some 40 kB of memory."""

OBJECTS_BETWEEN_COLLECTIONS = 200_000

Take = Callable[[Sequence[Payload], Sequence[Interval]], Mapping[str, Sequence[Row]]]
"""From items of a list, and the intervals that are complete with them, to rows by table."""


@contextmanager
def collecting_rarely() -> Iterator[None]:
    """Let Python look for cycles among objects less often within the block.

    Responses are trees of some ten thousand objects a page, and walking through them over and over takes an eighth of
    the time of reading.
    """
    usual = gc.get_threshold()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


@dataclass(frozen=True, slots=True)
class ListPage:
    """A page of a list that is read as a whole: the query, the response, and its items."""

    params: Mapping[str, Any]
    response: Response
    items: Sequence[Any]


@dataclass(frozen=True, slots=True)
class RepositoryReader:
    """One reading of ``repo`` (canonical) at ``read_at`` (aware), back to ``horizon`` (naive UTC).

    ``workers`` send single requests, ``listers`` walk through lists; both are shared with other repositories.
    ``classifier`` decides what is kept of logs; None stands for the project's rules.
    """

    client: GitHubClient
    store: Store
    workers: Executor
    listers: Executor
    repo: str
    read_at: datetime
    horizon: datetime
    classifier: "Classifier | None" = None
    root: str = field(init=False)
    failures: ReadFailures = field(init=False)
    """The things that could not be read of the repository."""
    graphql: GraphQLAccess = field(init=False, default_factory=GraphQLAccess)
    """The state of GraphQL, which reads many things at once."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", f"/repos/{self.repo}")
        object.__setattr__(self, "failures", ReadFailures(self.store, self.repo))

    @property
    def now(self) -> datetime:
        """The time of reading (naive UTC)."""
        return naive_utc(self.read_at)

    def provenance(self, path: str) -> Provenance:
        """Return when and from where what ``path`` responds was read."""
        return Provenance(self.read_at, self.client.url(path))

    def rows(self, make: MakeRow, payloads: Iterable[Any], path: str) -> list[Row]:
        """Return the rows of what ``path`` responds, without those that can't be used, which the summary notes."""
        return self.store.rows(make, payloads, self.repo, self.provenance(path))

    def row(self, make: MakeRow, payload: Any, path: str) -> Row:
        """Return the row of the one thing that ``path`` responds.

        Raises:
            GitHubError: It can't be used.
        """
        try:
            return make(payload, self.repo, self.provenance(path), [])
        except UnusableError as error:
            raise GitHubError(f"GET {path} answered what can't be used: {error}", status=200) from error

    def etag(self, path: str, params: Mapping[str, Any] | None = None) -> str | None:
        """Return the entity tag of the last response for this address."""
        return self.store.etag(self.client, path, params)

    def remember(self, path: str, params: Mapping[str, Any] | None, response: Response) -> None:
        """Keep the entity tag of a response whose rows are stored."""
        self.store.remember(self.client, path, params, response)

    def whole_list(
        self, path: str, params: Mapping[str, Any], stored: int, items_key: str | None = None
    ) -> Sequence["ListPage"]:
        """Return all pages of a list that has to be read as a whole; none when it is as it was when last read.

        Args:
            path: From ``/``, below the REST root.
            params: Of the query.
            stored: How many items are stored, which tells how many pages there were then.
            items_key: The name of the list in an envelope.

        Raises:
            IncompleteList: A page is given again as the next one.
        """
        pages = self._list_pages(path, params, items_key, stored)
        if all(page.response.unchanged for page in pages):
            return []
        if any(page.response.unchanged for page in pages):
            return self._list_pages(path, params, items_key, None)
        return pages

    def _list_pages(
        self, path: str, params: Mapping[str, Any], items_key: str | None, stored: int | None
    ) -> Sequence["ListPage"]:
        """Return the pages of a list, each on the condition that it isn't as before, or (``stored`` None) without."""
        pages: list[ListPage] = []
        number = 1
        while True:
            query = {**params, "per_page": PER_PAGE, "page": number}
            response = self.client.get(path, query, None if stored is None else self.etag(path, query))
            items = [] if response.unchanged else response.items(items_key)
            if items is None:
                raise GitHubError(f"GET {path} answered 200 without the list of {items_key or 'items'}", status=200)
            if items and pages and items == pages[-1].items:
                raise IncompleteList(f"GET {path}: GitHub gives page {number - 1} again as page {number}", status=200)
            pages.append(ListPage(query, response, items))
            size = len(items) + len(response.holes)
            if response.unchanged:
                is_last = number * PER_PAGE > (stored or 0)
            else:
                is_last = not size or not may_be_followed(response, size, (number - 1) * PER_PAGE + size)
            if is_last:
                return pages
            number += 1

    def make_sure_all_is_listed(self, path: str, pages: Sequence["ListPage"]) -> None:
        """Raise IncompleteList when GitHub counts more than the pages of a list hold, or fails to give some of it."""
        listed = sum(len(page.items) for page in pages)
        counted = max(page.response.total_count or 0 for page in pages)
        holes = sum(len(page.response.holes) for page in pages)
        if listed + holes < counted or holes:
            counted = max(counted, listed + holes)
            raise IncompleteList(f"GET {path}: GitHub counts {counted:,} and lists {listed:,}", status=200)

    def remember_pages(self, path: str, pages: Sequence["ListPage"]) -> None:
        """Keep the entity tags of the pages of a list whose rows are stored."""
        for page in pages:
            self.remember(path, page.params, page.response)

    def read_list(
        self,
        listing: NewestFirst,
        start: datetime | Callable[[], datetime],
        *,
        endpoint: str,
        walks: Sequence[str],
        newer: Callable[[datetime], int],
        take: Take,
        progress: Task,
        conditional: bool = True,
    ) -> None:
        """Read what ``walks[0]`` has not read of a list since ``start``, and note it as read for all ``walks``.

        The gaps are closed newest first, each batch in one transaction: after an error or a kill the next ingest goes
        on where this one stopped. Intervals that GitHub fails to give are noted as failures and stay gaps, to be closed
        in their time.

        Args:
            listing: The list.
            start: Naive UTC; called where it depends on the first page.
            endpoint: The one of ``raw.read_failures`` under which failures are noted.
            walks: Names of the walks that read the list.
            newer: Counts the stored items that are newer than a time, to find the page where a gap begins.
            take: Makes rows of items.
            progress: Is told how many items were read.
            conditional: Whether the first page is left out when nothing is new.
        """
        covered = self.store.covered(self.repo, walks[0])
        first = listing.first(self.etag(listing.path, listing.params) if conditional else None)
        start = start() if callable(start) else start
        # up to where the list is known: the newest may have been deleted since
        ends = [interval.end for walk in walks for interval in self.store.covered(self.repo, walk)]
        was_read = bool(ends)
        if not first.unchanged:
            ends += [listing.time_of(item) for item in listing.items(first)]
        whole = Interval(start, max(ends, default=start))
        # an empty list has been read, too, and one that ends before the start: what comes is newer than its beginning
        if not was_read and all(end < start for end in ends):
            self.store.put({}, repo=self.repo, covered={walk: [Interval(start, start)] for walk in walks})
        known = covered if first.unchanged else without_newest(covered, OVERLAP)
        listing.holes.clear()
        # what lies on the first page is known already
        at_top = [] if first.unchanged else [listing.time_of(item) for item in listing.items(first)]
        waiting = [Interval.parse(item) for item in self.failures.items(endpoint, due=False)]
        for_later = [interval for interval in waiting if not at_top or interval.end < min(at_top)]
        missing = gaps([*known, *for_later], whole) if ends else []
        try:
            for gap in missing:
                is_top = gap.end == whole.end and not first.unchanged
                pages = listing.walk(gap, first=first) if is_top else listing.walk(gap, newer=newer(gap.end))
                self._close(pages, listing, walks, take, progress)
                if is_top:
                    self.remember(listing.path, listing.params, first)
            if not missing:
                self.remember(listing.path, listing.params, first)
        finally:
            self._note_holes(listing, endpoint, walks[0])
            for note in listing.notes:
                self.store.note(note)

    def _note_holes(self, listing: NewestFirst, endpoint: str, walk: str) -> None:
        """Note the holes of a list as failures, and forget those of earlier readings that are closed."""
        covered = self.store.covered(self.repo, walk)
        open_before = []
        for item in [*self.failures.items(endpoint, due=True), *self.failures.items(endpoint, due=False)]:
            if gaps(covered, Interval.parse(item)):
                open_before.append(item)
            else:
                self.failures.succeeded(endpoint, item)
        for hole in listing.holes:
            before = [item for item in open_before if Interval.parse(item).overlaps(hole.interval)]
            self.failures.failed(endpoint, str(hole.interval), hole.error, instead_of=before)

    def _close(
        self, pages: Iterator[Page], listing: NewestFirst, walks: Sequence[str], take: Take, progress: Task
    ) -> None:
        items: list[Payload] = []
        intervals: list[Interval] = []

        def flush() -> None:
            holes = [hole.interval for hole in listing.holes]
            read = [part for interval in union(intervals) for part in gaps(holes, interval)]
            self.store.put(take(items, read), repo=self.repo, covered=dict.fromkeys(walks, read) if read else None)
            items.clear()
            intervals.clear()

        try:
            for page in ahead(pages, self.listers):
                items.extend(page.items)
                if page.covered is not None:
                    intervals.append(page.covered)
                progress.advance(len(page.items))
                if len(items) >= ITEMS_PER_BATCH:
                    flush()
        except (RoadmapError, Interrupted):
            flush()  # what came before it is whole
            raise
        flush()

    def in_threads(
        self,
        read: Callable[[Item], Result],
        items: Iterable[Item],
        keep: Callable[[Sequence[Result]], object],
        *,
        endpoint: str,
        item: Callable[[Item], object] = str,
        batch: int = 100,
        progress: Task | None = None,
    ) -> None:
        """Read all ``items`` side by side and ``keep`` the results by batches, in their order.

        What GitHub refuses or fails to give is noted under ``endpoint`` and the name that ``item`` gives it, and left
        out; what failed in an earlier ingest is requested when its time has come. After an error that the walk can't go
        on without (a spent quota, say) no further request goes out, what was read is kept, and it is raised.
        """
        wanted = list(items)
        self.failures.want(endpoint, (str(item(one)) for one in wanted))
        due = [one for one in wanted if self.failures.is_due(endpoint, str(item(one)))]
        requests = ConcurrentRequests(
            self.client, self.workers, self.failures, endpoint, lambda one: str(item(one)), batch, progress
        )
        requests.run(read, due, keep)
