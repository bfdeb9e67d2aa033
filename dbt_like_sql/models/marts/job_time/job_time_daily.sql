-- Seconds that jobs ran, by the day of their run, and how many of them were wasted, in disjoint buckets; '*' is all
-- repositories together.
select
    coalesce(days.repo, '*') as repo,
    days.day,
    cast(sum(days.job_seconds) as bigint) as job_seconds,
    cast(sum(days.made_green_seconds) as bigint) as made_green_seconds,
    cast(sum(days.superseded_seconds) as bigint) as superseded_seconds,
    cast(sum(days.timeout_seconds) as bigint) as timeout_seconds,
    cast(sum(days.rerun_seconds) as bigint) as rerun_seconds
from intermediate.int_job_days as days
where days.timed_attempts > 0
group by grouping sets ((days.repo, days.day), (days.day))
