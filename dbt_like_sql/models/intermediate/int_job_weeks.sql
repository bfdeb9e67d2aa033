-- Jobs of each workflow by ISO week, and all jobs of a workflow (job_base_name '*'): the sums of their days.
select
    d.repo,
    d.week,
    cast(date_trunc('week', min(d.day)) as date) as week_start,
    d.workflow_path,
    coalesce(d.job_base_name, '*') as job_base_name,
    cast(sum(d.runs) as bigint) as runs,
    cast(sum(d.conclusive_runs) as bigint) as conclusive_runs,
    cast(sum(d.passed_runs) as bigint) as passed_runs,
    cast(sum(d.job_attempts) as bigint) as job_attempts,
    cast(sum(d.failed_job_attempts) as bigint) as failed_job_attempts,
    cast(sum(d.job_seconds) as bigint) as job_seconds,
    cast(sum(d.made_green_seconds) as bigint) as made_green_seconds,
    cast(sum(d.superseded_seconds) as bigint) as superseded_seconds,
    cast(sum(d.timeout_seconds) as bigint) as timeout_seconds,
    cast(sum(d.rerun_seconds) as bigint) as rerun_seconds,
    cast(sum(d.made_green_seconds + d.superseded_seconds + d.timeout_seconds + d.rerun_seconds) as bigint)
    as wasted_seconds
from intermediate.int_job_days as d
group by grouping sets (
    (d.repo, d.week, d.workflow_path, d.job_base_name), (d.repo, d.week, d.workflow_path)
)
