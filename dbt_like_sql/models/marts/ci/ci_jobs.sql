-- Job attempts, with what their run knows; jobs whose run was never read are kept.
with run_facts as (
    -- A job may come without its own attempt's record: workflow, event and milestone are the same in all attempts.
    select
        r.run_id,
        min(r.workflow_path) as workflow_path,
        min(r.event) as event,
        min(r.actor) as actor,
        bool_or(r.is_default_branch) as is_default_branch,
        max(r.run_attempt) as latest_attempt,
        min(r.created_at) as created_at,
        min(r.branch) as branch,
        min(r.head_sha) as head_sha,
        min(r.pull_request_number) as pull_request_number,
        min(r.milestone) as milestone
    from marts.ci_runs as r
    group by r.run_id
)
select
    j.repo,
    j.job_id,
    j.run_id,
    j.run_attempt,
    coalesce(r.workflow_path, j.workflow_name, 'unknown') as workflow_path,
    j.job_name,
    j.job_base_name,
    coalesce(r.branch, j.branch) as branch,
    coalesce(r.head_sha, j.head_sha) as head_sha,
    r.event,
    r.actor,
    coalesce(r.is_default_branch, false) as is_default_branch,
    j.status,
    j.conclusion,
    j.outcome,
    j.outcome_reason,
    j.run_attempt = 1 as is_first_attempt,
    j.run_attempt >= coalesce(r.latest_attempt, j.run_attempt) as is_latest_attempt,
    coalesce(r.created_at, j.created_at, j.completed_at) as run_created_at,
    cast(coalesce(r.created_at, j.created_at, j.completed_at) as date) as day,
    strftime(coalesce(r.created_at, j.created_at, j.completed_at), '%G-W%V') as week,
    j.created_at,
    j.started_at,
    j.completed_at,
    j.queue_seconds,
    j.duration_seconds,
    j.is_carried_over,
    j.has_failed_twin,
    j.labels,
    j.failed_steps,
    r.pull_request_number,
    r.milestone,
    j.html_url
from staging.stg_workflow_jobs as j
left join run_facts as r on r.run_id = j.run_id
