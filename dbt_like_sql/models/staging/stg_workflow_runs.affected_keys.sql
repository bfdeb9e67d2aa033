-- A workflow that gets another state has the same file as before.
with files as (
    select changed.repo, changed.workflow_id
    from changes.stg_workflows as changed
    group by changed.repo, changed.workflow_id
    having list(distinct changed.workflow_path) filter (where changed.is_old)
        is distinct from list(distinct changed.workflow_path) filter (where not changed.is_old)
)
select changed.run_id from changes.run_details as changed
union
select changed.run_id from changes.workflow_runs as changed
union
select changed.run_id from changes.stg_workflow_jobs as changed
union
select runs.run_id
from raw.workflow_runs as runs
semi join changes.stg_default_branches as changed on changed.repo = runs.repo and changed.branch = runs.head_branch
union
select runs.run_id
from raw.workflow_runs as runs
semi join files on files.repo = runs.repo and files.workflow_id = runs.workflow_id
