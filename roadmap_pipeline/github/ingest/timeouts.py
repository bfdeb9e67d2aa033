"""Cancelled jobs that may have run into a time limit: GitHub concludes them as those that somebody cancelled.

Belongs here: which cancelled jobs are asked about, in which order, and how many. What is kept of a response belongs to
``logs``, what the job counts as to the SQL models.

Why a job was cancelled stands at its check run, one request a job (only where that can't be had, its log is read), and
any cancelled job may be one that hung. So they are asked about by likelihood, each group newest first, and each once:

1. Jobs that ran for 6 hours or waited for a runner for a day: GitHub's own limits.
2. Jobs that ran longer than every passing run of the job (workflow and full name) in the 30 days before and after. A
   job that ran into its limit did, unless the limit was lowered meanwhile.
3. At most so many in one ingest (``limits.cancelled_jobs_per_run``) of the others that nothing else explains, first
   those that ran for a whole number of minutes, as limits have it. The next ingest goes on. A job that ran for less
   than half of its longest passing run is none of them: a limit that ends it would let nothing pass.

Explained, and never asked about in the third group, is a job that ended within 5 minutes after a newer run of its
workflow on its branch was created (it was superseded) or another job of its attempt failed (a matrix stopped). Jobs
that no runner took are asked about in the first group only.
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

JOB_LIMIT = timedelta(hours=6)
WAIT_LIMIT = timedelta(hours=24)
"""The longest that GitHub lets a job run on its own runners unless ``timeout-minutes`` says otherwise, and wait."""
COMPARED_DAYS = 30
CANCELLING_TAKES = timedelta(minutes=5)
"""The time that steps which clean up may take after a job was stopped."""
PAST_A_LIMIT_SECONDS = 30
NOTES_PER_BATCH, LOGS_PER_BATCH = 100, 40

# Parameters: repository, earliest end, JOB_LIMIT, WAIT_LIMIT, COMPARED_DAYS, CANCELLING_TAKES, PAST_A_LIMIT_SECONDS,
# jobs of the third group.
_CANDIDATES = f"""
with cancelled as (
    select
        job.job_id, job.run_id, job.run_attempt, job.name, job.completed_at, run.workflow_path, run.head_branch,
        run.head_repo, run.created_at as run_created_at,
        cast(job.completed_at as date) as day, job.completed_at - job.started_at as ran,
        job.completed_at - coalesce(job.created_at, job.started_at) as lived,
        job.runner_name <> '' or json_array_length(job.steps) > 0 as was_taken
    from raw.workflow_jobs as job
    left join raw.workflow_runs as run on run.run_id = job.run_id and run.run_attempt = job.run_attempt
    left join raw.job_logs as log on log.job_id = job.job_id
    where job.repo = $1 and job.conclusion = 'cancelled' and job.completed_at >= $2
        and coalesce(log.state, 'not_yet') = 'not_yet' and run.deleted_upstream_at is null
), passing_days as (
    select run.workflow_path, passed.name, cast(passed.completed_at as date) as day,
        max(passed.completed_at - passed.started_at) as longest
    from raw.workflow_jobs as passed
    join raw.workflow_runs as run on run.run_id = passed.run_id and run.run_attempt = passed.run_attempt
    where passed.repo = $1 and passed.conclusion = 'success' and passed.name in (select name from cancelled)
    group by all
), compared as (
    select cancelled.job_id, max(passing_days.longest) as longest
    from cancelled
    join passing_days
        on passing_days.workflow_path = cancelled.workflow_path and passing_days.name = cancelled.name
        and passing_days.day between cancelled.day - $5 and cancelled.day + $5
    group by cancelled.job_id
), superseded as (
    -- the newest run there was when the job ended
    select cancelled.job_id
    from cancelled
    asof join (
        select workflow_path, head_branch, coalesce(head_repo, '') as head_repo, created_at
        from raw.workflow_runs
        where repo = $1 and created_at is not null
    ) as newer
        on newer.workflow_path = cancelled.workflow_path and newer.head_branch = cancelled.head_branch
        and newer.head_repo = coalesce(cancelled.head_repo, '') and newer.created_at <= cancelled.completed_at
    where newer.created_at > cancelled.run_created_at and newer.created_at >= cancelled.completed_at - $6::interval
), stopped as (
    select distinct cancelled.job_id
    from cancelled
    join raw.workflow_jobs as failed
        on failed.run_id = cancelled.run_id and failed.run_attempt = cancelled.run_attempt
        and failed.conclusion in ('failure', 'timed_out')
        and failed.completed_at between cancelled.completed_at - $6::interval and cancelled.completed_at
), grouped as (
    select
        cancelled.*,
        case
            when cancelled.lived >= $4::interval or (cancelled.was_taken and cancelled.ran >= $3::interval) then 1
            when not cancelled.was_taken then null
            when cancelled.ran > compared.longest then 2
            when superseded.job_id is null and stopped.job_id is null
                and coalesce(cancelled.ran >= compared.longest / 2, true) then 3
        end as likelihood,
        cancelled.ran >= interval 1 minute and epoch(cancelled.ran) % 60 <= $7 as is_whole
    from cancelled
    left join compared on compared.job_id = cancelled.job_id
    left join superseded on superseded.job_id = cancelled.job_id
    left join stopped on stopped.job_id = cancelled.job_id
), ordered as (
    select
        grouped.*,
        row_number() over (
            partition by likelihood
            order by case when likelihood = 3 then is_whole end desc, completed_at desc, job_id desc
        ) as place
    from grouped
    where likelihood is not null
)
select ordered.job_id, ordered.run_id, ordered.run_attempt, ordered.completed_at, {CHECK_RUN_ID}
from ordered
join raw.workflow_jobs as job on job.job_id = ordered.job_id
where likelihood < 3 or place <= $8
order by likelihood, place
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class _Cancelled:
    """A cancelled job that is asked about."""

    job_id: int
    run_id: int
    run_attempt: int
    completed_at: datetime
    node_id: str | None

    def row(self, reader: "RepositoryReader", path: str) -> Row:
        """Return what every row of ``raw.job_logs`` holds."""
        return {
            "repo": reader.repo,
            "job_id": self.job_id,
            "run_id": self.run_id,
            "run_attempt": self.run_attempt,
            "read_at": reader.now,
            "source": reader.client.url(f"{reader.root}/{path}"),
        }


