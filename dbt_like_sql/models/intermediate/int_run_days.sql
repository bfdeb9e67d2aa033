-- Runs counted by repository and day, days without runs left out.
select
    r.repo,
    r.day,
    count(*) filter (where r.is_latest_attempt) as runs,
    count(*) filter (where r.is_latest_attempt and r.outcome in ('pass', 'fail')) as conclusive_runs,
    count(*) filter (where r.is_latest_attempt and r.outcome = 'pass') as passed_runs,
    count(*) filter (where r.is_latest_attempt and r.outcome = 'fail') as failed_runs,
    count(*) filter (where r.is_latest_attempt and r.outcome = 'void') as void_runs,
    count(*) filter (where r.is_latest_attempt and r.outcome = 'pending') as pending_runs,
    count(*) filter (where r.is_first_attempt and r.outcome in ('pass', 'fail')) as conclusive_first_attempts,
    count(*) filter (where r.is_first_attempt and r.outcome = 'pass') as passed_first_attempts,
    count(*) filter (where r.has_jobs) as runs_with_jobs,
    count(*) filter (where r.is_due) as due_runs,
    count(*) filter (where r.is_due and r.outcome = 'fail') as due_failed_runs
from marts.ci_runs as r
where r.day is not null
group by r.repo, r.day
