-- Runs of each workflow by ISO week: how they ended, and how long the passing attempts took.
select
    r.repo,
    r.week,
    r.workflow_path,
    cast(date_trunc('week', min(r.day)) as date) as week_start,
    count(*) filter (where r.is_latest_attempt) as runs,
    count(*) filter (where r.is_latest_attempt and r.outcome in ('pass', 'fail')) as conclusive_runs,
    count(*) filter (where r.is_latest_attempt and r.outcome = 'pass') as passed_runs,
    count(*) filter (where r.is_first_attempt and r.outcome in ('pass', 'fail')) as conclusive_first_attempts,
    count(*) filter (where r.is_first_attempt and r.outcome = 'pass') as passed_first_attempts,
    median(r.duration_seconds) filter (where r.outcome = 'pass') as duration_p50_seconds,
    quantile_cont(r.duration_seconds, 0.95) filter (where r.outcome = 'pass') as duration_p95_seconds
from marts.ci_runs as r
where r.week is not null
group by r.repo, r.week, r.workflow_path
