-- The pull request and the milestone of each run.
with runs as (
    select
        r.repo,
        r.run_id,
        r.branch,
        r.head_sha,
        r.head_repo,
        r.is_default_branch,
        r.created_at,
        list_min(r.pull_request_numbers) as linked_number,
        -- A merge queue tests a branch of its own that names the pull request.
        try_cast(regexp_extract(r.branch, '^gh-readonly-queue/.+/pr-(\d+)-', 1) as integer) as queued_number
    from staging.stg_workflow_runs as r
    where r.is_latest_attempt
), by_commit as (
    -- GitHub links no pull requests of forks: the commit does. A side that lost its fork can't contradict.
    select
        r.run_id,
        coalesce(max(p.number) filter (where p.state = 'open'), max(p.number)) as number
    from runs as r
    inner join staging.stg_pull_requests as p
        on p.repo = r.repo
        and p.head_sha = r.head_sha
        and coalesce(p.head_branch = r.branch, true)
        and coalesce(lower(p.head_repo) = lower(r.head_repo), true)
    where r.linked_number is null
    group by r.run_id
), by_branch as (
    -- A pull request's record names its latest commit only: earlier commits ran on its branch while it was open.
    select r.run_id, max(p.number) as number
    from runs as r
    inner join staging.stg_pull_requests as p
        on p.repo = r.repo
        and p.head_branch = r.branch
        and lower(p.head_repo) = lower(r.head_repo)
        and p.created_at <= r.created_at
        and (p.closed_at is null or p.closed_at >= r.created_at)
    where r.linked_number is null and not r.is_default_branch
    group by r.run_id
), linked as (
    select
        r.repo,
        r.run_id,
        r.branch,
        coalesce(r.linked_number, c.number, b.number, r.queued_number) as pull_request_number
    from runs as r
    left join by_commit as c on c.run_id = r.run_id
    left join by_branch as b on b.run_id = r.run_id
)
select
    r.repo,
    r.run_id,
    r.pull_request_number,
    -- The order of the contract: mapping, then whatever the pull request says, then the branch's name.
    coalesce(
        case when d.rule = 'mapping' then d.milestone end,
        p.milestone,
        d.milestone
    ) as milestone
from linked as r
left join staging.stg_branch_milestones as d on d.repo = r.repo and d.branch = r.branch
left join staging.stg_pull_requests as p on p.repo = r.repo and p.number = r.pull_request_number
