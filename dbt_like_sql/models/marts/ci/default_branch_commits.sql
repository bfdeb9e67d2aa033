-- The state of each commit of a default branch. A job (all its shards and matrix values) that failed in every attempt
-- makes it red; one that failed in some and passed in others makes it flaky.
with attempts as (
    select runs.* from marts.ci_runs as runs where runs.is_default_branch and runs.head_sha is not null
), commits as (
    select
        attempts.repo,
        attempts.head_sha,
        min(attempts.created_at) as created_at,
        min(attempts.day) as day,
        count(distinct attempts.run_id) as runs,
        bool_or(attempts.outcome = 'pending') as is_pending
    from attempts
    where attempts.outcome <> 'void'
    group by attempts.repo, attempts.head_sha
), failing_attempts as (
    -- A job that may fail without failing its run says nothing about the commit.
    select distinct
        attempts.repo,
        attempts.head_sha,
        attempts.workflow_path,
        failures.job_base_name as job_name,
        attempts.run_id,
        attempts.run_attempt
    from attempts
    inner join marts.ci_failures as failures
        on failures.run_id = attempts.run_id
        and failures.run_attempt = attempts.run_attempt
    where attempts.outcome = 'fail'
    union all
    -- Without a failing job (a start-up failure has none at all) the workflow itself is what failed.
    select attempts.repo, attempts.head_sha, attempts.workflow_path, '', attempts.run_id, attempts.run_attempt
    from attempts
    where attempts.outcome = 'fail' and attempts.failed_jobs = 0
), failing_jobs as (
    select distinct
        failing_attempts.repo,
        failing_attempts.head_sha,
        failing_attempts.workflow_path,
        failing_attempts.job_name
    from failing_attempts
), runs as (
    -- A job may come without its own attempt's record: its run is enough.
    select distinct attempts.repo, attempts.head_sha, attempts.workflow_path, attempts.run_id from attempts
), passing_attempts as (
    select distinct
        failing_jobs.repo,
        failing_jobs.head_sha,
        failing_jobs.workflow_path,
        failing_jobs.job_name,
        jobs.run_id,
        jobs.run_attempt
    from failing_jobs
    inner join runs
        on runs.repo = failing_jobs.repo
        and runs.head_sha = failing_jobs.head_sha
        and runs.workflow_path = failing_jobs.workflow_path
    inner join marts.ci_jobs as jobs on jobs.run_id = runs.run_id and jobs.job_base_name = failing_jobs.job_name
    where jobs.outcome = 'pass' and not jobs.is_carried_over
    union all
    select
        failing_jobs.repo,
        failing_jobs.head_sha,
        failing_jobs.workflow_path,
        failing_jobs.job_name,
        attempts.run_id,
        attempts.run_attempt
    from failing_jobs
    inner join attempts
        on attempts.repo = failing_jobs.repo and attempts.head_sha = failing_jobs.head_sha
        and attempts.workflow_path = failing_jobs.workflow_path
    where failing_jobs.job_name = '' and attempts.outcome = 'pass'
), passing_jobs as (
    -- An attempt in which another shard failed did not pass.
    select distinct
        passing_attempts.repo,
        passing_attempts.head_sha,
        passing_attempts.workflow_path,
        passing_attempts.job_name
    from passing_attempts
    anti join failing_attempts
        on failing_attempts.run_id = passing_attempts.run_id and failing_attempts.run_attempt
        = passing_attempts.run_attempt and failing_attempts.job_name = passing_attempts.job_name
), judged as (
    select
        failing_jobs.repo,
        failing_jobs.head_sha,
        count(*) filter (where passing_jobs.repo is null) as red_jobs,
        count(*) filter (where passing_jobs.repo is not null) as flaky_jobs
    from failing_jobs
    left join passing_jobs
        on passing_jobs.repo = failing_jobs.repo
        and passing_jobs.head_sha = failing_jobs.head_sha
        and passing_jobs.workflow_path = failing_jobs.workflow_path
        and passing_jobs.job_name = failing_jobs.job_name
    group by failing_jobs.repo, failing_jobs.head_sha
)
select
    commits.repo,
    commits.head_sha,
    case
        when judged.red_jobs > 0 then 'red'
        when judged.flaky_jobs > 0 then 'flaky'
        when commits.is_pending then 'pending'
        else 'green'
    end as state,
    commits.runs,
    coalesce(judged.red_jobs, 0) as red_jobs,
    coalesce(judged.flaky_jobs, 0) as flaky_jobs,
    commits.created_at,
    commits.day
from commits
left join judged on judged.repo = commits.repo and judged.head_sha = commits.head_sha
