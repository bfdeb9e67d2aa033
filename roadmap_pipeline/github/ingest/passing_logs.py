"""Logs of passing jobs, for failures whose own log no rule knows: what they say, too, can't be why the job failed.

Belongs here: which passing job is read for which failure, and when not again. What is kept of its log belongs to
``failures.matching.novelty``, what is made of it to ``failures.stored_jobs``.

A job (workflow and full name) is looked at when it failed of something unknown in the last 30 days. Its newest passing
log is read, from the default branch where one ended at most 7 days before the newest such failure, else from any
branch; not if the stored one ended at most 7 days before it, and never one that is no newer than the one asked for
last. So each failure costs at most one log, and a job that fails again and again one in 7 days.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from roadmap_pipeline.github.client.client import GitHubError, LogState
from roadmap_pipeline.github.ingest.logs import LOG_DELAY, LOG_TRIES
from roadmap_pipeline.github.payloads.records import Row
from roadmap_pipeline.progress import Task

if TYPE_CHECKING:
    from roadmap_pipeline.github.ingest.repository_reader import RepositoryReader

FAILED_WITHIN = timedelta(days=30)
RECENT_ENOUGH = timedelta(days=7)
KEPT_BY_GITHUB = timedelta(days=90)
"""The time for which GitHub keeps logs, unless a repository says otherwise."""
TRIED = 2
"""Passing jobs whose logs are asked for, the first being gone."""
LOGS_PER_BATCH = 10

# Parameters: unknown failures, repository, RECENT_ENOUGH, earliest and latest end of a passing job, TRIED.
_CANDIDATES = """
with failed as (
    select run.workflow_path, job.name, max(job.completed_at) as failed_at
    from raw.workflow_jobs as job
    join raw.workflow_runs as run on run.run_id = job.run_id and run.run_attempt = job.run_attempt
    where job.job_id in (select unnest($1))
    group by all
), due as (
    select failed.*, noted.completed_at as noted_at, noted.lines
    from failed
    left join raw.passing_logs as noted
        on noted.repo = $2 and noted.workflow_path = failed.workflow_path and noted.job_name = failed.name
    where noted.state is distinct from 'stored' or noted.completed_at < failed.failed_at - $3::interval
), candidates as (
    select due.*, job.job_id, job.run_id, job.run_attempt, job.completed_at, row_number() over (
        partition by due.workflow_path, due.name
        order by job.completed_at >= due.failed_at - $3::interval and run.head_branch = home.default_branch
            and run.head_repo = run.repo desc, job.completed_at desc, job.job_id desc
    ) as place
    from due
    join raw.workflow_runs as run on run.repo = $2 and run.workflow_path = due.workflow_path
    join raw.workflow_jobs as job
        on job.run_id = run.run_id and job.run_attempt = run.run_attempt and job.name = due.name
    join raw.repositories as home on home.repo = run.repo
    where job.conclusion = 'success' and job.source like 'http%' and run.deleted_upstream_at is null
        and job.completed_at between $4 and $5
        and (due.noted_at is null or job.completed_at > due.noted_at)
)
select workflow_path, name, job_id, run_id, run_attempt, completed_at, lines
from candidates
where place <= $6
order by failed_at desc, workflow_path, name, place
"""


@dataclass(frozen=True, slots=True)
class _Passing:
    """A passing job whose log may be asked for; ``lines`` are those that are kept already, as they are stored."""

    workflow_path: str
    name: str
    job_id: int
    run_id: int
    run_attempt: int
    completed_at: datetime
    lines: str | None


def read_passing_logs(reader: "RepositoryReader", most: int, progress: Task) -> None:
    """Read what passing jobs say, for at most so many jobs that failed of something unknown, the newest first."""
    from roadmap_pipeline.failures.stored_jobs import unknown_jobs

    if not most:
        return
    store = reader.store
    unknown = unknown_jobs(store.query, reader.classifier, reader.repo, reader.now - FAILED_WITHIN)
    if not unknown:
        reader.failures.want("passing_log", ())
        return
    rows = store.query(
        _CANDIDATES,
        [unknown, reader.repo, RECENT_ENOUGH, reader.now - KEPT_BY_GITHUB, reader.now - LOG_DELAY, TRIED],
    )
    alike = groupby((_Passing(*row) for row in rows), lambda job: (job.workflow_path, job.name))
    jobs = [list(candidates) for _, candidates in alike][:most]
    progress.expect(len(jobs))
    reader.in_threads(
        lambda candidates: _read(reader, candidates),
        jobs,
        lambda rows: store.put({"passing_logs": rows}),
        endpoint="passing_log",
        item=lambda candidates: candidates[0].job_id,
        batch=LOGS_PER_BATCH,
        progress=progress,
    )


def _read(reader: "RepositoryReader", candidates: Sequence[_Passing]) -> Row:
    """Return the row of ``raw.passing_logs`` for the first of one job's passing runs whose log is there (in a thread).

    Where none is, it is that of the newest.
    """
    from roadmap_pipeline.failures.matching.novelty import baseline_of_stream, joined, packed, unpacked

    gone: dict[_Passing, LogState] = {}
    for job in candidates:
        for remaining in reversed(range(LOG_TRIES)):
            log = reader.client.job_log(reader.repo, job.job_id)
            if isinstance(log, LogState):
                gone[job] = log
                break
            try:
                lines = baseline_of_stream(log)
            except GitHubError:
                if not remaining:
                    raise
            else:
                before = unpacked(job.lines) if job.lines else frozenset()
                return _row(reader, job, "stored", packed(joined(lines, before)))
    newest = max(gone, key=lambda job: job.completed_at)
    return _row(reader, newest, str(gone[newest]), newest.lines)


def _row(reader: "RepositoryReader", job: _Passing, state: str, lines: str | None) -> Row:
    return {
        "repo": reader.repo,
        "workflow_path": job.workflow_path,
        "job_name": job.name,
        "job_id": job.job_id,
        "run_id": job.run_id,
        "run_attempt": job.run_attempt,
        "completed_at": job.completed_at,
        "state": state,
        "lines": lines,
        "read_at": reader.now,
        "source": reader.client.url(f"{reader.root}/actions/jobs/{job.job_id}/logs"),
    }
