-- Failing attempts in a row, with what ends them (a passing one, or nothing can pass any more): what int_red_episodes
-- judges. Nothing here depends on the time of the build, so that an episode is computed again only when its attempts, or
-- the ends of its line, change.
with removals as (
    select
        w.repo,
        w.workflow_path,
        list({'removed_at': w.removed_at, 'returned_at': w.returned_at} order by w.removed_at) as removals
    from intermediate.int_workflow_removals as w
    group by w.repo, w.workflow_path
), conclusive as (
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
        r.outcome,
        b.counts_until as renamed_at,
        list_min(list_transform(
            list_filter(w.removals, lambda removal: removal.removed_at > r.completed_at),
            lambda removal: removal.removed_at
        )) as removed_at,
        coalesce(len(list_filter(w.removals, lambda removal:
            removal.removed_at <= r.completed_at and coalesce(r.completed_at < removal.returned_at, true)
        )) > 0, false) as is_removed
    from staging.stg_workflow_runs as r
    inner join intermediate.int_run_milestones as m on m.run_id = r.run_id
    left join staging.stg_default_branches as b
        on r.is_default_branch and b.repo = r.repo and b.branch = r.branch
    left join removals as w
        on w.repo = r.repo and w.workflow_path = r.workflow_path
    where r.outcome in ('pass', 'fail')
        and r.completed_at is not null
        and (r.is_default_branch or m.milestone is not null)
), ending as (
    -- Nothing turns a workflow green that is gone, nor a branch that stopped being the default: there its line ends.
    select
        c.*,
        c.is_removed or coalesce(c.completed_at >= c.renamed_at, false) as is_past_end,
        least(c.removed_at, case when c.completed_at < c.renamed_at then c.renamed_at end) as ends_at
    from conclusive as c
), sequenced as (
    select c.*, lag(c.outcome, 1, 'pass') over line as previous_outcome
    from ending as c
    window line as (
        partition by
            c.repo, c.is_default_branch, c.head_repo, c.branch, c.workflow_path, c.ends_at, c.is_past_end, c.is_removed
        order by c.completed_at, c.run_id, c.run_attempt
    )
), numbered as (
    select
        s.*,
        count(*) filter (where s.outcome = 'fail' and s.previous_outcome = 'pass') over line as episode
    from sequenced as s
    where s.outcome = 'fail' or s.previous_outcome = 'fail'  -- the episode and the pass that closes it
    window line as (
        partition by
            s.repo, s.is_default_branch, s.head_repo, s.branch, s.workflow_path, s.ends_at, s.is_past_end, s.is_removed
        order by s.completed_at, s.run_id, s.run_attempt
    )
), episodes as (
    select
        n.repo,
        n.is_default_branch,
        n.head_repo,
        n.branch,
        n.workflow_path,
        n.is_past_end,
        case
            when n.is_past_end then n.is_removed
            when n.ends_at is not null then coalesce(n.ends_at = min(n.removed_at), false)
        end as ends_with_removal,
        n.ends_at,
        arg_min(n.milestone, (n.completed_at, n.run_id, n.run_attempt)) as milestone,
        min(n.completed_at) filter (where n.outcome = 'fail') as started_at,
        min(n.completed_at) filter (where n.outcome = 'pass') as passed_at,
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
    group by
        n.repo, n.is_default_branch, n.head_repo, n.branch, n.workflow_path, n.ends_at, n.is_past_end, n.is_removed,
        n.episode
)
select
    s.repo,
    s.is_default_branch,
    s.head_repo,
    s.branch,
    s.workflow_path,
    s.milestone,
    s.started_at,
    case when s.is_past_end then s.started_at else coalesce(s.passed_at, s.ends_at) end as ended_at,
    s.is_past_end,
    case
        when s.passed_at is not null and not s.is_past_end then null
        when s.ends_with_removal then 'workflow_removed'
        when not s.ends_with_removal then 'renamed'
    end as ended_by,
    s.failing_attempts,
    s.first_run_id,
    s.first_run_attempt,
    s.first_head_sha,
    s.first_html_url,
    case when not s.is_past_end then s.closing_run_id end as closing_run_id,
    case when not s.is_past_end then s.closing_run_attempt end as closing_run_attempt,
    case when not s.is_past_end then s.closing_head_sha end as closing_head_sha,
    case when not s.is_past_end then s.closing_commit_by end as closing_commit_by,
    case when not s.is_past_end then s.closing_message end as closing_message,
    s.is_closed_by_failing_commit and not s.is_past_end as is_closed_by_failing_commit
from episodes as s
