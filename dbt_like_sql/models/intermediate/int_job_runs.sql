-- Which jobs (all shards and matrix values together) passed and failed in each run, in any of its attempts: what
-- flakiness is taken from. Attempts in which 10 or more jobs failed are left out: mass failures are the environment's.
with conclusive as (
    select jobs.*
    from marts.ci_jobs as jobs
    where jobs.outcome in ('pass', 'fail') and jobs.head_sha is not null and jobs.run_created_at is not null
), mass_failures as (
    select conclusive.run_id, conclusive.run_attempt
    from conclusive
    where conclusive.outcome = 'fail'
    group by conclusive.run_id, conclusive.run_attempt
    having count(*) >= 10
), attempts as (
    -- An attempt fails in a job when any of its shards did: tests move between shards.
    select
        conclusive.repo,
        conclusive.workflow_path,
        conclusive.job_base_name as job_name,
        conclusive.head_sha,
        conclusive.run_id,
        conclusive.run_attempt,
        bool_or(conclusive.outcome = 'fail') as has_failed,
        max(conclusive.run_created_at) as run_created_at,
        max(conclusive.pull_request_number) as pull_request_number,
        max(conclusive.html_url) filter (where conclusive.outcome = 'fail') as html_url
    from conclusive
    anti join mass_failures
        on mass_failures.run_id = conclusive.run_id
        and mass_failures.run_attempt = conclusive.run_attempt
    group by
        conclusive.repo,
        conclusive.workflow_path,
        conclusive.job_base_name,
        conclusive.head_sha,
        conclusive.run_id,
        conclusive.run_attempt
)
select
    attempts.repo,
    attempts.workflow_path,
    attempts.job_name,
    attempts.head_sha,
    attempts.run_id,
    bool_or(attempts.has_failed) as has_failed,
    bool_or(not attempts.has_failed) as has_passed,
    max(attempts.run_created_at) as run_created_at,
    strftime(max(attempts.run_created_at), '%G-W%V') as week,
    max(attempts.pull_request_number) as pull_request_number,
    max(attempts.html_url) as html_url
from attempts
group by attempts.repo, attempts.workflow_path, attempts.job_name, attempts.head_sha, attempts.run_id
