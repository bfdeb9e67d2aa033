-- What may have been an automatic repair of a failing attempt: who did what, and which commit or attempt shows the
-- result. Whether it worked is judged in marts.autofix_attempts.
with horizon as (
    select parameters.autofix_horizon_hours * interval 1 hour as length, parameters.as_of
    from config.parameters as parameters
), failures as not materialized (
    -- Each mechanism asks for a few of very many.
    select
        runs.repo,
        runs.run_id,
        runs.run_attempt,
        runs.workflow_path,
        runs.event,
        runs.head_repo,
        runs.branch,
        runs.head_sha,
        runs.is_default_branch,
        runs.decided_at as failed_at,
        runs.decided_at + horizon.length as until
    from staging.stg_workflow_runs as runs
    cross join horizon
    where runs.outcome = 'fail'
), reruns as (
    select
        failures.*,
        'auto_rerun' as mechanism,
        failures.head_sha as repair_sha,
        reruns.run_attempt as repair_attempt,
        reruns.started_at as repaired_at,
        reruns.triggering_actor as repaired_by
    from failures
    inner join staging.stg_workflow_runs as reruns
        on reruns.run_id = failures.run_id
        and reruns.run_attempt = failures.run_attempt + 1
    where reruns.is_triggered_by_bot and reruns.started_at <= failures.until
), made_commits as not materialized (
    -- Of most commits only their runs tell; of some pull requests all commits are known, with their parents and times.
    select
        commits.repo,
        commits.head_repo,
        commits.branch,
        commits.head_sha,
        cast(null as varchar[]) as parents,
        commits.first_seen_at as made_at,
        commits.commit_by,
        commits.actor,
        commits.message
    from intermediate.int_tested_commits as commits
    anti join intermediate.int_branch_commits as branch_commits
        on branch_commits.repo = commits.repo and branch_commits.head_repo = commits.head_repo
        and branch_commits.branch = commits.branch and branch_commits.head_sha = commits.head_sha
    union all
    -- Runs may be read a little before commits: that nothing tested a commit of the last hour says nothing yet.
    select
        branch_commits.repo,
        branch_commits.head_repo,
        branch_commits.branch,
        branch_commits.head_sha,
        branch_commits.parents,
        branch_commits.committed_at as made_at,
        branch_commits.commit_by,
        branch_commits.actor,
        branch_commits.message
    from intermediate.int_branch_commits as branch_commits
    cross join horizon
    where branch_commits.is_tested or branch_commits.committed_at <= horizon.as_of - interval 1 hour
), bot_commits as (
    select made_commits.* from made_commits where made_commits.commit_by = 'autofix_bot'
), touched_branches as (
    select distinct bot_commits.repo, bot_commits.head_repo, bot_commits.branch from bot_commits
), verdicts as (
    -- One verdict at a time for a workflow and event on a branch that a bot committed to.
    select runs.*
    from staging.stg_workflow_runs as runs
    semi join touched_branches
        on touched_branches.repo = runs.repo
        and touched_branches.head_repo = runs.head_repo
        and touched_branches.branch = runs.branch
    where runs.outcome in ('pass', 'fail')
    qualify row_number() over (
            partition by runs.repo, runs.head_repo, runs.branch, runs.workflow_path, runs.event, runs.decided_at
            order by runs.run_id desc, runs.run_attempt desc
        ) = 1
), bot_commits_by_workflow as (
    select bot_commits.*, tested.workflow_path, tested.event
    from bot_commits
    inner join (
        select distinct verdicts.repo, verdicts.head_repo, verdicts.branch, verdicts.workflow_path, verdicts.event
        from verdicts
    ) as tested
        on tested.repo = bot_commits.repo
        and tested.head_repo = bot_commits.head_repo
        and tested.branch = bot_commits.branch
    where bot_commits.parents is null
), last_verdicts as (
    -- The failure must still have stood when the bot committed: the last verdict before is the failing one.
    select verdicts.*, repairs.head_sha as repair_sha, repairs.made_at as repaired_at, repairs.actor as repaired_by
    from bot_commits_by_workflow as repairs
    asof join verdicts
        on verdicts.repo = repairs.repo
        and verdicts.head_repo = repairs.head_repo
        and verdicts.branch = repairs.branch
        and verdicts.workflow_path = repairs.workflow_path
        and verdicts.event = repairs.event
        and verdicts.decided_at <= repairs.made_at
    union all
    -- What a commit was made on is what it repairs, if that is known: the last verdict on one of its parents.
    select verdicts.*, repairs.head_sha as repair_sha, repairs.made_at as repaired_at, repairs.actor as repaired_by
    from (select bot_commits.*, unnest(bot_commits.parents) as parent_sha from bot_commits) as repairs
    inner join verdicts
        on verdicts.repo = repairs.repo
        and verdicts.head_repo = repairs.head_repo
        and verdicts.branch = repairs.branch
        and verdicts.head_sha = repairs.parent_sha
        and verdicts.decided_at <= repairs.made_at
    qualify row_number() over (
            partition by
                repairs.repo,
                repairs.head_repo,
                repairs.branch,
                repairs.head_sha,
                verdicts.workflow_path,
                verdicts.event
            order by verdicts.decided_at desc
        ) = 1
), commits as (
    select
        last_verdicts.repo,
        last_verdicts.run_id,
        last_verdicts.run_attempt,
        last_verdicts.workflow_path,
        last_verdicts.event,
        last_verdicts.head_repo,
        last_verdicts.branch,
        last_verdicts.head_sha,
        last_verdicts.is_default_branch,
        last_verdicts.decided_at as failed_at,
        last_verdicts.decided_at + horizon.length as until,
        'bot_commit' as mechanism,
        last_verdicts.repair_sha,
        cast(null as integer) as repair_attempt,
        last_verdicts.repaired_at,
        last_verdicts.repaired_by
    from last_verdicts
    cross join horizon
    where last_verdicts.outcome = 'fail'
        and last_verdicts.head_sha <> last_verdicts.repair_sha
        and last_verdicts.repaired_at <= last_verdicts.decided_at + horizon.length
), reverts as (
    select
        failures.*,
        'auto_revert' as mechanism,
        reverting.head_sha as repair_sha,
        cast(null as integer) as repair_attempt,
        reverting.made_at as repaired_at,
        reverting.actor as repaired_by
    from (
        select
            made_commits.*,
            regexp_extract(made_commits.message, '(?i)\breverts(?: commit)? ([0-9a-f]{7,40})', 1) as reverted_sha
        from made_commits
        where made_commits.commit_by in ('autofix_bot', 'bot')
    ) as reverting
    inner join failures
        on failures.repo = reverting.repo
        and failures.head_repo = reverting.head_repo
        and failures.branch = reverting.branch
        and left(failures.head_sha, 7) = left(reverting.reverted_sha, 7)
        and starts_with(failures.head_sha, reverting.reverted_sha)
        and reverting.made_at between failures.failed_at and failures.until
    where reverting.reverted_sha <> ''
), declared_commits as (
    select
        failures.*,
        'declared' as mechanism,
        declaring.head_sha as repair_sha,
        cast(null as integer) as repair_attempt,
        declaring.made_at as repaired_at,
        declaring.actor as repaired_by
    from (
        select
            made_commits.*,
            cast(
                unnest(regexp_extract_all(made_commits.message, '(?im)^auto-fix-for:\s*(\d{1,18})', 1)) as bigint
            ) as run_id
        from made_commits
        where contains(lower(made_commits.message), 'auto-fix-for:')
    ) as declaring
    inner join failures
        on failures.repo = declaring.repo and failures.run_id = declaring.run_id
        and declaring.made_at between failures.failed_at and failures.until
), linking_pull_requests as (
    -- Pull requests that name the failing run, as a declaration or (by a bot, merged) as a link.
    select
        pull_requests.*,
        'declared' as mechanism,
        cast(unnest(regexp_extract_all(pull_requests.body, '(?im)^auto-fix-for:\s*(\d{1,18})', 1)) as bigint) as run_id
    from staging.stg_pull_requests as pull_requests
    union all
    select
        pull_requests.*,
        'bot_pr' as mechanism,
        cast(unnest(regexp_extract_all(pull_requests.body, 'actions/runs/(\d{1,18})', 1)) as bigint) as run_id
    from staging.stg_pull_requests as pull_requests
    where pull_requests.is_by_bot and pull_requests.merged_at is not null
), pull_requests as (
    select
        failures.*,
        linking_pull_requests.mechanism,
        -- A fix pushed to the failing branch shows there, any other after its merge.
        case
            when linking_pull_requests.head_branch = failures.branch or linking_pull_requests.merged_at is null
                then linking_pull_requests.head_sha
            else linking_pull_requests.merge_commit_sha
        end as repair_sha,
        cast(null as integer) as repair_attempt,
        coalesce(linking_pull_requests.merged_at, linking_pull_requests.created_at) as repaired_at,
        linking_pull_requests.author as repaired_by
    from linking_pull_requests
    inner join failures
        on failures.repo = linking_pull_requests.repo
        and failures.run_id = linking_pull_requests.run_id
        and coalesce(
            linking_pull_requests.merged_at,
            linking_pull_requests.created_at
        ) between failures.failed_at and failures.until
), candidates as (
    select * from reruns
    union all
    select * from commits
    union all
    select * from reverts
    union all
    select * from declared_commits
    union all
    select * from pull_requests
)
select
    candidates.repo,
    candidates.run_id,
    candidates.run_attempt,
    candidates.workflow_path,
    candidates.event,
    candidates.head_repo,
    candidates.branch,
    candidates.head_sha,
    candidates.is_default_branch,
    candidates.failed_at,
    candidates.until,
    candidates.mechanism,
    candidates.repair_sha,
    candidates.repair_attempt,
    candidates.repaired_at,
    candidates.repaired_by
from candidates
-- One repair may show in several ways: what was declared or is specific goes before what was inferred.
qualify row_number() over (
        partition by candidates.run_id, candidates.run_attempt, candidates.repair_sha
        order by
            case candidates.mechanism
                when 'auto_rerun' then 1
                when 'declared' then 2
                when 'auto_revert' then 3
                when 'bot_pr' then 4
                else 5
            end,
            candidates.repaired_at,
            candidates.repaired_by
    ) = 1
    -- A declaration holds for the last failing attempt before it, not for every one.
    and (
        candidates.mechanism in ('auto_rerun', 'bot_commit')
        or candidates.run_attempt = max(candidates.run_attempt) over (
            partition by candidates.run_id, candidates.mechanism, candidates.repair_sha
        )
    )
