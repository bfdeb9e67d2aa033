"""Listing the workflow runs of a repository, newest first, as far back as asked and complete.

Belongs here: GitHub's two limits on lists of runs, its stale index, and gaps that a moving list makes. Pages and where
a walk starts belong to ``listing``; what is done with a run to ``actions``.

GitHub cuts its lists: 40,000 runs without a filter, 1,000 with one, on Enterprise Server perhaps fewer. Filtered lists
come from a search index that may be stale, so the unfiltered list is read as far as it goes, wherever that is, and only
what lies behind it by slices of creation time.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from roadmap_pipeline.github.client.client import GitHubClient, GitHubError, IncompleteList
from roadmap_pipeline.github.client.paging import PER_PAGE, may_be_followed
from roadmap_pipeline.github.client.response import Response
from roadmap_pipeline.github.ingest.intervals import SECOND, Interval
from roadmap_pipeline.github.ingest.listing import Hole, NewestFirst, Page, Payload
from roadmap_pipeline.github.payloads.shapes import Kind

FILTERED_CAP = 1_000
SEAM_TRIES = 5
LEAF_TRIES = 3
FRESH_TRIES = 5
LEAF_ANSWERS = 6
"""The responses that must agree on how many runs a slice holds: up to three in ten come from a stale index. Beside
that, a slice and its neighbour must hold as many runs as the slice that both were cut from."""


@dataclass(frozen=True, slots=True)
class _Listed:
    """The result of listing a slice.

    Attributes:
        accounted: The runs that were listed, or whose lack was noted.
        is_complete: Whether that was all as far as can be told.
        unconfirmed: The intervals of it that nothing but their own responses speaks for yet.
        too_many: The runs that GitHub counts in it by now, where it lists no more of them: it has to be cut.
    """

    accounted: int
    """Runs that were listed, or whose lack was noted."""
    is_complete: bool = True
    unconfirmed: Sequence[Interval] = ()
    too_many: int | None = None


class RunList(NewestFirst):
    """The runs of ``repo``, by creation."""

    def __init__(self, client: GitHubClient, repo: str) -> None:
        super().__init__(
            client, f"/repos/{repo}/actions/runs", {}, kind=Kind.RUN, time_field="created_at", items_key="workflow_runs"
        )
        self._workflows_path = f"/repos/{repo}/actions/workflows"
        self._filtered_cap = FILTERED_CAP
        self.counted: int | None = None
        """The number of runs that GitHub counts in all (or at most), as its last response for the first page says."""

    def first(self, etag: str | None = None) -> Response:
        """Return the first page, and note how many runs GitHub counts."""
        response = super().first(etag)
        if not response.unchanged:
            self.counted = response.total_count
        return response

    def count(self, interval: Interval) -> int | None:
        """Return how many runs of ``interval`` GitHub's search index counts; None where it may have stopped."""
        counted = self._count(self.path, {"created": str(interval)})
        return counted if counted != self._filtered_cap else None

    def slice(self, interval: Interval) -> Iterator[list[Payload]]:
        """Yield the runs of ``interval`` as GitHub's search index has them, page by page."""
        for page in self._slice(interval, self.path):
            yield list(page.items)

    # A run that is deleted between two pages moves the next page's first run onto the page before, where nobody looks
    # again. While GitHub counts the runs, a smaller count tells; in longer lists, whose count is a limit, the upper
    # page is asked for once more, which costs nothing as long as it is unchanged.

    def _seam(self, number: int, upper: Response, lower: Response) -> Generator[Page, None, Response]:
        for _ in range(SEAM_TRIES):
            if _is_counted(upper):
                if (lower.total_count or 0) >= (upper.total_count or 0):
                    return lower
                upper = self._page(number) or upper
            else:
                again = self._client.get(self.path, {**self.params, "page": number}, upper.etag)
                if again.unchanged or _ids(self.items(again)) == _ids(self.items(upper)):
                    return lower
                upper = again
            yield Page(self.items(upper), None)
            lower = self._page(number + 1) or lower
        self.notes.append(
            f"{self.path}: runs kept being deleted around page {number} while it was read; the daily look at the last"
            " 30 days finds what moved"
        )
        return lower

    def _end(
        self, number: int, response: Response, position: int, rest: Interval, page_error: GitHubError | None
    ) -> Iterator[Page]:
        """Make sure that the list ends here: one that was cut may look so, and the search index knows older runs."""
        if rest.is_empty or (page_error is not None and not isinstance(page_error, IncompleteList)):
            yield from super()._end(number, response, position, rest, page_error)
            return
        counted = response.total_count
        is_contradicted = counted is not None and counted > position
        if page_error is None and not is_contradicted and position % PER_PAGE:
            yield Page([], rest)
            return
        if page_error is None and number > 1 and self._page(number + 1) is None:
            yield from self._beyond(rest)
            return
        older = Interval(rest.start, rest.end - SECOND)
        if page_error is None and not is_contradicted and (older.is_empty or not self._any(older)):
            yield Page([], rest)
            return
        listed = yield from self._slice(rest, self.path)
        before_history = self._count(self.path, {"created": f"<{_iso(rest.start)}"}) if is_contradicted else 0
        if counted is not None and counted > position + listed.accounted + before_history:
            error = IncompleteList(f"GitHub counts {counted:,} runs and lists {position + listed.accounted:,}")
            self.holes.append(Hole(rest, error))
        yield from _pages(listed.unconfirmed)

    def _any(self, interval: Interval) -> bool:
        """Return whether the search index has runs of ``interval``, in any of several answers."""
        return any(self._count(self.path, {"created": str(interval)}) for _ in range(LEAF_TRIES))

    def _beyond(self, rest: Interval) -> Iterator[Page]:
        listed = yield from self._slice(rest, self.path)
        yield from _pages(listed.unconfirmed)

    def _slice(self, interval: Interval, path: str) -> Generator[Page, None, _Listed]:
        """Yield the runs of ``interval``, newest first."""
        if interval.is_empty:
            return _Listed(0)
        query = {"created": str(interval)}
        total = self._count(path, query)
        if total < self._filtered_cap:
            listed = yield from self._leaf(interval, path, query, total)
            if listed.too_many is None:
                return listed
            total = listed.too_many  # the first count was a stale one, or the server lists fewer than others
        if interval.start == interval.end:
            return (yield from self._second(interval, path, total))
        middle = interval.start + SECOND * (int((interval.end - interval.start).total_seconds()) // 2)
        newer = yield from self._slice(Interval(middle + SECOND, interval.end), path)
        older = yield from self._slice(Interval(interval.start, middle), path)
        accounted = newer.accounted + older.accounted
        if accounted < total:
            self._miss(interval, path, total, accounted)
            return _Listed(total, is_complete=False)
        yield from _pages([*newer.unconfirmed, *older.unconfirmed])
        return _Listed(accounted, newer.is_complete and older.is_complete)

    def _second(self, interval: Interval, path: str, total: int) -> Generator[Page, None, _Listed]:
        """Yield the runs of one second, of which there are more than GitHub lists."""
        if path != self.path:
            self._hole(
                interval,
                f"{path}: {self._filtered_cap:,} or more runs of one workflow within the second {_iso(interval.start)},"
                " which GitHub does not list completely",
            )
            return _Listed(total, is_complete=False)
        is_complete = True
        for workflows in self._client.pages(self._workflows_path, items_key="workflows"):
            for workflow in (one for one in workflows if isinstance(one, dict) and isinstance(one.get("id"), int)):
                listed = yield from self._slice(interval, f"{self._workflows_path}/{workflow['id']}/runs")
                is_complete = is_complete and listed.is_complete
        return _Listed(total, is_complete, [interval] if is_complete else [])

    def _count(self, path: str, query: Mapping[str, Any]) -> int:
        try:
            return self._client.get(path, {**query, "per_page": 1}).total_count or 0
        except GitHubError as error:
            if error.status == 422:
                return self._filtered_cap
            raise

    def _leaf(
        self, interval: Interval, path: str, query: Mapping[str, Any], total: int
    ) -> Generator[Page, None, _Listed]:
        ids: set[int] = set()
        responses, is_cut = 1, False
        for _ in range(LEAF_TRIES):
            number, more = 1, True
            listed: set[int] = set()
            while more:
                response = self._fresh(path, {**query, "per_page": PER_PAGE, "page": number}, total)
                responses += 1
                if response is None:
                    break
                runs = self.items(response)
                new = set(_ids(runs)) - listed
                listed |= new
                total = max(total, response.total_count or 0)
                more = bool(new) and may_be_followed(response, len(runs), len(listed))
                more = more and number < FILTERED_CAP // PER_PAGE
                number += 1
                yield Page(runs, None)
            ids |= listed
            is_cut = 0 < len(ids) < total and len(ids) % PER_PAGE == 0
            while responses < LEAF_ANSWERS and len(ids) >= total:
                total = max(total, self._count(path, query))
                responses += 1
            if len(ids) >= total:
                return _Listed(len(ids), unconfirmed=[interval])
        if is_cut and len(ids) <= self._filtered_cap:
            self._filtered_cap = len(ids)  # perhaps this server lists fewer; smaller slices come through
            return _Listed(len(ids), is_complete=False, too_many=total)
        self._miss(interval, path, total, len(ids))
        return _Listed(total, is_complete=False)

    def _miss(self, interval: Interval, path: str, total: int, listed: int) -> None:
        self._hole(interval, f"{path}: GitHub counts {total:,} runs and lists {listed:,}")

    def _hole(self, interval: Interval, text: str) -> None:
        self.holes.append(Hole(interval, IncompleteList(text)))

    def _fresh(self, path: str, params: Mapping[str, Any], total: int) -> Response | None:
        """Return a page of a filtered list, None behind the last one that GitHub gives.

        One that counts less than another response did is stale, and requested again.
        """
        for _ in range(FRESH_TRIES):
            try:
                response = self._client.get(path, params)
            except GitHubError as error:
                if error.status == 422 and params["page"] > 1:
                    return None
                raise
            if (response.total_count or 0) >= total:
                break
        return response


def _is_counted(response: Response) -> bool:
    """Return whether the count of a list is surely a count: a limit of GitHub's is a number of whole pages."""
    return (response.total_count or 0) % PER_PAGE != 0


def _pages(intervals: Sequence[Interval]) -> Iterator[Page]:
    """Yield pages without items which say that ``intervals`` are complete."""
    for interval in intervals:
        yield Page([], interval)


def _ids(runs: list[Payload]) -> list[int]:
    return [run["id"] for run in runs]


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
