-- Of a repository whose own record was read, runs and jobs say nothing new.
with named as (
    select r.repo from raw.workflow_runs as r semi join changes.workflow_runs as c on c.run_id = r.run_id
    union
    select j.repo from raw.workflow_jobs as j semi join changes.workflow_jobs as c on c.run_id = j.run_id
    union
    select c.repo from changes.stg_pull_requests as c
    union
    select c.repo from changes.stg_issues as c
    union
    select c.repo from changes.stg_milestones as c
)
select n.repo
from named as n
anti join staging.stg_repositories as k on k.repo = n.repo and k.is_default_branch_known
