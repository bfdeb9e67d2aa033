select
    weeks.week,
    sum(case when weeks.repo = '*' then weeks.runs else -weeks.runs end) as runs,
    sum(
        case when weeks.repo = '*' then weeks.failed_job_attempts else -weeks.failed_job_attempts end
    ) as failed_job_attempts,
    sum(case when weeks.repo = '*' then weeks.autofix_fixed else -weeks.autofix_fixed end) as autofix_fixed,
    sum(case when weeks.repo = '*' then weeks.episodes_closed else -weeks.episodes_closed end) as episodes_closed,
    sum(case when weeks.repo = '*' then weeks.green_commits else -weeks.green_commits end) as green_commits,
    sum(case when weeks.repo = '*' then weeks.job_seconds else -weeks.job_seconds end) as job_seconds
from marts.ci_weekly as weeks
group by weeks.week
having runs <> 0
    or failed_job_attempts <> 0
    or autofix_fixed <> 0
    or episodes_closed <> 0
    or green_commits <> 0
    or job_seconds <> 0
