-- Failing attempts in a row, with the passing one that ends them: what stg_red_spells judges. Nothing here depends on
-- the time of the build, so that a streak is computed again only when its attempts change.
with conclusive as (
    select
        r.repo,
        r.is_default_branch,
        m.milestone,
        -- Runs of a default branch are one line, whatever branch or fork else is called the same.
        case when not r.is_default_branch then r.head_repo end as head_repo,
        r.branch,
        r.workflow_path,
        r.run_id,
        r.run_attempt,
        r.head_sha,
        r.html_url,
        r.commit_by,
        r.head_commit_message,
        r.created_at,
        r.completed_at,
        r.outcome
    from staging.stg_workflow_runs as r
    inner join staging.stg_run_milestones as m on m.run_id = r.run_id
    where r.outcome in ('pass', 'fail')
        and r.completed_at is not null
        and (r.is_default_branch or m.milestone is not null)
), sequenced as (
    select c.*, lag(c.outcome, 1, 'pass') over line as previous_outcome
    from conclusive as c
    window line as (
        partition by c.repo, c.is_default_branch, c.head_repo, c.branch, c.workflow_path
        order by c.completed_at, c.run_id, c.run_attempt
    )
), numbered as (
    select
        s.*,
        count(*) filter (where s.outcome = 'fail' and s.previous_outcome = 'pass') over line as spell
    from sequenced as s
    where s.outcome = 'fail' or s.previous_outcome = 'fail'  -- the spell and the pass that closes it
    window line as (
        partition by s.repo, s.is_default_branch, s.head_repo, s.branch, s.workflow_path
        order by s.completed_at, s.run_id, s.run_attempt
    )
)
select
    n.repo,
    n.is_default_branch,
    n.head_repo,
    n.branch,
    n.workflow_path,
    arg_min(n.milestone, (n.completed_at, n.run_id, n.run_attempt)) as milestone,
    min(n.completed_at) filter (where n.outcome = 'fail') as started_at,
    min(n.completed_at) filter (where n.outcome = 'pass') as ended_at,
    count(*) filter (where n.outcome = 'fail') as failing_attempts,
    arg_min(n.run_id, (n.completed_at, n.run_id, n.run_attempt)) as first_run_id,
    arg_min(n.run_attempt, (n.completed_at, n.run_id, n.run_attempt)) as first_run_attempt,
    arg_min(n.head_sha, (n.completed_at, n.run_id, n.run_attempt)) as first_head_sha,
    arg_min(n.html_url, (n.completed_at, n.run_id, n.run_attempt)) as first_html_url,
    max(n.run_id) filter (where n.outcome = 'pass') as closing_run_id,
    max(n.run_attempt) filter (where n.outcome = 'pass') as closing_run_attempt,
    max(n.head_sha) filter (where n.outcome = 'pass') as closing_head_sha,
    max(n.commit_by) filter (where n.outcome = 'pass') as closing_commit_by,
    max(n.head_commit_message) filter (where n.outcome = 'pass') as closing_message,
    coalesce(
        list_contains(
            list(n.head_sha) filter (where n.outcome = 'fail'), max(n.head_sha) filter (where n.outcome = 'pass')
        ),
        false
    ) as is_closed_by_failing_commit
from numbered as n
group by n.repo, n.is_default_branch, n.head_repo, n.branch, n.workflow_path, n.spell
