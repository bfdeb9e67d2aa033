with totals as (
    select
        days.repo, 'day' as grain, sum(days.runs) as runs, sum(days.passed_runs) as passed_runs,
        sum(days.failed_job_attempts) as failed_job_attempts, sum(days.autofix_fixed) as autofix_fixed,
        sum(days.episodes_closed) as episodes_closed,
        sum(days.red_commits) as red_commits,
        sum(days.job_seconds) as job_seconds
    from marts.ci_daily as days
    group by days.repo
    union all
    select
        weeks.repo,
        'week',
        sum(weeks.runs),
        sum(weeks.passed_runs),
        sum(weeks.failed_job_attempts),
        sum(weeks.autofix_fixed),
        sum(weeks.episodes_closed), sum(weeks.red_commits), sum(weeks.job_seconds)
    from marts.ci_weekly as weeks
    group by weeks.repo
    union all
    select
        quarters.repo,
        'quarter',
        sum(quarters.runs),
        sum(quarters.passed_runs),
        sum(quarters.failed_job_attempts),
        sum(quarters.autofix_fixed),
        sum(quarters.episodes_closed), sum(quarters.red_commits), sum(quarters.job_seconds)
    from marts.quarterly_rollup as quarters
    group by quarters.repo
)
select totals.repo
from totals
group by totals.repo
having count(distinct row(
        totals.runs,
        totals.passed_runs,
        totals.failed_job_attempts,
        totals.autofix_fixed,
        totals.episodes_closed,
        totals.red_commits,
        totals.job_seconds
    )) <> 1
    or count(*) <> 3
