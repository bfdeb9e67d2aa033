"""The progress of the first reading of a repository's history, and the quota that the rest takes.

Belongs here: counting on what is stored, and the sentence. Who shows it, and when, belongs to the walks.

The rest is an estimate in units that are known to be due, or as dense as what was read: pages of runs, jobs (50 runs a
point of GraphQL, or a request a run), logs of failed jobs, and the last weeks' jobs that are read in full.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING

from roadmap_pipeline.github.client.paging import PER_PAGE
from roadmap_pipeline.github.ingest.bulk_jobs import SUITES_PER_QUERY
from roadmap_pipeline.github.ingest.intervals import Interval, gaps

if TYPE_CHECKING:
    from roadmap_pipeline.github.ingest.repository_reader import RepositoryReader

USUAL_QUOTA = 5_000
"""Requests an hour, and points, where GitHub has not told."""

# Parameters: repository, horizon, now, since when jobs are read in full.
_COUNTS = """
with latest as (
    select run.*, read.run_id is null as is_new, read.run_id is null
        or read.run_attempt is distinct from run.run_attempt or read.status is distinct from run.status
        or read.conclusion is distinct from run.conclusion or read.updated_at is distinct from run.updated_at as is_due
    from raw.workflow_runs as run
    left join raw.run_details as read on read.run_id = run.run_id
    where run.repo = $1 and run.created_at >= $2 and run.deleted_upstream_at is null and run.source like 'http%'
    qualify run.run_attempt = max(run.run_attempt) over (partition by run.run_id)
), weeks as (
    select unnest(generate_series(date_trunc('week', $2 - interval 1 microsecond) + interval 7 day,
        date_trunc('week', $3) - interval 7 day, interval 7 day)) as week
), whole as (
    select weeks.week
    from weeks
    semi join raw.read_coverage as read
        on read.repo = $1 and read.walk = 'runs' and read.covered_from <= weeks.week
        and read.covered_to >= least(weeks.week + interval 7 day, $3) - interval 1 second
    anti join latest
        on latest.is_due and latest.created_at >= weeks.week and latest.created_at < weeks.week + interval 7 day
), failed as (
    select count(*) as jobs, count(*) filter (where coalesce(log.state, 'not_yet') = 'not_yet') as without_log
    from raw.workflow_jobs as job
    left join raw.job_logs as log on log.job_id = job.job_id
    where job.repo = $1 and job.conclusion in ('failure', 'timed_out')
), in_bulk as (
    select count(distinct job.run_id) as runs
    from raw.workflow_jobs as job
    join latest on latest.run_id = job.run_id
    where job.repo = $1 and job.detail_state = 'bulk' and latest.created_at >= $4
)
select
    (select count(*) from weeks), (select count(*) from whole), (select count(*) from latest),
    (select count(*) from latest where is_due and is_new and run_attempt = 1 and status = 'completed'),
    (select count(*) from latest where is_due and not (is_new and run_attempt = 1 and status = 'completed')),
    (select jobs from failed), (select without_log from failed), (select runs from in_bulk)
"""


@dataclass(frozen=True, slots=True)
class BackfillProgress:
    """The part of a repository's history that is read: whole ISO weeks, and the units that the others take."""

    weeks: int
    complete_weeks: int
    requests: int
    points: int
    minutes: float
    """Of quota, with what is left of this hour's at first; the two quotas are used side by side."""

    def sentence(self) -> str:
        """Return it in words."""
        done = f"{self.complete_weeks:,} of {self.weeks:,} weeks complete"
        if not self.requests and not self.points:
            return done
        if self.minutes < 1:
            return f"{done}; the rest within this hour's quota"
        time = f"{ceil(self.minutes)} minutes" if self.minutes < 90 else f"{self.minutes / 60:.1f} hours"
        return f"{done}; the rest in about {time} of quota"


def backfill_progress(
    reader: "RepositoryReader", *, counted: int | None, bulk_from: int | None, completed_within: timedelta
) -> BackfillProgress:
    """Return how far a repository is read.

    Args:
        reader: Of the repository.
        counted: The number of runs that GitHub counts; None where it may be more.
        bulk_from: The number of runs to be read from which on their jobs are read in bulk; None: never.
        completed_within: The age of runs whose jobs are read in full.
    """
    store, now, horizon = reader.store, reader.now, reader.horizon
    since = max(horizon, now - completed_within)
    weeks, whole, runs, due, due_alone, failed, without_log, in_bulk = store.query(
        _COUNTS, [reader.repo, horizon, now, since]
    )[0]
    unlisted = unlisted_runs(reader, counted)
    logs = without_log + round(unlisted * failed / max(1, runs - due))
    of_one_attempt = due + unlisted
    is_bulk = bulk_from is not None and of_one_attempt + due_alone >= bulk_from
    requests = ceil(unlisted / PER_PAGE) + due_alone + logs + in_bulk + (0 if is_bulk else of_one_attempt)
    points = ceil(of_one_attempt / SUITES_PER_QUERY) if is_bulk else 0
    client = reader.client
    minutes = max(
        _minutes(requests, client.quota.remaining, client.quota.limit),
        _minutes(points, client.graphql.points_left, client.graphql.points_an_hour),
    )
    return BackfillProgress(weeks, whole, requests, points, minutes)


def unlisted_runs(reader: "RepositoryReader", counted: int | None) -> int:
    """Return about how many runs were never listed: as GitHub counts them, else as dense as those that were."""
    now, horizon = reader.now, reader.horizon
    missing = gaps(reader.store.covered(reader.repo, "runs"), Interval(horizon, now - timedelta(hours=1)))
    unread = sum((gap.end - gap.start for gap in missing), timedelta())
    if unread < timedelta(hours=1):
        return 0
    stored = reader.store.query(
        "select count(distinct run_id) from raw.workflow_runs"
        " where repo = ? and created_at >= ? and deleted_upstream_at is null",
        [reader.repo, horizon],
    )[0][0]
    if counted is not None:
        return max(0, counted - int(stored))
    read = (now - horizon) - unread
    return round(stored * (unread / read)) if read > timedelta(hours=1) else 0


def _minutes(units: int, left: int | None, an_hour: int | None) -> float:
    """Return for how long a quota has to be waited for; zero where what is left of it is enough."""
    quota = an_hour or USUAL_QUOTA
    return max(0, units - (quota if left is None else left)) * 60 / quota


def monday_before(moment: datetime, weeks: int) -> datetime:
    """Return when the ISO week began that lies so many weeks before that of ``moment``."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=moment.weekday(), weeks=weeks)
