-- Runs counted by repository and day, days without runs left out.
select
    runs.repo,
    runs.day,
    count(*) filter (where runs.is_latest_attempt) as runs,
    count(*) filter (where runs.is_latest_attempt and runs.outcome in ('pass', 'fail')) as conclusive_runs,
    count(*) filter (where runs.is_latest_attempt and runs.outcome = 'pass') as passed_runs,
    count(*) filter (where runs.is_latest_attempt and runs.outcome = 'fail') as failed_runs,
    count(*) filter (where runs.is_latest_attempt and runs.outcome = 'void') as void_runs,
    count(*) filter (where runs.is_latest_attempt and runs.outcome = 'pending') as pending_runs,
    count(*) filter (where runs.is_first_attempt and runs.outcome in ('pass', 'fail')) as conclusive_first_attempts,
    count(*) filter (where runs.is_first_attempt and runs.outcome = 'pass') as passed_first_attempts,
    count(*) filter (where runs.has_jobs) as runs_with_jobs,
    count(*) filter (where runs.is_due) as due_runs,
    count(*) filter (where runs.is_due and runs.outcome = 'fail') as due_failed_runs
from marts.ci_runs as runs
where runs.day is not null
group by runs.repo, runs.day
