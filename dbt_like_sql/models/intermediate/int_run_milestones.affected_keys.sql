with moved as (
    select p.repo, p.number, p.head_branch, p.head_sha, p.head_repo, p.state, p.created_at, p.closed_at
    from changes.stg_pull_requests as p
    group by all
    having count(*) filter (where p.is_old) <> count(*) filter (where not p.is_old)
)
select c.run_id from changes.stg_workflow_runs as c
union
select m.run_id
from intermediate.int_run_milestones as m
semi join changes.stg_pull_requests as p on p.repo = m.repo and p.number = m.pull_request_number
union
select r.run_id
from staging.stg_workflow_runs as r
semi join moved as p on p.repo = r.repo and p.head_branch = r.branch
union
select r.run_id
from staging.stg_workflow_runs as r
semi join moved as p on p.repo = r.repo and p.head_sha = r.head_sha
union
select r.run_id
from staging.stg_workflow_runs as r
semi join changes.stg_branch_milestones as b on b.repo = r.repo and b.branch = r.branch
