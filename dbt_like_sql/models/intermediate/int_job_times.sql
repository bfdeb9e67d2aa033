-- How long each job attempt ran, on which runner, and whether that was wasted. Every attempt is in one bucket of waste
-- at most, the first that fits: of an attempt that a later one made green, of a run cancelled for a newer one, over its
-- time limit, of any other re-run.
with green_attempts as (
    select runs.run_id, max(runs.run_attempt) as run_attempt
    from marts.ci_runs as runs
    where runs.outcome = 'pass'
    group by runs.run_id
), run_attempts as (
    select
        runs.run_id,
        runs.run_attempt,
        case
            when runs.outcome in ('fail', 'void') and green_attempts.run_attempt > runs.run_attempt then 'made_green'
            when runs.outcome_reason = 'superseded' then 'superseded'
            when runs.run_attempt > 1 then 'rerun'
        end as bucket
    from marts.ci_runs as runs
    left join green_attempts on green_attempts.run_id = runs.run_id
), jobs as (
    select
        jobs.*,
        jobs.duration_seconds > 0 and not jobs.is_carried_over as is_timed,
        -- Whole seconds, as GitHub gives them: sums don't depend on the order of rows.
        case
            when jobs.duration_seconds > 0
                and not jobs.is_carried_over then cast(round(jobs.duration_seconds) as bigint)
        end as seconds,
        case
            when run_attempts.bucket in ('made_green', 'superseded') then run_attempts.bucket
            when jobs.outcome_reason in ('timed_out', 'timeout_as_cancelled') then 'timeout'
            else run_attempts.bucket
        end as bucket
    from marts.ci_jobs as jobs
    left join run_attempts on run_attempts.run_id = jobs.run_id and run_attempts.run_attempt = jobs.run_attempt
    where jobs.day is not null
)
select
    jobs.repo,
    jobs.job_id,
    jobs.run_id,
    jobs.run_attempt,
    jobs.run_created_at,
    jobs.day,
    jobs.week,
    jobs.workflow_path,
    jobs.job_base_name,
    jobs.milestone,
    jobs.outcome,
    jobs.is_latest_attempt,
    jobs.is_carried_over,
    -- The order in which labels are listed means nothing; none of them holds a comma.
    coalesce(nullif(array_to_string(list_sort(jobs.labels), ', '), ''), 'unknown') as runner,
    jobs.is_timed,
    jobs.seconds,
    jobs.bucket,
    -- As GitHub bills: each job by itself, a minute begun is a minute.
    case
        when jobs.is_on_runner and jobs.duration_seconds > 0 and not jobs.is_carried_over
            then cast(ceil(jobs.duration_seconds / 60.0) as bigint)
        else 0
    end as billed_minutes
from jobs
