select
    w.week,
    sum(case when w.repo = '*' then w.runs else -w.runs end) as runs,
    sum(case when w.repo = '*' then w.failed_job_attempts else -w.failed_job_attempts end) as failed_job_attempts,
    sum(case when w.repo = '*' then w.autofix_fixed else -w.autofix_fixed end) as autofix_fixed,
    sum(case when w.repo = '*' then w.episodes_closed else -w.episodes_closed end) as episodes_closed,
    sum(case when w.repo = '*' then w.green_commits else -w.green_commits end) as green_commits,
    sum(case when w.repo = '*' then w.job_seconds else -w.job_seconds end) as job_seconds
from marts.ci_weekly as w
group by w.week
having runs <> 0
    or failed_job_attempts <> 0
    or autofix_fixed <> 0
    or episodes_closed <> 0
    or green_commits <> 0
    or job_seconds <> 0
