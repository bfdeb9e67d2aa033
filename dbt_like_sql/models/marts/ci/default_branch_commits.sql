-- The state of each commit of a default branch. A job (all its shards and matrix values) that failed in every attempt
-- makes it red; one that failed in some and passed in others makes it flaky.
with attempts as (
    select r.* from marts.ci_runs as r where r.is_default_branch and r.head_sha is not null
), commits as (
    select
        a.repo,
        a.head_sha,
        min(a.created_at) as created_at,
        min(a.day) as day,
        count(distinct a.run_id) as runs,
        bool_or(a.outcome = 'pending') as is_pending
    from attempts as a
    where a.outcome <> 'void'
    group by a.repo, a.head_sha
), failing_attempts as (
    -- A job that may fail without failing its run says nothing about the commit.
    select distinct a.repo, a.head_sha, a.workflow_path, f.job_base_name as job_name, a.run_id, a.run_attempt
    from attempts as a
    inner join marts.ci_failures as f on f.run_id = a.run_id and f.run_attempt = a.run_attempt
    where a.outcome = 'fail'
    union all
    -- Without a failing job (a start-up failure has none at all) the workflow itself is what failed.
    select a.repo, a.head_sha, a.workflow_path, '', a.run_id, a.run_attempt
    from attempts as a
    where a.outcome = 'fail' and a.failed_jobs = 0
), failing_jobs as (
    select distinct f.repo, f.head_sha, f.workflow_path, f.job_name from failing_attempts as f
), runs as (
    -- A job may come without its own attempt's record: its run is enough.
    select distinct a.repo, a.head_sha, a.workflow_path, a.run_id from attempts as a
), passing_attempts as (
    select distinct f.repo, f.head_sha, f.workflow_path, f.job_name, j.run_id, j.run_attempt
    from failing_jobs as f
    inner join runs as r on r.repo = f.repo and r.head_sha = f.head_sha and r.workflow_path = f.workflow_path
    inner join marts.ci_jobs as j on j.run_id = r.run_id and j.job_base_name = f.job_name
    where j.outcome = 'pass' and not j.is_carried_over
    union all
    select f.repo, f.head_sha, f.workflow_path, f.job_name, a.run_id, a.run_attempt
    from failing_jobs as f
    inner join attempts as a
        on a.repo = f.repo and a.head_sha = f.head_sha and a.workflow_path = f.workflow_path
    where f.job_name = '' and a.outcome = 'pass'
), passing_jobs as (
    -- An attempt in which another shard failed did not pass.
    select distinct p.repo, p.head_sha, p.workflow_path, p.job_name
    from passing_attempts as p
    anti join failing_attempts as f
        on f.run_id = p.run_id and f.run_attempt = p.run_attempt and f.job_name = p.job_name
), judged as (
    select
        f.repo,
        f.head_sha,
        count(*) filter (where p.repo is null) as red_jobs,
        count(*) filter (where p.repo is not null) as flaky_jobs
    from failing_jobs as f
    left join passing_jobs as p
        on p.repo = f.repo
        and p.head_sha = f.head_sha
        and p.workflow_path = f.workflow_path
        and p.job_name = f.job_name
    group by f.repo, f.head_sha
)
select
    c.repo,
    c.head_sha,
    case
        when j.red_jobs > 0 then 'red'
        when j.flaky_jobs > 0 then 'flaky'
        when c.is_pending then 'pending'
        else 'green'
    end as state,
    c.runs,
    coalesce(j.red_jobs, 0) as red_jobs,
    coalesce(j.flaky_jobs, 0) as flaky_jobs,
    c.created_at,
    c.day
from commits as c
left join judged as j on j.repo = c.repo and j.head_sha = c.head_sha
