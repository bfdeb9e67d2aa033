"""Listing the workflow runs of a repository, newest first, as far back as asked and complete.

Belongs here: GitHub's two limits on lists of runs, its stale index, and gaps that a moving list makes. Pages and where
a walk starts belong to ``listing``; what is done with a run to ``actions``.

GitHub cuts its lists: 40,000 runs without a filter, 1,000 with one. Filtered lists come from a search index that may be
stale, so the unfiltered list is read as far as it goes, and only what lies behind it by slices of creation time.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from roadmap_pipeline.github.coverage import SECOND, Span
from roadmap_pipeline.github.listing import NewestFirst, Page, Payload
from roadmap_pipeline.github.transport import PER_PAGE, Answer, GitHubClient, GitHubError

UNFILTERED_CAP = 40_000
FILTERED_CAP = 1_000
SEAM_TRIES = 5
LEAF_TRIES = 3
FRESH_TRIES = 5
LEAF_ANSWERS = 6
"""How many answers must agree on how many runs a slice holds: up to three in ten come from a stale index. Beside that,
a slice and its neighbour must hold as many runs as the slice that both were cut from."""


@dataclass(frozen=True, slots=True)
class _Listed:
    """What a slice of the list gave: whether that was all as far as can be told, and the spans of it that nothing but
    their own answers speaks for yet."""

    accounted: int
    """Runs that were listed, or whose lack was noted."""
    is_complete: bool = True
    unconfirmed: Sequence[Span] = ()


class RunList(NewestFirst):
    """The runs of ``repo``, by creation. ``problems`` collects what GitHub does not list at all."""

    def __init__(self, client: GitHubClient, repo: str, *, unfiltered_cap: int = UNFILTERED_CAP) -> None:
        super().__init__(
            client,
            f"/repos/{repo}/actions/runs",
            {},
            time_field="created_at",
            items_key="workflow_runs",
            cap=unfiltered_cap,
        )
        self.problems: list[str] = []
        self._workflows_path = f"/repos/{repo}/actions/workflows"

    # A run that is deleted between two pages moves the next page's first run onto the page before, where nobody looks
    # again. While GitHub counts the runs, a smaller count tells; in longer lists, the upper page is asked for once
    # more, which costs nothing as long as it is unchanged.

    def _seam(self, number: int, upper: Answer, lower: Answer) -> Generator[Page, None, Answer]:
        for _ in range(SEAM_TRIES):
            if upper.data["total_count"] < UNFILTERED_CAP:
                if lower.data["total_count"] >= upper.data["total_count"]:
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

    def _beyond(self, rest: Span) -> Iterator[Page]:
        listed = yield from self._slice(rest, self.path)
        yield from _pages(listed.unconfirmed)

    def _slice(self, span: Span, path: str) -> Generator[Page, None, _Listed]:
        """Runs of ``span``, newest first."""
        if span.is_empty:
            return _Listed(0)
        query = {"created": f"{_iso(span.start)}..{_iso(span.end)}"}
        total = self._count(path, query)
        if total < FILTERED_CAP:
            return (yield from self._leaf(span, path, query, total))
        if span.start == span.end:
            return (yield from self._second(span, path, total))
        middle = span.start + SECOND * (int((span.end - span.start).total_seconds()) // 2)
        newer = yield from self._slice(Span(middle + SECOND, span.end), path)
        older = yield from self._slice(Span(span.start, middle), path)
        accounted = newer.accounted + older.accounted
        if accounted < total:
            self._note_missing(path, query, total, accounted)
            return _Listed(total, is_complete=False)
        yield from _pages([*newer.unconfirmed, *older.unconfirmed])
        return _Listed(accounted, newer.is_complete and older.is_complete)

    def _second(self, span: Span, path: str, total: int) -> Generator[Page, None, _Listed]:
        """Runs of one second, of which there are more than GitHub lists."""
        if path != self.path:
            self.problems.append(
                f"{path}: {FILTERED_CAP} or more runs of one workflow within the second {_iso(span.start)}, which"
                " GitHub does not list completely; set history_days so that this time is left out"
            )
            return _Listed(total, is_complete=False)
        is_complete = True
        for workflows in self._client.pages(self._workflows_path, items_key="workflows"):
            for workflow in workflows:
                listed = yield from self._slice(span, f"{self._workflows_path}/{workflow['id']}/runs")
                is_complete = is_complete and listed.is_complete
        return _Listed(total, is_complete, [span] if is_complete else [])

    def _count(self, path: str, query: Mapping[str, Any]) -> int:
        try:
            return int(self._client.get(path, {**query, "per_page": 1}).data["total_count"])
        except GitHubError as error:
            if error.status == 422:
                return FILTERED_CAP
            raise

    def _leaf(self, span: Span, path: str, query: Mapping[str, Any], total: int) -> Generator[Page, None, _Listed]:
        found: set[int] = set()
        answers = 1
        for _ in range(LEAF_TRIES):
            number, more = 1, True
            while more:
                answer = self._fresh(path, {**query, "per_page": PER_PAGE, "page": number}, total)
                runs = self.items(answer)
                found.update(_ids(runs))
                total = max(total, answer.data["total_count"])
                answers += 1
                yield Page(runs, None)
                number, more = number + 1, answer.has_next and number * PER_PAGE < FILTERED_CAP
            while answers < LEAF_ANSWERS and len(found) >= total:
                total = max(total, self._count(path, query))
                answers += 1
            if len(found) >= total:
                return _Listed(len(found), unconfirmed=[span])
        self._note_missing(path, query, total, len(found))
        return _Listed(total, is_complete=False)

    def _note_missing(self, path: str, query: Mapping[str, Any], total: int, found: int) -> None:
        self.notes.append(
            f"{path}?created={query['created']}: GitHub counts {total} runs and lists {found};"
            " the next ingest looks again"
        )

    def _fresh(self, path: str, params: Mapping[str, Any], total: int) -> Answer:
        """A page of a filtered list; one that counts less than another answer did is stale, and asked for again."""
        for _ in range(FRESH_TRIES):
            answer = self._client.get(path, params)
            if answer.data["total_count"] >= total:
                break
        return answer


def _pages(spans: Sequence[Span]) -> Iterator[Page]:
    """Word that ``spans`` are complete."""
    for span in spans:
        yield Page([], span)


def _ids(runs: list[Payload]) -> list[int]:
    return [run["id"] for run in runs]


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
