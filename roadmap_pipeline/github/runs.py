"""Listing the workflow runs of a repository, newest first, as far back as asked and complete.

Belongs here: the order of pages, GitHub's two limits on lists, and gaps that a moving list makes. What is done with a
run belongs to ``ingest``.

GitHub cuts its lists: 40,000 runs without a filter, 1,000 with one. Filtered lists come from a search index that may be
stale, so the unfiltered list is read as far as it goes, and only what lies behind it by slices of creation time.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from roadmap_pipeline.github.records import parse_time
from roadmap_pipeline.github.transport import PER_PAGE, Answer, GitHubClient, GitHubError

UNFILTERED_CAP = 40_000
FILTERED_CAP = 1_000

Payload = dict[str, Any]


class RunList:
    """The runs of ``repo``. ``notes`` collects what could not be read completely."""

    def __init__(self, client: GitHubClient, repo: str, *, unfiltered_cap: int = UNFILTERED_CAP) -> None:
        self._client = client
        self._path = f"/repos/{repo}/actions/runs"
        self._workflows_path = f"/repos/{repo}/actions/workflows"
        self._unfiltered_cap = unfiltered_cap
        self.notes: list[str] = []

    @property
    def path(self) -> str:
        """Path of the list."""
        return self._path

    @staticmethod
    def page_params(page: int = 1) -> dict[str, Any]:
        """Parameters of a page of the unfiltered list."""
        return {"per_page": PER_PAGE, "page": page}

    def pages(self, first: Answer, oldest: datetime) -> Iterator[list[Payload]]:
        """Pages of runs from ``first`` (the answer for page 1) to the one that reaches ``oldest`` (naive UTC).

        Runs may come twice and the last page may hold older ones. Stop reading to stop asking.
        """
        answer, number, reached = first, 1, None
        while True:
            runs = answer.data["workflow_runs"]
            yield runs
            if runs:
                reached = _created_at(runs[-1])
                if reached < oldest:
                    return
            if not answer.has_next:
                is_cut = number * PER_PAGE >= self._unfiltered_cap
                break
            total = answer.data["total_count"]
            number += 1
            following = self._page(number)
            if following is None:
                is_cut = True
                break
            if following.data["total_count"] < total:
                # A run was deleted meanwhile: what moved from this page to the one before would be missed.
                again = self._page(number - 1)
                if again is not None:
                    yield again.data["workflow_runs"]
            answer = following
        if is_cut and reached is not None:
            yield from self._slice(oldest, reached, self._path)

    def _page(self, number: int) -> Answer | None:
        """A page of the unfiltered list, None behind its end."""
        if (number - 1) * PER_PAGE >= self._unfiltered_cap:
            return None
        try:
            return self._client.get(self._path, self.page_params(number))
        except GitHubError as error:
            if error.status == 422:  # "pagination is limited for this resource"
                return None
            raise

    def _slice(self, start: datetime, end: datetime, path: str) -> Iterator[list[Payload]]:
        """Runs created from ``start`` to ``end``, both inclusive (whole seconds), newest slice first."""
        if start > end:
            return
        query = {"created": f"{_iso(start)}..{_iso(end)}"}
        total = self._count(path, query)
        if total == 0:
            total = self._count(path, query)  # a stale index answers nothing now and then
        if total < FILTERED_CAP:
            yield from self._leaf(path, query, total)
        elif start < end:
            middle = start + timedelta(seconds=int((end - start).total_seconds()) // 2)
            yield from self._slice(middle + timedelta(seconds=1), end, path)
            yield from self._slice(start, middle, path)
        elif path == self._path:
            for workflows in self._client.pages(self._workflows_path, items_key="workflows"):
                for workflow in workflows:
                    yield from self._slice(start, end, f"{self._workflows_path}/{workflow['id']}/runs")
        else:
            raise GitHubError(
                f"{path}: {FILTERED_CAP} or more runs of one workflow within the second {_iso(start)}, "
                "which GitHub does not list completely; set history_days so that this time is left out"
            )

    def _count(self, path: str, query: Mapping[str, Any]) -> int:
        try:
            return int(self._client.get(path, {**query, "per_page": 1}).data["total_count"])
        except GitHubError as error:
            if error.status == 422:
                return FILTERED_CAP
            raise

    def _leaf(self, path: str, query: Mapping[str, Any], total: int) -> Iterator[list[Payload]]:
        found: set[int] = set()
        for _ in range(2):  # once more when runs are missing, since the index may be stale
            for runs in self._client.pages(path, query, "workflow_runs"):
                found.update(run["id"] for run in runs)
                yield runs
            if len(found) >= total:
                return
        self.notes.append(
            f"{path}?created={query['created']}: GitHub counts {total} runs and lists {len(found)}; "
            "the next ingest after a day looks again"
        )


def _created_at(run: Mapping[str, Any]) -> datetime:
    created_at = parse_time(run["created_at"])
    assert created_at is not None
    return created_at


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
