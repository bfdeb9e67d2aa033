-- Jobs of each workflow by ISO week, and all jobs of a workflow (job_base_name '*'): the sums of their days.
select
    days.repo,
    days.week,
    cast(date_trunc('week', min(days.day)) as date) as week_start,
    days.workflow_path,
    coalesce(days.job_base_name, '*') as job_base_name,
    cast(sum(days.runs) as bigint) as runs,
    cast(sum(days.conclusive_runs) as bigint) as conclusive_runs,
    cast(sum(days.passed_runs) as bigint) as passed_runs,
    cast(sum(days.job_attempts) as bigint) as job_attempts,
    cast(sum(days.failed_job_attempts) as bigint) as failed_job_attempts,
    cast(sum(days.job_seconds) as bigint) as job_seconds,
    cast(sum(days.made_green_seconds) as bigint) as made_green_seconds,
    cast(sum(days.superseded_seconds) as bigint) as superseded_seconds,
    cast(sum(days.timeout_seconds) as bigint) as timeout_seconds,
    cast(sum(days.rerun_seconds) as bigint) as rerun_seconds,
    cast(sum(days.made_green_seconds + days.superseded_seconds + days.timeout_seconds + days.rerun_seconds) as bigint)
        as wasted_seconds
from intermediate.int_job_days as days
group by grouping sets (
    (days.repo, days.week, days.workflow_path, days.job_base_name), (days.repo, days.week, days.workflow_path)
)
