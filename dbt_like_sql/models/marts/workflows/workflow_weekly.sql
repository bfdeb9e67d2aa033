-- How each workflow, and each of its jobs, went in each ISO week it ran in, and its trend against the week before.
-- job_base_name '*' is the workflow itself, whose rows count runs; those of a job count the runs that it was in.
with waste as (
    select j.* from intermediate.int_job_weeks as j
), weeks as (
    select
        w.repo, w.week, w.week_start, w.workflow_path, '*' as job_base_name, w.runs, w.conclusive_runs, w.passed_runs,
        w.passed_first_attempts / nullif(w.conclusive_first_attempts, 0) as first_attempt_pass_rate,
        w.duration_p50_seconds, w.duration_p95_seconds
    from intermediate.int_workflow_weeks as w
    union all
    select
        j.repo, j.week, j.week_start, j.workflow_path, j.job_base_name, j.runs, j.conclusive_runs, j.passed_runs, null,
        null, null
    from waste as j
    where j.job_base_name <> '*'
)
select
    w.repo,
    w.week,
    w.week_start,
    w.workflow_path,
    w.job_base_name,
    w.runs,
    w.conclusive_runs,
    w.passed_runs,
    w.first_attempt_pass_rate,
    w.passed_runs / nullif(w.conclusive_runs, 0) as final_pass_rate,
    coalesce(j.failed_job_attempts, 0) as failed_job_attempts,
    w.duration_p50_seconds,
    w.duration_p95_seconds,
    coalesce(j.job_seconds, 0) as job_seconds,
    coalesce(j.wasted_seconds, 0) as wasted_seconds,
    j.wasted_seconds / nullif(j.job_seconds, 0) as wasted_share,
    coalesce(t.trend, 'Stable') as trend,
    coalesce(t.previous_n, 0) as previous_conclusive_runs,
    t.previous_pass_rate as previous_final_pass_rate,
    t.delta as final_pass_rate_delta,
    t.delta_low as final_pass_rate_delta_low,
    t.delta_high as final_pass_rate_delta_high,
    coalesce(c.is_complete, false) as is_complete,
    c.first_whole_day,
    c.last_whole_day
from weeks as w
left join waste as j
    on j.repo = w.repo
    and j.week = w.week
    and j.workflow_path = w.workflow_path
    and j.job_base_name = w.job_base_name
left join marts.pass_rate_trends as t
    on t.repo = w.repo
    and t.grain = 'workflow_week'
    and t.period = w.week
    and t.workflow_path = w.workflow_path
    and t.job_base_name = w.job_base_name
left join marts.period_coverage as c on c.repo = w.repo and c.grain = 'week' and c.period = w.week
