with moved as (
    select
        changed.repo,
        changed.number,
        changed.head_branch,
        changed.head_sha,
        changed.head_repo,
        changed.state,
        changed.created_at,
        changed.closed_at
    from changes.stg_pull_requests as changed
    group by all
    having count(*) filter (where changed.is_old) <> count(*) filter (where not changed.is_old)
)
select changed.run_id from changes.stg_workflow_runs as changed
union
select run_milestones.run_id
from intermediate.int_run_milestones as run_milestones
semi join changes.stg_pull_requests as changed
    on changed.repo = run_milestones.repo
    and changed.number = run_milestones.pull_request_number
union
select runs.run_id
from staging.stg_workflow_runs as runs
semi join moved on moved.repo = runs.repo and moved.head_branch = runs.branch
union
select runs.run_id
from staging.stg_workflow_runs as runs
semi join moved on moved.repo = runs.repo and moved.head_sha = runs.head_sha
union
select runs.run_id
from staging.stg_workflow_runs as runs
semi join changes.stg_branch_milestones as changed on changed.repo = runs.repo and changed.branch = runs.branch
