-- How many runs took so many seconds, and how many jobs waited so many for a runner, by repository and day. Percentiles
-- don't add up, but counts do: those of any period are taken from the sums of these.
with measured as (
    -- What failed or was cancelled ended early: only passing attempts say how long the work takes.
    select r.repo, r.day, 'duration' as measure, r.duration_seconds as seconds
    from marts.ci_runs as r
    where r.outcome = 'pass' and r.duration_seconds is not null and r.day is not null
    union all
    select j.repo, j.day, 'queue', j.queue_seconds
    from marts.ci_jobs as j
    where j.queue_seconds is not null and j.day is not null
)
select m.repo, m.day, m.measure, m.seconds, count(*) as occurrences
from measured as m
group by m.repo, m.day, m.measure, m.seconds
