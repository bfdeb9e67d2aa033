-- Which jobs (all shards and matrix values together) passed and failed in each run, in any of its attempts: what
-- flakiness is taken from. Attempts in which 10 or more jobs failed are left out: mass failures are the environment's.
with conclusive as (
    select j.*
    from marts.ci_jobs as j
    where j.outcome in ('pass', 'fail') and j.head_sha is not null and j.run_created_at is not null
), mass_failures as (
    select c.run_id, c.run_attempt
    from conclusive as c
    where c.outcome = 'fail'
    group by c.run_id, c.run_attempt
    having count(*) >= 10
), attempts as (
    -- An attempt fails in a job when any of its shards did: tests move between shards.
    select
        c.repo,
        c.workflow_path,
        c.job_base_name as job_name,
        c.head_sha,
        c.run_id,
        c.run_attempt,
        bool_or(c.outcome = 'fail') as has_failed,
        max(c.run_created_at) as run_created_at,
        max(c.pull_request_number) as pull_request_number,
        max(c.html_url) filter (where c.outcome = 'fail') as html_url
    from conclusive as c
    anti join mass_failures as m on m.run_id = c.run_id and m.run_attempt = c.run_attempt
    group by c.repo, c.workflow_path, c.job_base_name, c.head_sha, c.run_id, c.run_attempt
)
select
    a.repo,
    a.workflow_path,
    a.job_name,
    a.head_sha,
    a.run_id,
    bool_or(a.has_failed) as has_failed,
    bool_or(not a.has_failed) as has_passed,
    max(a.run_created_at) as run_created_at,
    strftime(max(a.run_created_at), '%G-W%V') as week,
    max(a.pull_request_number) as pull_request_number,
    max(a.html_url) as html_url
from attempts as a
group by a.repo, a.workflow_path, a.job_name, a.head_sha, a.run_id
