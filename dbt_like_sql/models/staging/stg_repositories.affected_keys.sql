-- Of a repository whose own record was read, runs and jobs say nothing new.
with named as (
    select runs.repo
    from raw.workflow_runs as runs
    semi join changes.workflow_runs as changed on changed.run_id = runs.run_id
    union
    select jobs.repo
    from raw.workflow_jobs as jobs
    semi join changes.workflow_jobs as changed on changed.run_id = jobs.run_id
    union
    select changed.repo from changes.stg_pull_requests as changed
    union
    select changed.repo from changes.stg_issues as changed
    union
    select changed.repo from changes.stg_milestones as changed
)
select named.repo
from named
anti join staging.stg_repositories as repositories
    on repositories.repo = named.repo
    and repositories.is_default_branch_known
