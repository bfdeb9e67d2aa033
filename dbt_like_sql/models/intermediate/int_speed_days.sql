-- How many runs took so many seconds, and how many jobs waited so many for a runner, by repository and day. Percentiles
-- don't add up, but counts do: those of any period are taken from the sums of these.
with measured as (
    -- What failed or was cancelled ended early: only passing attempts say how long the work takes.
    select runs.repo, runs.day, 'duration' as measure, runs.duration_seconds as seconds
    from marts.ci_runs as runs
    where runs.outcome = 'pass' and runs.duration_seconds is not null and runs.day is not null
    union all
    select jobs.repo, jobs.day, 'queue', jobs.queue_seconds
    from marts.ci_jobs as jobs
    where jobs.queue_seconds is not null and jobs.day is not null
)
select measured.repo, measured.day, measured.measure, measured.seconds, count(*) as occurrences
from measured
group by measured.repo, measured.day, measured.measure, measured.seconds
