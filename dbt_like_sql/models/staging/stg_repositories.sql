-- Every repository that any table mentions, with its default branch.
-- A dump may lack the repository's own record: its default branch is then guessed from the branches that exist.
with mentioned as (
    select runs.repo, runs.head_branch as branch
    from raw.workflow_runs as runs
    where runs.head_repo is null or runs.head_repo = runs.repo  -- a fork's main says nothing about this repository
    union all
    select runs.repo, null from raw.workflow_runs as runs
    union all
    select jobs.repo, jobs.head_branch from raw.workflow_jobs as jobs
    union all
    select pull_requests.repo, pull_requests.base_branch from staging.stg_pull_requests as pull_requests
    union all
    select issues.repo, null from staging.stg_issues as issues
    union all
    select milestones.repo, null from staging.stg_milestones as milestones
    union all
    select repositories.repo, null from raw.repositories as repositories
    union all
    select repositories.repo, null from config.repositories as repositories
), guessed as (
    select
        mentioned.repo,
        case
            when bool_or(mentioned.branch = 'main') then 'main'
            when bool_or(mentioned.branch = 'master') then 'master'
            else 'main'
        end as default_branch
    from mentioned
    group by mentioned.repo
)
select
    guessed.repo,
    coalesce(repositories.default_branch, guessed.default_branch) as default_branch,
    repositories.default_branch is not null as is_default_branch_known,
    coalesce(repositories.html_url, 'https://github.com/' || guessed.repo) as html_url,
    configured.position
from guessed
left join raw.repositories as repositories on repositories.repo = guessed.repo
left join config.repositories as configured on configured.repo = guessed.repo
