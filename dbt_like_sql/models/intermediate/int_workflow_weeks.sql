-- Runs of each workflow by ISO week: how they ended, and how long the passing attempts took.
select
    runs.repo,
    runs.week,
    runs.workflow_path,
    cast(date_trunc('week', min(runs.day)) as date) as week_start,
    count(*) filter (where runs.is_latest_attempt) as runs,
    count(*) filter (where runs.is_latest_attempt and runs.outcome in ('pass', 'fail')) as conclusive_runs,
    count(*) filter (where runs.is_latest_attempt and runs.outcome = 'pass') as passed_runs,
    count(*) filter (where runs.is_first_attempt and runs.outcome in ('pass', 'fail')) as conclusive_first_attempts,
    count(*) filter (where runs.is_first_attempt and runs.outcome = 'pass') as passed_first_attempts,
    median(runs.duration_seconds) filter (where runs.outcome = 'pass') as duration_p50_seconds,
    quantile_cont(runs.duration_seconds, 0.95) filter (where runs.outcome = 'pass') as duration_p95_seconds
from marts.ci_runs as runs
where runs.week is not null
group by runs.repo, runs.week, runs.workflow_path
