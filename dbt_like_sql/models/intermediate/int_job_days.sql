-- Each job (without matrix values and shard) of each workflow by the day of its run: in how many runs it passed in the
-- end, how long it ran, and how much of that was wasted.
with runs as (
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
    from intermediate.int_job_times as jobs
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
