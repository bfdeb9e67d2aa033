"""Reading GitHub Actions of one repository: runs, all their attempts and jobs.

Belongs here: what is requested, in which order, and when a run has to be read again. How the list of runs is walked
belongs to ``runs``, reading the jobs of many runs at once to ``bulk_jobs``, logs to ``failed_logs``.

Runs come from their list first, of a long history those of the last weeks (``read_runs``) long before the older ones
(``read_older_runs``). What hangs on a run (earlier attempts, jobs) is read next, for each run that is in another state
than when that was last read: failed and re-run ones first, newest first. So an ingest that has to stop has read what
matters, and the next one goes on.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from roadmap_pipeline.github.client.client import IncompleteList, NotFoundError, Response
from roadmap_pipeline.github.ingest.backfill_progress import (
    BackfillProgress,
    backfill_progress,
    monday_before,
    unlisted_runs,
)
from roadmap_pipeline.github.ingest.bulk_jobs import FEWEST_RUNS, BulkJobs, runs_for_bulk
from roadmap_pipeline.github.ingest.concurrent_requests import PartlyRead
from roadmap_pipeline.github.ingest.deletions import DeletedRuns
from roadmap_pipeline.github.ingest.intervals import Interval, gaps, union
from roadmap_pipeline.github.ingest.listing import Payload
from roadmap_pipeline.github.ingest.repository_reader import RepositoryReader
from roadmap_pipeline.github.ingest.runs import RunList
from roadmap_pipeline.github.payloads import records
from roadmap_pipeline.github.payloads.normalization import are_as_given
from roadmap_pipeline.github.payloads.records import Row
from roadmap_pipeline.github.payloads.shapes import Kind
from roadmap_pipeline.progress import Task

RERUN_WINDOW = timedelta(days=30)
"""The time after its creation in which a run may be run again."""
LONGEST_RUN = timedelta(days=35)
WEEKS_FIRST = 4
"""Whole weeks before the present one that are read first: what a weekly report compares."""
LONG_LIST = 1_000
"""The number of runs from which on the older ones are left for later."""
UNCERTAIN_COUNT = 100
"""A count of so many runs, or a multiple of it, may be a limit of GitHub's list."""
COMPLETED_WITHIN = timedelta(days=28)
"""The time after a run's creation in which jobs that were read in bulk are read once more, each run by itself: queue
times and runners of the last weeks are looked at, those of last year rest on the jobs of which they are known."""
# Runs that are looked at together before rows are made of them: few enough for the processor's cache to hold them.
_ROWS_AT_ONCE = 50

LIST, SWEEP = "runs", "run_sweep"
SWEEP_BEGAN = "run_sweep_began"

_NEWER = """
select count(distinct run_id) from raw.workflow_runs
where repo = ? and deleted_upstream_at is null and created_at > ?
"""
_DUE = """
select run.run_id, run.run_attempt, run.status, run.conclusion, run.updated_at,
       coalesce(run.conclusion in ('failure', 'timed_out', 'startup_failure'), false) or run.run_attempt > 1
from raw.workflow_runs as run
left join raw.run_details as read on read.run_id = run.run_id
where run.repo = ? and run.deleted_upstream_at is null and run.created_at >= ? and run.source like 'http%'
  and run.run_attempt >= coalesce(read.run_attempt, 0)
  and (read.run_id is null
       or read.run_attempt is distinct from run.run_attempt or read.status is distinct from run.status
       or read.conclusion is distinct from run.conclusion or read.updated_at is distinct from run.updated_at)
qualify run.run_attempt = max(run.run_attempt) over (partition by run.run_id)
order by run.created_at desc, run.run_id desc
"""
_IN_BULK = """
select run.run_id, run.run_attempt, run.status, run.conclusion, run.updated_at, false
from raw.workflow_runs as run
where run.repo = ? and run.deleted_upstream_at is null and run.created_at >= ? and run.source like 'http%'
  and run.run_id in (select job.run_id from raw.workflow_jobs as job where job.repo = ? and job.detail_state = 'bulk')
qualify run.run_attempt = max(run.run_attempt) over (partition by run.run_id)
order by run.created_at desc, run.run_id desc
"""


@dataclass(frozen=True, slots=True)
class _Due:
    """A run whose earlier attempts and jobs are to be read."""

    run_id: int
    run_attempt: int
    status: str | None
    conclusion: str | None
    updated_at: datetime | None
    is_urgent: bool

    def row(self, repo: str) -> Row:
        """Return the row of ``raw.run_details``."""
        return {
            "repo": repo,
            "run_id": self.run_id,
            "run_attempt": self.run_attempt,
            "status": self.status,
            "conclusion": self.conclusion,
            "updated_at": self.updated_at,
        }


