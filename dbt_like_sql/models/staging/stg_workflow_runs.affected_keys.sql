-- A workflow that gets another state has the same file as before.
with files as (
    select c.repo, c.workflow_id
    from changes.stg_workflows as c
    group by c.repo, c.workflow_id
    having list(distinct c.workflow_path) filter (where c.is_old)
        is distinct from list(distinct c.workflow_path) filter (where not c.is_old)
)
select c.run_id from changes.run_details as c
union
select c.run_id from changes.workflow_runs as c
union
select c.run_id from changes.stg_workflow_jobs as c
union
select r.run_id
from raw.workflow_runs as r
semi join changes.stg_default_branches as b on b.repo = r.repo and b.branch = r.head_branch
union
select r.run_id from raw.workflow_runs as r semi join files as f on f.repo = r.repo and f.workflow_id = r.workflow_id
