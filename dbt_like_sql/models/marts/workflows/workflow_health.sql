-- Each workflow in the last complete ISO week, and how its default branch stands now.
with last_week as (
    select
        cast(date_trunc('week', parameters.as_of) as date) - 7 as week_start,
        strftime(date_trunc('week', parameters.as_of) - interval 7 day, '%G-W%V') as week
    from config.parameters as parameters
), workflows as (
    select
        days.repo,
        days.workflow_path,
        max_by(days.workflow_name, (days.named_at, days.named_run_id)) as workflow_name
    from intermediate.int_workflow_days as days
    group by days.repo, days.workflow_path
), runs as (
    select
        runs.repo,
        runs.workflow_path,
        count(*) filter (where runs.is_latest_attempt) as runs,
        count(*) filter (where runs.is_latest_attempt and runs.outcome in ('pass', 'fail')) as conclusive_runs,
        count(*) filter (where runs.is_latest_attempt and runs.outcome = 'pass') as passed_runs,
        count(*) filter (where runs.is_first_attempt and runs.outcome in ('pass', 'fail')) as conclusive_first_attempts,
        count(*) filter (where runs.is_first_attempt and runs.outcome = 'pass') as passed_first_attempts,
        median(runs.duration_seconds) filter (where runs.outcome = 'pass') as duration_p50_seconds,
        quantile_cont(runs.duration_seconds, 0.95) filter (where runs.outcome = 'pass') as duration_p95_seconds
    from marts.ci_runs as runs
    inner join last_week on last_week.week = runs.week
    group by runs.repo, runs.workflow_path
), jobs as (
    select
        jobs.repo,
        jobs.workflow_path,
        count(*) filter (where jobs.outcome = 'fail') as failed_job_attempts,
        quantile_cont(jobs.queue_seconds, 0.95) as queue_p95_seconds
    from marts.ci_jobs as jobs
    inner join last_week on last_week.week = jobs.week
    group by jobs.repo, jobs.workflow_path
), red as (
    select episodes.repo, episodes.workflow_path, episodes.started_at, episodes.hours
    from marts.red_episodes as episodes
    where episodes.is_open
), removed as (
    select removals.repo, removals.workflow_path, max(removals.removed_at) as removed_at
    from intermediate.int_workflow_removals as removals
    where removals.returned_at is null
    group by removals.repo, removals.workflow_path
)
select
    workflows.repo,
    workflows.workflow_path,
    workflows.workflow_name,
    last_week.week,
    last_week.week_start,
    coalesce(runs.runs, 0) as runs,
    coalesce(runs.conclusive_runs, 0) as conclusive_runs,
    runs.passed_first_attempts / nullif(runs.conclusive_first_attempts, 0) as first_attempt_pass_rate,
    runs.passed_runs / nullif(runs.conclusive_runs, 0) as final_pass_rate,
    coalesce(jobs.failed_job_attempts, 0) as failed_job_attempts,
    runs.duration_p50_seconds,
    runs.duration_p95_seconds,
    jobs.queue_p95_seconds,
    verdicts.outcome as latest_default_outcome,
    verdicts.completed_at as latest_default_at,
    verdicts.html_url as latest_default_url,
    red.started_at is not null as is_red,
    red.started_at as red_since,
    red.hours as red_hours,
    critical_workflows.workflow_path is not null and removed.removed_at is null as is_critical,
    removed.removed_at is not null as is_removed,
    removed.removed_at,
    coalesce(coverage.is_complete, false) as is_complete,
    coverage.first_whole_day,
    coverage.last_whole_day
from workflows
cross join last_week
left join marts.period_coverage as coverage
    on coverage.repo = workflows.repo
    and coverage.grain = 'week'
    and coverage.period = last_week.week
left join runs on runs.repo = workflows.repo and runs.workflow_path = workflows.workflow_path
left join jobs on jobs.repo = workflows.repo and jobs.workflow_path = workflows.workflow_path
left join intermediate.int_default_branch_verdicts as verdicts
    on verdicts.repo = workflows.repo
    and verdicts.workflow_path = workflows.workflow_path
left join red on red.repo = workflows.repo and red.workflow_path = workflows.workflow_path
left join removed on removed.repo = workflows.repo and removed.workflow_path = workflows.workflow_path
left join marts.critical_workflows as critical_workflows
    on critical_workflows.repo = workflows.repo
    and critical_workflows.workflow_path = workflows.workflow_path
