-- What may have been an automatic repair of a failing attempt: who did what, and which commit or attempt shows the result.
-- Whether it worked is judged in marts.autofix_attempts.
with horizon as (
    select p.autofix_horizon_hours * interval 1 hour as length, p.as_of from config.parameters as p
), failures as not materialized (
    -- Each mechanism asks for a few of very many.
    select
        r.repo,
        r.run_id,
        r.run_attempt,
        r.workflow_path,
        r.event,
        r.head_repo,
        r.branch,
        r.head_sha,
        r.is_default_branch,
        r.decided_at as failed_at,
        r.decided_at + h.length as until
    from staging.stg_workflow_runs as r
    cross join horizon as h
    where r.outcome = 'fail'
), reruns as (
    select
        f.*,
        'auto_rerun' as mechanism,
        f.head_sha as repair_sha,
        n.run_attempt as repair_attempt,
        n.started_at as repaired_at,
        n.triggering_actor as repaired_by
    from failures as f
    inner join staging.stg_workflow_runs as n on n.run_id = f.run_id and n.run_attempt = f.run_attempt + 1
    where n.is_triggered_by_bot and n.started_at <= f.until
), made_commits as not materialized (
    -- Of most commits only their runs tell; of some pull requests all commits are known, with their parents and times.
    select
        c.repo,
        c.head_repo,
        c.branch,
        c.head_sha,
        cast(null as varchar[]) as parents,
        c.first_seen_at as made_at,
        c.commit_by,
        c.actor,
        c.message
    from intermediate.int_tested_commits as c
    anti join intermediate.int_branch_commits as k
        on k.repo = c.repo and k.head_repo = c.head_repo and k.branch = c.branch and k.head_sha = c.head_sha
    union all
    -- Runs may be read a little before commits: that nothing tested a commit of the last hour says nothing yet.
    select
        k.repo,
        k.head_repo,
        k.branch,
        k.head_sha,
        k.parents,
        k.committed_at as made_at,
        k.commit_by,
        k.actor,
        k.message
    from intermediate.int_branch_commits as k
    cross join horizon as h
    where k.is_tested or k.committed_at <= h.as_of - interval 1 hour
), bot_commits as (
    select c.* from made_commits as c where c.commit_by = 'autofix_bot'
), touched_branches as (
    select distinct b.repo, b.head_repo, b.branch from bot_commits as b
), verdicts as (
    -- One verdict at a time for a workflow and event on a branch that a bot committed to.
    select r.*
    from staging.stg_workflow_runs as r
    semi join touched_branches as b on b.repo = r.repo and b.head_repo = r.head_repo and b.branch = r.branch
    where r.outcome in ('pass', 'fail')
    qualify row_number() over (
        partition by r.repo, r.head_repo, r.branch, r.workflow_path, r.event, r.decided_at
        order by r.run_id desc, r.run_attempt desc
    ) = 1
), bot_commits_by_workflow as (
    select b.*, w.workflow_path, w.event
    from bot_commits as b
    inner join (
        select distinct v.repo, v.head_repo, v.branch, v.workflow_path, v.event from verdicts as v
    ) as w on w.repo = b.repo and w.head_repo = b.head_repo and w.branch = b.branch
    where b.parents is null
), last_verdicts as (
    -- The failure must still have stood when the bot committed: the last verdict before is the failing one.
    select v.*, b.head_sha as repair_sha, b.made_at as repaired_at, b.actor as repaired_by
    from bot_commits_by_workflow as b
    asof join verdicts as v
        on v.repo = b.repo
        and v.head_repo = b.head_repo
        and v.branch = b.branch
        and v.workflow_path = b.workflow_path
        and v.event = b.event
        and v.decided_at <= b.made_at
    union all
    -- What a commit was made on is what it repairs, if that is known: the last verdict on one of its parents.
    select v.*, b.head_sha as repair_sha, b.made_at as repaired_at, b.actor as repaired_by
    from (select c.*, unnest(c.parents) as parent_sha from bot_commits as c) as b
    inner join verdicts as v
        on v.repo = b.repo
        and v.head_repo = b.head_repo
        and v.branch = b.branch
        and v.head_sha = b.parent_sha
        and v.decided_at <= b.made_at
    qualify row_number() over (
        partition by b.repo, b.head_repo, b.branch, b.head_sha, v.workflow_path, v.event order by v.decided_at desc
    ) = 1
), commits as (
    select
        v.repo,
        v.run_id,
        v.run_attempt,
        v.workflow_path,
        v.event,
        v.head_repo,
        v.branch,
        v.head_sha,
        v.is_default_branch,
        v.decided_at as failed_at,
        v.decided_at + h.length as until,
        'bot_commit' as mechanism,
        v.repair_sha,
        cast(null as integer) as repair_attempt,
        v.repaired_at,
        v.repaired_by
    from last_verdicts as v
    cross join horizon as h
    where v.outcome = 'fail' and v.head_sha <> v.repair_sha and v.repaired_at <= v.decided_at + h.length
), reverts as (
    select
        f.*,
        'auto_revert' as mechanism,
        c.head_sha as repair_sha,
        cast(null as integer) as repair_attempt,
        c.made_at as repaired_at,
        c.actor as repaired_by
    from (
        select b.*, regexp_extract(b.message, '(?i)\breverts(?: commit)? ([0-9a-f]{7,40})', 1) as reverted_sha
        from made_commits as b
        where b.commit_by in ('autofix_bot', 'bot')
    ) as c
    inner join failures as f
        on f.repo = c.repo
        and f.head_repo = c.head_repo
        and f.branch = c.branch
        and left(f.head_sha, 7) = left(c.reverted_sha, 7)
        and starts_with(f.head_sha, c.reverted_sha)
        and c.made_at between f.failed_at and f.until
    where c.reverted_sha <> ''
), declared_commits as (
    select
        f.*,
        'declared' as mechanism,
        c.head_sha as repair_sha,
        cast(null as integer) as repair_attempt,
        c.made_at as repaired_at,
        c.actor as repaired_by
    from (
        select
            b.*,
            cast(unnest(regexp_extract_all(b.message, '(?im)^auto-fix-for:\s*(\d{1,18})', 1)) as bigint) as run_id
        from made_commits as b
        where contains(lower(b.message), 'auto-fix-for:')
    ) as c
    inner join failures as f
        on f.repo = c.repo and f.run_id = c.run_id and c.made_at between f.failed_at and f.until
), linking_pull_requests as (
    -- Pull requests that name the failing run, as a declaration or (by a bot, merged) as a link.
    select
        p.*,
        'declared' as mechanism,
        cast(unnest(regexp_extract_all(p.body, '(?im)^auto-fix-for:\s*(\d{1,18})', 1)) as bigint) as run_id
    from staging.stg_pull_requests as p
    union all
    select
        p.*,
        'bot_pr' as mechanism,
        cast(unnest(regexp_extract_all(p.body, 'actions/runs/(\d{1,18})', 1)) as bigint) as run_id
    from staging.stg_pull_requests as p
    where p.is_by_bot and p.merged_at is not null
), pull_requests as (
    select
        f.*,
        p.mechanism,
        -- A fix pushed to the failing branch shows there, any other after its merge.
        case
            when p.head_branch = f.branch or p.merged_at is null then p.head_sha else p.merge_commit_sha
        end as repair_sha,
        cast(null as integer) as repair_attempt,
        coalesce(p.merged_at, p.created_at) as repaired_at,
        p.author as repaired_by
    from linking_pull_requests as p
    inner join failures as f
        on f.repo = p.repo
        and f.run_id = p.run_id
        and coalesce(p.merged_at, p.created_at) between f.failed_at and f.until
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
    c.repo,
    c.run_id,
    c.run_attempt,
    c.workflow_path,
    c.event,
    c.head_repo,
    c.branch,
    c.head_sha,
    c.is_default_branch,
    c.failed_at,
    c.until,
    c.mechanism,
    c.repair_sha,
    c.repair_attempt,
    c.repaired_at,
    c.repaired_by
from candidates as c
-- One repair may show in several ways: what was declared or is specific goes before what was inferred.
qualify row_number() over (
    partition by c.run_id, c.run_attempt, c.repair_sha
    order by
        case c.mechanism
            when 'auto_rerun' then 1
            when 'declared' then 2
            when 'auto_revert' then 3
            when 'bot_pr' then 4
            else 5
        end,
        c.repaired_at,
        c.repaired_by
) = 1
-- A declaration holds for the last failing attempt before it, not for every one.
and (
    c.mechanism in ('auto_rerun', 'bot_commit')
    or c.run_attempt = max(c.run_attempt) over (partition by c.run_id, c.mechanism, c.repair_sha)
)
