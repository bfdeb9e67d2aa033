with totals as (
    select
        d.repo, 'day' as grain, sum(d.runs) as runs, sum(d.passed_runs) as passed_runs,
        sum(d.failed_job_attempts) as failed_job_attempts, sum(d.autofix_fixed) as autofix_fixed,
        sum(d.episodes_closed) as episodes_closed, sum(d.red_commits) as red_commits, sum(d.job_seconds) as job_seconds
    from marts.ci_daily as d
    group by d.repo
    union all
    select
        w.repo, 'week', sum(w.runs), sum(w.passed_runs), sum(w.failed_job_attempts), sum(w.autofix_fixed),
        sum(w.episodes_closed), sum(w.red_commits), sum(w.job_seconds)
    from marts.ci_weekly as w
    group by w.repo
    union all
    select
        q.repo, 'quarter', sum(q.runs), sum(q.passed_runs), sum(q.failed_job_attempts), sum(q.autofix_fixed),
        sum(q.episodes_closed), sum(q.red_commits), sum(q.job_seconds)
    from marts.quarterly_rollup as q
    group by q.repo
)
select t.repo
from totals as t
group by t.repo
having count(distinct (
        t.runs, t.passed_runs, t.failed_job_attempts, t.autofix_fixed, t.episodes_closed, t.red_commits, t.job_seconds
    )) <> 1
    or count(*) <> 3
