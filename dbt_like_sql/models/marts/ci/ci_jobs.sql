-- Job attempts, with what their run knows; jobs whose run was never read are kept.
with run_facts as (
    -- A job may come without its own attempt's record: workflow, event and milestone are the same in all attempts.
    select
        runs.run_id,
        min(runs.workflow_path) as workflow_path,
        min(runs.event) as event,
        min(runs.actor) as actor,
        bool_or(runs.is_default_branch) as is_default_branch,
        max(runs.run_attempt) as latest_attempt,
        min(runs.created_at) as created_at,
        min(runs.branch) as branch,
        min(runs.head_sha) as head_sha,
        min(runs.pull_request_number) as pull_request_number,
        min(runs.milestone) as milestone
    from marts.ci_runs as runs
    group by runs.run_id
)
select
    jobs.repo,
    jobs.job_id,
    jobs.run_id,
    jobs.run_attempt,
    coalesce(run_facts.workflow_path, jobs.workflow_name, 'unknown') as workflow_path,
    jobs.job_name,
    jobs.job_base_name,
    coalesce(run_facts.branch, jobs.branch) as branch,
    coalesce(run_facts.head_sha, jobs.head_sha) as head_sha,
    run_facts.event,
    run_facts.actor,
    coalesce(run_facts.is_default_branch, false) as is_default_branch,
    jobs.status,
    jobs.conclusion,
    jobs.outcome,
    jobs.outcome_reason,
    jobs.run_attempt = 1 as is_first_attempt,
    jobs.run_attempt >= coalesce(run_facts.latest_attempt, jobs.run_attempt) as is_latest_attempt,
    coalesce(run_facts.created_at, jobs.created_at, jobs.completed_at) as run_created_at,
    cast(coalesce(run_facts.created_at, jobs.created_at, jobs.completed_at) as date) as day,
    strftime(coalesce(run_facts.created_at, jobs.created_at, jobs.completed_at), '%G-W%V') as week,
    jobs.created_at,
    jobs.started_at,
    jobs.completed_at,
    jobs.queue_seconds,
    jobs.duration_seconds,
    jobs.is_on_runner,
    jobs.is_carried_over,
    jobs.has_failed_twin,
    jobs.labels,
    jobs.failed_steps,
    run_facts.pull_request_number,
    run_facts.milestone,
    jobs.html_url
from staging.stg_workflow_jobs as jobs
left join run_facts on run_facts.run_id = jobs.run_id
