-- Each job (without matrix values and shard) of each workflow by the day of its run: in how many runs it passed in the
-- end, how long it ran, and how much of that was wasted. Every job attempt is in one bucket of waste at most, the first
-- that fits: of an attempt that a later one made green, of a run cancelled for a newer one, over its time limit, of any
-- other re-run.
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
        jobs.repo,
        jobs.day,
        jobs.week,
        jobs.workflow_path,
        jobs.job_base_name,
        jobs.run_id,
        jobs.is_latest_attempt,
        jobs.outcome,
        jobs.duration_seconds > 0 and not jobs.is_carried_over as is_timed,
        jobs.is_carried_over,
        -- Whole seconds, as GitHub gives them: sums don't depend on the order of rows.
        case
            when jobs.duration_seconds > 0
                and not jobs.is_carried_over then cast(round(jobs.duration_seconds) as bigint)
        end
            as seconds,
        case
            when run_attempts.bucket in ('made_green', 'superseded') then run_attempts.bucket
            when jobs.outcome_reason in ('timed_out', 'timeout_as_cancelled') then 'timeout'
            else run_attempts.bucket
        end as bucket
    from marts.ci_jobs as jobs
    left join run_attempts on run_attempts.run_id = jobs.run_id and run_attempts.run_attempt = jobs.run_attempt
    where jobs.day is not null
), runs as (
    select
        jobs.repo,
        jobs.day,
        jobs.week,
        jobs.workflow_path,
        jobs.job_base_name,
        jobs.run_id,
        coalesce(bool_or(jobs.outcome = 'fail') filter (where jobs.is_latest_attempt), false) as has_failed,
        coalesce(bool_or(jobs.outcome = 'pass') filter (where jobs.is_latest_attempt), false) as has_passed,
        count(*) filter (where not jobs.is_carried_over) as job_attempts,
        count(*) filter (where jobs.outcome = 'fail' and not jobs.is_carried_over) as failed_job_attempts,
        count(*) filter (where jobs.is_timed) as timed_attempts,
        coalesce(sum(jobs.seconds), 0) as job_seconds,
        coalesce(sum(jobs.seconds) filter (where jobs.bucket = 'made_green'), 0) as made_green_seconds,
        coalesce(sum(jobs.seconds) filter (where jobs.bucket = 'superseded'), 0) as superseded_seconds,
        coalesce(sum(jobs.seconds) filter (where jobs.bucket = 'timeout'), 0) as timeout_seconds,
        coalesce(sum(jobs.seconds) filter (where jobs.bucket = 'rerun'), 0) as rerun_seconds
    from jobs
    group by jobs.repo, jobs.day, jobs.week, jobs.workflow_path, jobs.job_base_name, jobs.run_id
)
select
    runs.repo,
    runs.day,
    runs.week,
    runs.workflow_path,
    runs.job_base_name,
    count(*) as runs,
    count(*) filter (where runs.has_failed or runs.has_passed) as conclusive_runs,
    count(*) filter (where runs.has_passed and not runs.has_failed) as passed_runs,
    cast(sum(runs.job_attempts) as bigint) as job_attempts,
    cast(sum(runs.failed_job_attempts) as bigint) as failed_job_attempts,
    cast(sum(runs.timed_attempts) as bigint) as timed_attempts,
    cast(sum(runs.job_seconds) as bigint) as job_seconds,
    cast(sum(runs.made_green_seconds) as bigint) as made_green_seconds,
    cast(sum(runs.superseded_seconds) as bigint) as superseded_seconds,
    cast(sum(runs.timeout_seconds) as bigint) as timeout_seconds,
    cast(sum(runs.rerun_seconds) as bigint) as rerun_seconds
from runs
group by runs.repo, runs.day, runs.week, runs.workflow_path, runs.job_base_name
