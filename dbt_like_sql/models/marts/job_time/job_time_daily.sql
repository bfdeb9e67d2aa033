-- Seconds that jobs ran, by the day of their run, and how many of them were wasted, in disjoint buckets; '*' is all
-- repositories together.
select
    coalesce(d.repo, '*') as repo,
    d.day,
    cast(sum(d.job_seconds) as bigint) as job_seconds,
    cast(sum(d.made_green_seconds) as bigint) as made_green_seconds,
    cast(sum(d.superseded_seconds) as bigint) as superseded_seconds,
    cast(sum(d.timeout_seconds) as bigint) as timeout_seconds,
    cast(sum(d.rerun_seconds) as bigint) as rerun_seconds
from intermediate.int_job_days as d
where d.timed_attempts > 0
group by grouping sets ((d.repo, d.day), (d.day))
