-- Each job (without matrix values and shard) of each workflow by the day of its run: in how many runs it passed in the
-- end, how long it ran, and how much of that was wasted. Every job attempt is in one bucket of waste at most, the first
-- that fits: of an attempt that a later one made green, of a run cancelled for a newer one, over its time limit, of any
-- other re-run.
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
        j.week,
        j.workflow_path,
        j.job_base_name,
        j.run_id,
        j.is_latest_attempt,
        j.outcome,
        j.duration_seconds > 0 and not j.is_carried_over as is_timed,
        j.is_carried_over,
        -- Whole seconds, as GitHub gives them: sums don't depend on the order of rows.
        case when j.duration_seconds > 0 and not j.is_carried_over then cast(round(j.duration_seconds) as bigint) end
        as seconds,
        case
            when a.bucket in ('made_green', 'superseded') then a.bucket
            when j.outcome_reason in ('timed_out', 'timeout_as_cancelled') then 'timeout'
            else a.bucket
        end as bucket
    from marts.ci_jobs as j
    left join run_attempts as a on a.run_id = j.run_id and a.run_attempt = j.run_attempt
    where j.day is not null
), runs as (
    select
        j.repo,
        j.day,
        j.week,
        j.workflow_path,
        j.job_base_name,
        j.run_id,
        coalesce(bool_or(j.outcome = 'fail') filter (where j.is_latest_attempt), false) as has_failed,
        coalesce(bool_or(j.outcome = 'pass') filter (where j.is_latest_attempt), false) as has_passed,
        count(*) filter (where not j.is_carried_over) as job_attempts,
        count(*) filter (where j.outcome = 'fail' and not j.is_carried_over) as failed_job_attempts,
        count(*) filter (where j.is_timed) as timed_attempts,
        coalesce(sum(j.seconds), 0) as job_seconds,
        coalesce(sum(j.seconds) filter (where j.bucket = 'made_green'), 0) as made_green_seconds,
        coalesce(sum(j.seconds) filter (where j.bucket = 'superseded'), 0) as superseded_seconds,
        coalesce(sum(j.seconds) filter (where j.bucket = 'timeout'), 0) as timeout_seconds,
        coalesce(sum(j.seconds) filter (where j.bucket = 'rerun'), 0) as rerun_seconds
    from jobs as j
    group by j.repo, j.day, j.week, j.workflow_path, j.job_base_name, j.run_id
)
select
    r.repo,
    r.day,
    r.week,
    r.workflow_path,
    r.job_base_name,
    count(*) as runs,
    count(*) filter (where r.has_failed or r.has_passed) as conclusive_runs,
    count(*) filter (where r.has_passed and not r.has_failed) as passed_runs,
    cast(sum(r.job_attempts) as bigint) as job_attempts,
    cast(sum(r.failed_job_attempts) as bigint) as failed_job_attempts,
    cast(sum(r.timed_attempts) as bigint) as timed_attempts,
    cast(sum(r.job_seconds) as bigint) as job_seconds,
    cast(sum(r.made_green_seconds) as bigint) as made_green_seconds,
    cast(sum(r.superseded_seconds) as bigint) as superseded_seconds,
    cast(sum(r.timeout_seconds) as bigint) as timeout_seconds,
    cast(sum(r.rerun_seconds) as bigint) as rerun_seconds
from runs as r
group by r.repo, r.day, r.week, r.workflow_path, r.job_base_name
