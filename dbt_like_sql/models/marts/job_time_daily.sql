-- Seconds that jobs ran, by the day of their run, and how many of them were wasted. Every job attempt is in one bucket
-- at most, the first that fits: of an attempt that a later one made green, of a run cancelled for a newer one, over its
-- time limit, of any other re-run. '*' is all repositories together.
with green_attempts as (
    select r.run_id, max(r.run_attempt) as run_attempt
    from marts.ci_runs as r
    where r.outcome = 'pass'
    group by r.run_id
), run_attempts as (
    select
        r.run_id,
        r.run_attempt,
        case
            when r.outcome in ('fail', 'void') and g.run_attempt > r.run_attempt then 'made_green'
            when r.outcome_reason = 'superseded' then 'superseded'
            when r.run_attempt > 1 then 'rerun'
        end as bucket
    from marts.ci_runs as r
    left join green_attempts as g on g.run_id = r.run_id
), jobs as (
    select
        j.repo,
        j.day,
        -- Whole seconds, as GitHub gives them: sums don't depend on the order of rows.
        cast(round(j.duration_seconds) as bigint) as seconds,
        case
            when a.bucket in ('made_green', 'superseded') then a.bucket
            when j.outcome_reason in ('timed_out', 'timeout_as_cancelled') then 'timeout'
            else a.bucket
        end as bucket
    from marts.ci_jobs as j
    left join run_attempts as a on a.run_id = j.run_id and a.run_attempt = j.run_attempt
    where j.duration_seconds > 0 and j.day is not null and not j.is_carried_over
)
select
    coalesce(j.repo, '*') as repo,
    j.day,
    cast(sum(j.seconds) as bigint) as job_seconds,
    cast(coalesce(sum(j.seconds) filter (where j.bucket = 'made_green'), 0) as bigint) as made_green_seconds,
    cast(coalesce(sum(j.seconds) filter (where j.bucket = 'superseded'), 0) as bigint) as superseded_seconds,
    cast(coalesce(sum(j.seconds) filter (where j.bucket = 'timeout'), 0) as bigint) as timeout_seconds,
    cast(coalesce(sum(j.seconds) filter (where j.bucket = 'rerun'), 0) as bigint) as rerun_seconds
from jobs as j
group by grouping sets ((j.repo, j.day), (j.day))