def read_timeouts(reader: "RepositoryReader", most: int, progress: Task) -> None:
    """Read why jobs were cancelled, of those that may have run into a time limit; of the unlikely ones ``most``."""
    rows = reader.store.query(
        _CANDIDATES,
        [
            reader.repo, reader.horizon, JOB_LIMIT, WAIT_LIMIT, COMPARED_DAYS, CANCELLING_TAKES,
            PAST_A_LIMIT_SECONDS, most,
        ],
    )  # fmt: skip
    jobs = [_Cancelled(*row) for row in rows]
    answered: set[int] = set()

    def keep(noted: Sequence[tuple[_Cancelled, Row]]) -> None:
        answered.update(job.job_id for job, _ in noted)
        rows = [
            {**job.row(reader, f"check-runs/{job.job_id}/annotations"), "state": "not_asked", **columns}
            for job, columns in noted
        ]
        reader.store.put({"job_logs": rows})

    by_id = {job.job_id: job for job in jobs}

    def keep_many(noted: Sequence[tuple[int, Sequence[Mapping[str, Any]]]]) -> None:
        keep([(by_id[job_id], annotation_columns(annotations)) for job_id, annotations in noted])

    progress.expect(len(jobs))
    items = [BulkItem(job.job_id, job.node_id) for job in jobs]
    left = [by_id[job_id] for job_id in read_many(reader, ANNOTATIONS, items, keep_many, progress)]
    reader.in_threads(
        lambda job: (job, read_annotations(reader, job.job_id)),
        left,
        keep,
        endpoint="annotations",
        item=lambda job: job.job_id,
        batch=NOTES_PER_BATCH,
        progress=progress,
    )
    reader.in_threads(
        lambda job: _read_log(reader, job),
        [job for job in left if job.job_id not in answered],
        lambda rows: reader.store.put({"job_logs": rows}),
        endpoint="log",
        item=lambda job: job.job_id,
        batch=LOGS_PER_BATCH,
        progress=progress,
    )


def _read_log(reader: "RepositoryReader", job: _Cancelled) -> Row:
    """Return the row of ``raw.job_logs`` for a job whose notes can't be had (in a thread)."""
    row = job.row(reader, f"actions/jobs/{job.job_id}/logs")
    return {**row, **read_log(reader, job.job_id, job.completed_at)}
