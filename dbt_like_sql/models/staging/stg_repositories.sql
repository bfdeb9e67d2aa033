-- Every repository that any table mentions, with its default branch.
-- A dump may lack the repository's own record: its default branch is then guessed from the branches that exist.
with mentioned as (
    select r.repo, r.head_branch as branch
    from raw.workflow_runs as r
    where r.head_repo is null or r.head_repo = r.repo  -- a fork's main says nothing about this repository
    union all
    select r.repo, null from raw.workflow_runs as r
    union all
    select j.repo, j.head_branch from raw.workflow_jobs as j
    union all
    select p.repo, p.base_branch from staging.stg_pull_requests as p
    union all
    select i.repo, null from staging.stg_issues as i
    union all
    select m.repo, null from staging.stg_milestones as m
    union all
    select k.repo, null from raw.repositories as k
    union all
    select c.repo, null from config.repositories as c
), guessed as (
    select
        m.repo,
        case
            when bool_or(m.branch = 'main') then 'main'
            when bool_or(m.branch = 'master') then 'master'
            else 'main'
        end as default_branch
    from mentioned as m
    group by m.repo
)
select
    g.repo,
    coalesce(k.default_branch, g.default_branch) as default_branch,
    k.default_branch is not null as is_default_branch_known,
    coalesce(k.html_url, 'https://github.com/' || g.repo) as html_url,
    c.position
from guessed as g
left join raw.repositories as k on k.repo = g.repo
left join config.repositories as c on c.repo = g.repo
