-- The pull request and the milestone of each run.
with runs as (
    select
        runs.repo,
        runs.run_id,
        runs.branch,
        runs.head_sha,
        runs.head_repo,
        runs.is_default_branch,
        runs.created_at,
        list_min(runs.pull_request_numbers) as linked_number,
        -- A merge queue tests a branch of its own that names the pull request.
        try_cast(regexp_extract(runs.branch, '^gh-readonly-queue/.+/pr-(\d+)-', 1) as integer) as queued_number
    from staging.stg_workflow_runs as runs
    where runs.is_latest_attempt
), by_commit as (
    -- GitHub links no pull requests of forks: the commit does. A side that lost its fork can't contradict.
    select
        runs.run_id,
        coalesce(
            max(pull_requests.number) filter (where pull_requests.state = 'open'),
            max(pull_requests.number)
        ) as number
    from runs
    inner join staging.stg_pull_requests as pull_requests
        on pull_requests.repo = runs.repo
        and pull_requests.head_sha = runs.head_sha
        and coalesce(pull_requests.head_branch = runs.branch, true)
        and coalesce(lower(pull_requests.head_repo) = lower(runs.head_repo), true)
    where runs.linked_number is null
    group by runs.run_id
), by_branch as (
    -- A pull request's record names its latest commit only: earlier commits ran on its branch while it was open.
    select runs.run_id, max(pull_requests.number) as number
    from runs
    inner join staging.stg_pull_requests as pull_requests
        on pull_requests.repo = runs.repo
        and pull_requests.head_branch = runs.branch
        and lower(pull_requests.head_repo) = lower(runs.head_repo)
        and pull_requests.created_at <= runs.created_at
        and (pull_requests.closed_at is null or pull_requests.closed_at >= runs.created_at)
    where runs.linked_number is null and not runs.is_default_branch
    group by runs.run_id
), linked as (
    select
        runs.repo,
        runs.run_id,
        runs.branch,
        coalesce(runs.linked_number, by_commit.number, by_branch.number, runs.queued_number) as pull_request_number
    from runs
    left join by_commit on by_commit.run_id = runs.run_id
    left join by_branch on by_branch.run_id = runs.run_id
)
select
    linked.repo,
    linked.run_id,
    linked.pull_request_number,
    -- The order of the contract: mapping, then whatever the pull request says, then the branch's name.
    coalesce(
        case when branch_milestones.rule = 'mapping' then branch_milestones.milestone end,
        pull_requests.milestone,
        branch_milestones.milestone
    ) as milestone
from linked
left join staging.stg_branch_milestones as branch_milestones
    on branch_milestones.repo = linked.repo
    and branch_milestones.branch = linked.branch
left join staging.stg_pull_requests as pull_requests
    on pull_requests.repo = linked.repo
    and pull_requests.number = linked.pull_request_number