@dataclass(frozen=True, slots=True)
class _Jobs:
    """The jobs of a run; ``is_gone`` when the run was deleted meanwhile, ``is_partial`` when GitHub left some out."""

    due: _Due
    jobs: list[Row]
    is_gone: bool = False
    is_partial: bool = False


class ActionsReader:
    """The walks through one repository's Actions.

    Args:
        reader: Of the repository.
        bulk_from: With at least so many runs to be read their jobs are read in bulk; None: never.
    """

    def __init__(self, reader: RepositoryReader, bulk_from: int | None = FEWEST_RUNS) -> None:
        self._r = reader
        self._bulk_from = bulk_from
        self._postponed: set[int] = set()
        self._is_swept = False
        self.has_older_runs = False
        """True when older runs were left for :meth:`read_older_runs`."""
        self._runs = RunList(reader.client, reader.repo)
        self._listed: set[int] = set()
        self._is_listed = False
        """True when the list of runs could be read, without which no single response says that a run was deleted."""

    def read_runs(self, progress: Task) -> None:
        """Read the list of runs as far as it isn't read, and once a day again as far as runs may be run again.

        Finds new, re-run, completed and deleted runs. What hangs on them is left to :meth:`read_details`. Of a long
        list that was never read the older part is left to :meth:`read_older_runs`.
        """
        self._is_swept = self._sweep(progress)
        self._read_list(self._start, progress)
        self._is_listed = True
        self._read_unfinished()
        if not self.has_older_runs:
            self._look_for_deleted()

    def read_older_runs(self, progress: Task) -> None:
        """Read the rest of a long list of runs."""
        self._read_list(lambda: self._r.horizon, progress)
        self._look_for_deleted()

    def _start(self) -> datetime:
        """Return how far back to read at first, once the first page of the list is there."""
        horizon, recent = self._r.horizon, monday_before(self._r.now, WEEKS_FIRST)
        counted = self._runs.counted
        is_long = counted is None or counted >= LONG_LIST
        covered = self._r.store.covered(self._r.repo, LIST)
        # Of a list that is as before nothing is newer than what is known, however long ago that was.
        known_to = max((interval.end for interval in covered), default=recent) if counted is None else recent
        older = gaps(covered, Interval(horizon, min(recent, known_to)))
        self.has_older_runs = is_long and bool(older)
        return recent if self.has_older_runs else horizon

    def progress(self) -> BackfillProgress | None:
        """Return how far a long history is read that this ingest did not find read; None of any other."""
        if not self.has_older_runs:
            return None
        return backfill_progress(
            self._r,
            counted=self._counted(),
            bulk_from=self._bulk_from,
            completed_within=COMPLETED_WITHIN,
        )

    def _read_list(self, start: Callable[[], datetime], progress: Task) -> None:
        self._r.read_list(
            self._runs,
            start,
            endpoint="runs",
            walks=[LIST],
            newer=self._newer,
            take=lambda runs, _: self._taken(runs),
            progress=progress,
        )

    def _look_for_deleted(self) -> None:
        if self._is_swept:
            listed = self._r.store.covered(self._r.repo, LIST)
            DeletedRuns(self._r, self._runs, self._read_again).look(self._r.now - RERUN_WINDOW, listed)

    def _sweep(self, progress: Task) -> bool:
        """Look once a day at all runs that may have been run again, since there is no list of runs by change.

        Returns:
            Whether that was done now.
        """
        store, repo, today = self._r.store, self._r.repo, self._r.now.date()
        if not store.covered(repo, LIST):
            store.advance(repo, SWEEP, self._r.now)  # nothing is stored that could have changed
            return True
        swept_at, began_at = store.watermark(repo, SWEEP), store.watermark(repo, SWEEP_BEGAN)
        if swept_at is not None and swept_at.date() == today:
            return False
        if began_at is None or began_at.date() != today:
            store.forget(repo, SWEEP)
            store.advance(repo, SWEEP_BEGAN, self._r.now)
        self._r.read_list(
            self._runs,
            lambda: max(self._r.horizon, self._r.now - RERUN_WINDOW),
            endpoint="runs",
            walks=[SWEEP, LIST],
            newer=self._newer,
            take=self._compared,
            progress=progress,
            conditional=False,
        )
        store.advance(repo, SWEEP, self._r.now)
        store.forget(repo, SWEEP)
        return True

    def _newer(self, moment: datetime) -> int:
        return int(self._r.store.query(_NEWER, [self._r.repo, moment])[0][0])

    def _taken(self, runs: Sequence[Payload]) -> Mapping[str, Sequence[Row]]:
        self._listed.update(run["id"] for run in runs)
        rows: list[Row] = []
        for start in range(0, len(runs), _ROWS_AT_ONCE):
            some = runs[start : start + _ROWS_AT_ONCE]
            make = partial(records.run_row, is_as_given=are_as_given(Kind.RUN, some))
            rows += self._r.rows(make, some, self._runs.path)
        return {"workflow_runs": [row for row in rows if row["created_at"] >= self._r.horizon]}

    def _compared(self, runs: Sequence[Payload], intervals: Sequence[Interval]) -> Mapping[str, Sequence[Row]]:
        """Return what :meth:`_taken` does; stored runs that the list should have held are read by their ids."""
        rows = self._taken(runs)
        missing: dict[int, None] = {}
        for interval in union(intervals):
            stored = self._r.store.query(
                "select run_id from raw.workflow_runs where repo = ? and deleted_upstream_at is null"
                " and created_at between ? and ?",
                [self._r.repo, interval.start, interval.end],
            )
            missing.update(dict.fromkeys(run_id for (run_id,) in stored if run_id not in self._listed))
        self._read_again(list(missing))
        return rows

    def _read_unfinished(self) -> None:
        unfinished = self._r.store.query(
            "select run_id from raw.workflow_runs as run where repo = ? and deleted_upstream_at is null"
            " and status <> 'completed' and created_at >= ? and not exists (from raw.workflow_runs as later"
            " where later.run_id = run.run_id and later.run_attempt > run.run_attempt) order by run_id desc",
            [self._r.repo, self._r.now - LONGEST_RUN],
        )
        failed = [int(item) for is_due in (True, False) for item in self._r.failures.items("run", due=is_due)]
        for run_id in failed:
            if run_id in self._listed:
                self._r.failures.succeeded("run", str(run_id))
        wanted = dict.fromkeys([*(run_id for (run_id,) in unfinished), *failed])
        self._read_again([run_id for run_id in wanted if run_id not in self._listed])

    def _read_again(self, run_ids: Sequence[int]) -> None:
        self._listed.update(run_ids)
        etags = {run_id: self._r.etag(self._run_path(run_id)) for run_id in run_ids}
        self._r.in_threads(
            lambda run_id: (run_id, self._read_run(run_id, etags[run_id])), run_ids, self._store_again, endpoint="run"
        )

    def _read_run(self, run_id: int, etag: str | None) -> Response | None:
        """Return a run by its id; None when it is gone: neither it nor its jobs are there (in a thread)."""
        path = self._run_path(run_id)
        try:
            return self._r.client.get(path, etag=etag)
        except NotFoundError:
            if self._is_there(f"{path}/jobs"):
                raise
            return None

    def _is_there(self, path: str) -> bool:
        try:
            self._r.client.get(path)
        except NotFoundError:
            return False
        return True

    def _store_again(self, responses: Sequence[tuple[int, Response | None]]) -> None:
        for run_id, response in responses:
            path = self._run_path(run_id)
            if response is None:
                self._mark_deleted(run_id)
            elif not response.unchanged:
                self._r.store.put({"workflow_runs": self._r.rows(records.run_row, [response.data], path)})
                self._r.remember(path, None, response)

    def _mark_deleted(self, run_id: int) -> None:
        self._r.store.mark_deleted(run_id)
        self._r.failures.forget_run(run_id)

    # What hangs on runs

    def read_details(self, progress: Task, *, urgent: bool) -> None:
        """Read earlier attempts and jobs of the runs that are due: the ``urgent`` ones (failed, run again) or the rest.

        Attempts that are stored as completed are not read again.
        """
        runs = (_Due(*row) for row in self._r.store.query(_DUE, [self._r.repo, self._r.horizon]))
        due = [run for run in runs if run.is_urgent == urgent and run.run_id not in self._postponed]
        progress.expect(len(due))
        self._read_attempts(due)
        self._r.in_threads(
            self._read_jobs,
            due,
            self._store_jobs,
            endpoint="jobs",
            item=lambda run: run.run_id,
            progress=progress,
        )

    def read_in_bulk(self, progress: Task) -> None:
        """Read the jobs of finished runs of one attempt by GraphQL, where many are to be read, unlisted ones included.

        Where GraphQL can't be used they stay due for :meth:`read_details`; where its quota is used up they wait for it,
        and REST's is left for everything else.
        """
        graphql = self._r.graphql
        if graphql.paused is not None:
            self._postponed.update(run.run_id for run in runs_for_bulk(self._r))
        if self._bulk_from is None or not graphql.is_open:
            return
        due = len(self._r.store.query(_DUE, [self._r.repo, self._r.horizon]))
        # Where nothing is new GitHub counts nothing: then what is listed decides, since recent weeks are denser.
        unlisted = 0 if self._runs.counted is None else unlisted_runs(self._r, self._counted())
        if not due or due + unlisted < self._bulk_from:
            return
        runs = runs_for_bulk(self._r)
        progress.expect(len(runs))
        bulk = BulkJobs(self._r, progress)
        try:
            bulk.read(runs)
        finally:
            if graphql.refusal is not None:
                self._bulk_from = None
                self._r.store.note(
                    f"jobs of {self._r.repo} can't be read in bulk by GraphQL ({graphql.reason}): they are read by"
                    " REST, one request a run"
                )
        self._postponed = bulk.postponed

    def _counted(self) -> int | None:
        """Return how many runs GitHub counts; None where that may be a limit of its list."""
        counted = self._runs.counted
        return counted if counted is not None and counted % UNCERTAIN_COUNT else None

    def complete_jobs(self, progress: Task) -> None:
        """Read what GraphQL doesn't tell of the jobs of the last weeks that were read in bulk, newest first."""
        since = max(self._r.horizon, self._r.now - COMPLETED_WITHIN)
        due = [_Due(*row) for row in self._r.store.query(_IN_BULK, [self._r.repo, since, self._r.repo])]
        progress.expect(len(due))
        self._r.in_threads(
            self._read_jobs,
            due,
            self._store_jobs,
            endpoint="job_details",
            item=lambda run: run.run_id,
            progress=progress,
        )

    def _read_attempts(self, due: Sequence[_Due]) -> None:
        """Read the earlier attempts of runs that are ``due``, and those that could not be read earlier."""
        stored = self._r.store.query(
            "select run_id, run_attempt from raw.workflow_runs where status = 'completed'"
            " and run_id in (select unnest(?))",
            [[run.run_id for run in due if run.run_attempt > 1]],
        )
        completed = set(stored)
        wanted = [
            f"{run.run_id}/{attempt}"
            for run in due
            for attempt in range(1, run.run_attempt)
            if (run.run_id, attempt) not in completed
        ]
        self._r.in_threads(
            self._read_attempt,
            dict.fromkeys([*wanted, *self._r.failures.items("attempt", due=True)]),
            lambda rows: self._r.store.put({"workflow_runs": rows}),
            endpoint="attempt",
        )

    def _read_attempt(self, attempt: str) -> Row:
        """Return the row of ``raw.workflow_runs`` for an earlier attempt, as ``run/attempt`` (in a thread)."""
        run_id, _, number = attempt.partition("/")
        path = f"{self._run_path(int(run_id))}/attempts/{number}"
        return self._r.row(records.run_row, self._r.client.get(path).data, path)

    def _read_jobs(self, due: _Due) -> _Jobs:
        """Return the jobs of all attempts of a run (in a thread)."""
        path = f"{self._run_path(due.run_id)}/jobs"
        jobs: list[Row] = []
        try:
            for page in self._r.client.pages(path, {"filter": "all"}, "jobs"):
                jobs.extend(self._r.rows(records.job_row, page, path))
        except NotFoundError:
            if not self._is_listed or self._is_there(self._run_path(due.run_id)):
                raise
            return _Jobs(due, [], is_gone=True)
        except IncompleteList as error:
            raise PartlyRead(_Jobs(due, jobs, is_partial=True), error) from error
        return _Jobs(due, jobs)

    def _store_jobs(self, results: Sequence[_Jobs]) -> None:
        self._r.store.put(
            {"workflow_jobs": [row for result in results for row in result.jobs]},
            details=[
                result.due.row(self._r.repo) for result in results if not result.is_gone and not result.is_partial
            ],
        )
        for result in results:
            if result.is_gone:
                self._mark_deleted(result.due.run_id)

    def _run_path(self, run_id: int) -> str:
        return f"{self._r.root}/actions/runs/{run_id}"
