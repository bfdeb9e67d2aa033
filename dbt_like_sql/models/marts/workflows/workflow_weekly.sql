-- How each workflow, and each of its jobs, went in each ISO week it ran in, and its trend against the week before.
-- job_base_name '*' is the workflow itself, whose rows count runs; those of a job count the runs that it was in.
with waste as (
    select job_weeks.* from intermediate.int_job_weeks as job_weeks
), weeks as (
    select
        workflow_weeks.repo,
        workflow_weeks.week,
        workflow_weeks.week_start,
        workflow_weeks.workflow_path,
        '*' as job_base_name,
        workflow_weeks.runs,
        workflow_weeks.conclusive_runs,
        workflow_weeks.passed_runs,
        workflow_weeks.passed_first_attempts
        / nullif(workflow_weeks.conclusive_first_attempts, 0) as first_attempt_pass_rate,
        workflow_weeks.duration_p50_seconds, workflow_weeks.duration_p95_seconds
    from intermediate.int_workflow_weeks as workflow_weeks
    union all
    select
        waste.repo,
        waste.week,
        waste.week_start,
        waste.workflow_path,
        waste.job_base_name,
        waste.runs,
        waste.conclusive_runs,
        waste.passed_runs,
        null,
        null, null
    from waste
    where waste.job_base_name <> '*'
)
select
    weeks.repo,
    weeks.week,
    weeks.week_start,
    weeks.workflow_path,
    weeks.job_base_name,
    weeks.runs,
    weeks.conclusive_runs,
    weeks.passed_runs,
    weeks.first_attempt_pass_rate,
    weeks.passed_runs / nullif(weeks.conclusive_runs, 0) as final_pass_rate,
    coalesce(waste.failed_job_attempts, 0) as failed_job_attempts,
    weeks.duration_p50_seconds,
    weeks.duration_p95_seconds,
    coalesce(waste.job_seconds, 0) as job_seconds,
    coalesce(waste.wasted_seconds, 0) as wasted_seconds,
    waste.wasted_seconds / nullif(waste.job_seconds, 0) as wasted_share,
    coalesce(trends.trend, 'Stable') as trend,
    coalesce(trends.previous_n, 0) as previous_conclusive_runs,
    trends.previous_pass_rate as previous_final_pass_rate,
    trends.delta as final_pass_rate_delta,
    trends.delta_low as final_pass_rate_delta_low,
    trends.delta_high as final_pass_rate_delta_high,
    coalesce(coverage.is_complete, false) as is_complete,
    coverage.first_whole_day,
    coverage.last_whole_day
from weeks
left join waste
    on waste.repo = weeks.repo
    and waste.week = weeks.week
    and waste.workflow_path = weeks.workflow_path
    and waste.job_base_name = weeks.job_base_name
left join marts.pass_rate_trends as trends
    on trends.repo = weeks.repo
    and trends.grain = 'workflow_week'
    and trends.period = weeks.week
    and trends.workflow_path = weeks.workflow_path
    and trends.job_base_name = weeks.job_base_name
left join marts.period_coverage as coverage
    on coverage.repo = weeks.repo
    and coverage.grain = 'week'
    and coverage.period = weeks.week
