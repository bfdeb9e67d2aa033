"""Logs of failed jobs of one repository, and what GitHub noted at jobs whose log doesn't tell.

Belongs here: which jobs are asked about, in which order, and which logs are surely gone. What is kept of a log belongs
to ``logs``.

Logs are asked for newest first. GitHub keeps them for as long as a repository's retention says, which no response
tells: so where logs of several jobs in a row are gone and none of an older job is there, those of all older jobs are
taken for gone, too, without a request for each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from roadmap_pipeline.github.ingest.bulk_details import ANNOTATIONS, CHECK_RUN_ID, BulkItem, read_many
from roadmap_pipeline.github.ingest.logs import annotation_columns, read_annotations, read_log
from roadmap_pipeline.github.payloads.records import Row
from roadmap_pipeline.progress import Task

if TYPE_CHECKING:
    from roadmap_pipeline.github.ingest.repository_reader import RepositoryReader

LOGS_PER_BATCH = 40
LOGS_PER_LOOK = 40
"""Logs that are asked for before it is looked whether older ones are gone."""
EXPIRED_IN_A_ROW, GONE_IN_A_ROW = 5, 40
"""Jobs in a row whose logs are past their time (410), or missing (404, which has other reasons, too)."""
SHORTEST_RETENTION = timedelta(days=1)
"""The least that a repository may set; younger logs are missing for another reason."""

_WITHOUT_LOG = """
select job.job_id, job.run_id, job.run_attempt, job.completed_at
from raw.workflow_jobs as job left join raw.job_logs as log using (job_id)
where job.repo = ? and job.conclusion in ('failure', 'timed_out')
    and coalesce(log.state, 'not_yet') = 'not_yet' and (?::timestamp is null or job.completed_at >= ?)
order by job.completed_at desc, job.job_id desc
"""
_NEWEST_FIRST = """
select log.state, job.completed_at
from raw.job_logs as log join raw.workflow_jobs as job using (job_id)
where log.repo = ? and log.source like 'http%' and log.state in ('stored', 'expired', 'missing')
    and job.conclusion in ('failure', 'timed_out') and job.completed_at < ?
order by job.completed_at desc, job.job_id desc
"""
_NOT_TOLD = f"""
select log.job_id, {CHECK_RUN_ID}
from raw.job_logs as log join raw.workflow_jobs as job using (job_id)
where log.repo = ? and (log.state in ('expired', 'missing') or (log.state = 'stored' and job.conclusion = 'cancelled'))
    and log.annotations is null and log.source like 'http%'
order by log.job_id desc
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class _Failed:
    """A failed job without a log; ``completed_at`` is naive UTC."""

    job_id: int
    run_id: int
    run_attempt: int
    completed_at: datetime | None


class FailedLogs:
    """The walks through one repository's failed jobs; each job is asked for once an ingest."""

    def __init__(self, reader: "RepositoryReader") -> None:
        self._r = reader
        self._asked: set[int] = set()

    def read_logs(self, progress: Task, *, since: datetime | None = None) -> None:
        """Read the logs of failed jobs that have none yet (and ended ``since``, naive UTC), newest first."""
        jobs = [_Failed(*row) for row in self._r.store.query(_WITHOUT_LOG, [self._r.repo, since, since])]
        waiting = [job for job in jobs if job.job_id not in self._asked]
        self._asked.update(job.job_id for job in waiting)
        progress.expect(len(waiting))
        while waiting:
            gone_before = self._gone_before() if len(waiting) > EXPIRED_IN_A_ROW else None
            if gone_before is not None:
                gone = [job for job in waiting if job.completed_at is not None and job.completed_at <= gone_before]
                self._note_as_gone(gone, gone_before)
                progress.advance(len(gone))
                waiting = [job for job in waiting if job.completed_at is None or job.completed_at > gone_before]
            some, waiting = waiting[:LOGS_PER_LOOK], waiting[LOGS_PER_LOOK:]
            self._r.in_threads(
                self._read_log,
                some,
                lambda rows: self._r.store.put({"job_logs": rows}),
                endpoint="log",
                item=lambda job: job.job_id,
                batch=LOGS_PER_BATCH,
                progress=progress,
            )

    def read_annotations(self, progress: Task) -> None:
        """Read what GitHub noted at jobs whose log doesn't tell.

        Failed jobs whose log is gone or was never written, and cancelled ones whose log was read since their notes
        (``timeouts``) couldn't be.
        """
        wanted = [BulkItem(*row) for row in self._r.store.query(_NOT_TOLD, [self._r.repo])]
        progress.expect(len(wanted))
        self._r.in_threads(
            lambda job_id: (job_id, read_annotations(self._r, job_id)),
            read_many(self._r, ANNOTATIONS, wanted, self._store_annotations, progress),
            lambda noted: self._r.store.set_annotations(dict(noted)),
            endpoint="annotations",
            batch=LOGS_PER_BATCH,
            progress=progress,
        )

    def _store_annotations(self, noted: Sequence[tuple[int, Sequence[Mapping[str, Any]]]]) -> None:
        self._r.store.set_annotations({job_id: annotation_columns(annotations) for job_id, annotations in noted})

    def _gone_before(self) -> datetime | None:
        """Return the end of the newest job of those in a row, oldest ones, whose logs are gone; None without any."""
        rows = self._r.store.query(_NEWEST_FIRST, [self._r.repo, self._r.now - SHORTEST_RETENTION])
        oldest_there = next((at for state, at in reversed(rows) if state == "stored"), None)
        gone = [(state, at) for state, at in rows if oldest_there is None or at < oldest_there]
        expired = sum(state == "expired" for state, _ in gone)
        return gone[0][1] if expired >= EXPIRED_IN_A_ROW or len(gone) >= GONE_IN_A_ROW else None

    def _note_as_gone(self, jobs: Sequence[_Failed], gone_before: datetime) -> None:
        if not jobs:
            return
        rows = [{**self._row(job), "state": "expired"} for job in jobs]
        self._r.store.put({"job_logs": rows})
        for job in jobs:
            self._r.failures.succeeded("log", str(job.job_id))
        self._r.store.note(
            f"logs of {len(jobs):,} failed jobs of {self._r.repo} were not asked for: those of jobs that ended by"
            f" {gone_before:%Y-%m-%d} are gone on GitHub"
        )

    def _read_log(self, job: _Failed) -> Row:
        """Return the row of ``raw.job_logs`` (in a thread)."""
        return {**self._row(job), **read_log(self._r, job.job_id, job.completed_at)}

    def _row(self, job: _Failed) -> dict[str, Any]:
        return {
            "repo": self._r.repo,
            "job_id": job.job_id,
            "run_id": job.run_id,
            "run_attempt": job.run_attempt,
            "read_at": self._r.now,
            "source": self._r.client.url(f"{self._r.root}/actions/jobs/{job.job_id}/logs"),
        }
