-- Each workflow in the last complete ISO week, and how its default branch stands now.
with last_week as (
    select
        cast(date_trunc('week', p.as_of) as date) - 7 as week_start,
        strftime(date_trunc('week', p.as_of) - interval 7 day, '%G-W%V') as week
    from config.parameters as p
), workflows as (
    select
        d.repo,
        d.workflow_path,
        max_by(d.workflow_name, (d.named_at, d.named_run_id)) as workflow_name
    from intermediate.int_workflow_days as d
    group by d.repo, d.workflow_path
), runs as (
    select
        r.repo,
        r.workflow_path,
        count(*) filter (where r.is_latest_attempt) as runs,
        count(*) filter (where r.is_latest_attempt and r.outcome in ('pass', 'fail')) as conclusive_runs,
        count(*) filter (where r.is_latest_attempt and r.outcome = 'pass') as passed_runs,
        count(*) filter (where r.is_first_attempt and r.outcome in ('pass', 'fail')) as conclusive_first_attempts,
        count(*) filter (where r.is_first_attempt and r.outcome = 'pass') as passed_first_attempts,
        median(r.duration_seconds) filter (where r.outcome = 'pass') as duration_p50_seconds,
        quantile_cont(r.duration_seconds, 0.95) filter (where r.outcome = 'pass') as duration_p95_seconds
    from marts.ci_runs as r
    inner join last_week as w on w.week = r.week
    group by r.repo, r.workflow_path
), jobs as (
    select
        j.repo,
        j.workflow_path,
        count(*) filter (where j.outcome = 'fail') as failed_job_attempts,
        quantile_cont(j.queue_seconds, 0.95) as queue_p95_seconds
    from marts.ci_jobs as j
    inner join last_week as w on w.week = j.week
    group by j.repo, j.workflow_path
), red as (
    select e.repo, e.workflow_path, e.started_at, e.hours from marts.red_episodes as e where e.is_open
), removed as (
    select r.repo, r.workflow_path, max(r.removed_at) as removed_at
    from intermediate.int_workflow_removals as r
    where r.returned_at is null
    group by r.repo, r.workflow_path
)
select
    f.repo,
    f.workflow_path,
    f.workflow_name,
    w.week,
    w.week_start,
    coalesce(r.runs, 0) as runs,
    coalesce(r.conclusive_runs, 0) as conclusive_runs,
    r.passed_first_attempts / nullif(r.conclusive_first_attempts, 0) as first_attempt_pass_rate,
    r.passed_runs / nullif(r.conclusive_runs, 0) as final_pass_rate,
    coalesce(j.failed_job_attempts, 0) as failed_job_attempts,
    r.duration_p50_seconds,
    r.duration_p95_seconds,
    j.queue_p95_seconds,
    l.outcome as latest_default_outcome,
    l.completed_at as latest_default_at,
    l.html_url as latest_default_url,
    e.started_at is not null as is_red,
    e.started_at as red_since,
    e.hours as red_hours,
    c.workflow_path is not null and k.removed_at is null as is_critical,
    k.removed_at is not null as is_removed,
    k.removed_at,
    coalesce(p.is_complete, false) as is_complete,
    p.first_whole_day,
    p.last_whole_day
from workflows as f
cross join last_week as w
left join marts.period_coverage as p on p.repo = f.repo and p.grain = 'week' and p.period = w.week
left join runs as r on r.repo = f.repo and r.workflow_path = f.workflow_path
left join jobs as j on j.repo = f.repo and j.workflow_path = f.workflow_path
left join intermediate.int_default_branch_verdicts as l on l.repo = f.repo and l.workflow_path = f.workflow_path
left join red as e on e.repo = f.repo and e.workflow_path = f.workflow_path
left join removed as k on k.repo = f.repo and k.workflow_path = f.workflow_path
left join marts.critical_workflows as c on c.repo = f.repo and c.workflow_path = f.workflow_path
