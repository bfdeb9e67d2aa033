"""Finding runs that were deleted on GitHub long after they were created.

Belongs here: whether to look, where, and how many requests that may take. Deletions among the runs of the last 30 days
are found by the daily look at their list (``actions``); how runs are counted and listed belongs to ``runs``.

No list tells what was deleted, but GitHub counts the runs of a repository: when it counts fewer than it did, beside
those that are stored, something went. What went is found by comparing counts of slices of creation time with what is
stored, halving those that differ. What is older than GitHub keeps runs is left alone: it goes by itself.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from roadmap_pipeline.github.ingest.intervals import SECOND, Interval, gaps
from roadmap_pipeline.github.ingest.runs import FILTERED_CAP, RunList
from roadmap_pipeline.github.payloads import records

if TYPE_CHECKING:
    from roadmap_pipeline.github.ingest.repository_reader import RepositoryReader

KEPT_BY_GITHUB = timedelta(days=400)
REQUESTS_PER_LOOK = 60
ANSWERS = 2
"""The responses of the search index, which may be stale, that must say the same."""
LOOKS = 3
"""On how many days to look for what GitHub counts less before that is put down to runs that were never stored."""
LISTED_AT_ONCE = 100

_STORED = """
from raw.workflow_runs
where repo = ? and deleted_upstream_at is null and source like 'http%'
"""


@dataclass(slots=True)
class _Known:
    """Row of ``raw.run_counts``."""

    unlisted: int
    looks: int
    looked_back_to: datetime | None


class DeletedRuns:
    """The search for deleted runs of one repository; ``read_again`` reads runs by id and notes those that are gone."""

    def __init__(self, reader: "RepositoryReader", runs: RunList, read_again: Callable[[Sequence[int]], None]) -> None:
        self._r = reader
        self._runs = runs
        self._read_again = read_again
        self._requests_left = REQUESTS_PER_LOOK

    def look(self, until: datetime, listed: Sequence[Interval]) -> None:
        """Look for deleted runs created before ``until``, if fewer are counted than were; once a day is enough.

        Args:
            until: Naive UTC.
            listed: The intervals for which the list of runs has been read.
        """
        counted = self._runs.counted
        newest = max((interval.end for interval in listed), default=self._r.horizon)
        if counted is None or not listed or gaps(listed, Interval(self._r.horizon, newest)):
            return  # what isn't stored yet can't be told from what went
        before, unlisted = self._known(), counted - self._stored_in_all()
        if before is None and unlisted >= 0:
            self._keep(_Known(unlisted, 0, None))
            return
        # a count below what is stored is a limit of GitHub's, and tells nothing: then look every day
        is_due = before is None or unlisted < 0 or unlisted < before.unlisted or before.looked_back_to is not None
        if not is_due:
            self._keep(_Known(unlisted, 0, None))
            return
        looked_back_to = self._look_into(until, before.looked_back_to if before else None)
        unlisted = counted - self._stored_in_all()
        looks = (before.looks if before else 0) + 1
        is_explained = before is None or unlisted >= before.unlisted or looks >= LOOKS
        if is_explained or before is None:
            self._keep(_Known(unlisted, 0, looked_back_to))
        else:
            self._keep(_Known(before.unlisted, looks, looked_back_to))

    def _look_into(self, until: datetime, from_where: datetime | None) -> datetime | None:
        """Compare slices, newest first, and return where to go on if that took too many requests."""
        oldest = max(self._r.now - KEPT_BY_GITHUB, self._r.horizon)
        whole = Interval(oldest, min(until, from_where or until))
        if whole.is_empty or self._agrees(whole):
            return None
        for interval in self._slices(whole):
            if not self._compare(interval):
                return interval.end
        return None

    def _slices(self, whole: Interval) -> list[Interval]:
        """Return ``whole`` in slices that the search index counts, newest first."""
        times = self._r.store.query(
            f"select created_at {_STORED} and created_at between ? and ?"
            " qualify row_number() over (order by created_at desc, run_id desc) % ? = 0 order by created_at desc",
            [self._r.repo, whole.start, whole.end, FILTERED_CAP * 9 // 10],
        )
        ends = [whole.end, *(time - SECOND for (time,) in times)]
        starts = [*(end + SECOND for end in ends[1:]), whole.start]
        return [interval for interval in map(Interval, starts, ends) if not interval.is_empty]

    def _compare(self, interval: Interval) -> bool:
        """Find what differs in ``interval``, and return whether the requests were enough for that."""
        if self._requests_left <= 0:
            return False
        if self._agrees(interval):
            return True
        if len(self._stored_in(interval)) <= LISTED_AT_ONCE or interval.start == interval.end:
            self._list(interval)
            return True
        middle = interval.start + SECOND * (int((interval.end - interval.start).total_seconds()) // 2)
        return self._compare(Interval(middle + SECOND, interval.end)) and self._compare(
            Interval(interval.start, middle)
        )

    def _agrees(self, interval: Interval) -> bool:
        """Return whether GitHub counts as many runs as are stored, as most of its answers say."""
        stored, votes = len(self._stored_in(interval)), {True: 0, False: 0}
        while max(votes.values()) < ANSWERS:
            self._requests_left -= 1
            votes[self._runs.count(interval) == stored] += 1
        return votes[True] >= ANSWERS

    def _list(self, interval: Interval) -> None:
        """Read the runs of ``interval``, and by id those stored ones that the list lacks."""
        stored = self._stored_in(interval)
        listed: set[int] = set()
        for runs in self._runs.slice(interval):
            self._requests_left -= 1
            listed.update(run["id"] for run in runs)
            self._r.store.put({"workflow_runs": self._r.rows(records.run_row, runs, self._runs.path)})
        self._read_again(sorted(set(stored) - listed))

    def _stored_in(self, interval: Interval) -> list[int]:
        rows = self._r.store.query(
            f"select distinct run_id {_STORED} and created_at between ? and ?",
            [self._r.repo, interval.start, interval.end],
        )
        return [run_id for (run_id,) in rows]

    def _stored_in_all(self) -> int:
        ((count,),) = self._r.store.query(f"select count(distinct run_id) {_STORED}", [self._r.repo])
        return int(count)

    def _known(self) -> _Known | None:
        rows = self._r.store.query(
            "select unlisted, looks, looked_back_to from raw.run_counts where repo = ?", [self._r.repo]
        )
        return _Known(*rows[0]) if rows else None

    def _keep(self, known: _Known) -> None:
        if known != self._known():
            self._r.store.put_run_count(self._r.repo, known.unlisted, known.looks, known.looked_back_to)
