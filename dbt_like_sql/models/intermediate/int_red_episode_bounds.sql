-- Failing attempts in a row, with what ends them (a passing one, or nothing can pass any more): what int_red_episodes
-- judges. Nothing here depends on the time of the build, so that an episode is computed again only when its attempts,
-- or the ends of its line, change.
with removals as (
    select
        removals.repo,
        removals.workflow_path,
        list(
            {'removed_at': removals.removed_at, 'returned_at': removals.returned_at} order by removals.removed_at
        ) as removals
    from intermediate.int_workflow_removals as removals
    group by removals.repo, removals.workflow_path
), conclusive as (
    select
        runs.repo,
        runs.is_default_branch,
        run_milestones.milestone,
        -- Runs of a default branch are one line, whatever branch or fork else is called the same.
        case when not runs.is_default_branch then runs.head_repo end as head_repo,
        runs.branch,
        runs.workflow_path,
        runs.run_id,
        runs.run_attempt,
        runs.head_sha,
        runs.html_url,
        runs.commit_by,
        runs.head_commit_message,
        runs.created_at,
        runs.completed_at,
        runs.outcome,
        default_branches.counts_until as renamed_at,
        list_min(list_transform(
            list_filter(removals.removals, lambda removal: removal.removed_at > runs.completed_at),
            lambda removal: removal.removed_at
        )) as removed_at,
        coalesce(len(list_filter(
            removals.removals, lambda removal:
            removal.removed_at <= runs.completed_at and coalesce(runs.completed_at < removal.returned_at, true)
        )) > 0, false) as is_removed
    from staging.stg_workflow_runs as runs
    inner join intermediate.int_run_milestones as run_milestones on run_milestones.run_id = runs.run_id
    left join staging.stg_default_branches as default_branches
        on runs.is_default_branch and default_branches.repo = runs.repo and default_branches.branch = runs.branch
    left join removals
        on removals.repo = runs.repo and removals.workflow_path = runs.workflow_path
    where runs.outcome in ('pass', 'fail')
        and runs.completed_at is not null
        and (runs.is_default_branch or run_milestones.milestone is not null)
), ending as (
    -- Nothing turns a workflow green that is gone, nor a branch that stopped being the default: there its line ends.
    select
        conclusive.*,
        conclusive.is_removed or coalesce(conclusive.completed_at >= conclusive.renamed_at, false) as is_past_end,
        least(
            conclusive.removed_at,
            case when conclusive.completed_at < conclusive.renamed_at then conclusive.renamed_at end
        ) as ends_at
    from conclusive
), sequenced as (
    select ending.*, lag(ending.outcome, 1, 'pass') over line as previous_outcome
    from ending
    window line as (
        partition by
            ending.repo,
            ending.is_default_branch,
            ending.head_repo,
            ending.branch,
            ending.workflow_path,
            ending.ends_at,
            ending.is_past_end,
            ending.is_removed
        order by ending.completed_at, ending.run_id, ending.run_attempt
    )
), numbered as (
    select
        sequenced.*,
        count(case when sequenced.outcome = 'fail' and sequenced.previous_outcome = 'pass' then 1 end) over line
            as episode
    from sequenced
    where sequenced.outcome = 'fail' or sequenced.previous_outcome = 'fail'  -- the episode and the pass that closes it
    window line as (
        partition by
            sequenced.repo,
            sequenced.is_default_branch,
            sequenced.head_repo,
            sequenced.branch,
            sequenced.workflow_path,
            sequenced.ends_at,
            sequenced.is_past_end,
            sequenced.is_removed
        order by sequenced.completed_at, sequenced.run_id, sequenced.run_attempt
    )
), episodes as (
    select
        numbered.repo,
        numbered.is_default_branch,
        numbered.head_repo,
        numbered.branch,
        numbered.workflow_path,
        numbered.is_past_end,
        case
            when numbered.is_past_end then numbered.is_removed
            when numbered.ends_at is not null then coalesce(numbered.ends_at = min(numbered.removed_at), false)
        end as ends_with_removal,
        numbered.ends_at,
        arg_min(numbered.milestone, (numbered.completed_at, numbered.run_id, numbered.run_attempt)) as milestone,
        min(numbered.completed_at) filter (where numbered.outcome = 'fail') as started_at,
        min(numbered.completed_at) filter (where numbered.outcome = 'pass') as passed_at,
        count(*) filter (where numbered.outcome = 'fail') as failing_attempts,
        arg_min(numbered.run_id, (numbered.completed_at, numbered.run_id, numbered.run_attempt)) as first_run_id,
        arg_min(
            numbered.run_attempt,
            (numbered.completed_at, numbered.run_id, numbered.run_attempt)
        ) as first_run_attempt,
        arg_min(numbered.head_sha, (numbered.completed_at, numbered.run_id, numbered.run_attempt)) as first_head_sha,
        arg_min(numbered.html_url, (numbered.completed_at, numbered.run_id, numbered.run_attempt)) as first_html_url,
        max(numbered.run_id) filter (where numbered.outcome = 'pass') as closing_run_id,
        max(numbered.run_attempt) filter (where numbered.outcome = 'pass') as closing_run_attempt,
        max(numbered.head_sha) filter (where numbered.outcome = 'pass') as closing_head_sha,
        max(numbered.commit_by) filter (where numbered.outcome = 'pass') as closing_commit_by,
        max(numbered.head_commit_message) filter (where numbered.outcome = 'pass') as closing_message,
        coalesce(
            list_contains(
                list(numbered.head_sha) filter (where numbered.outcome = 'fail'),
                max(numbered.head_sha) filter (where numbered.outcome = 'pass')
            ),
            false
        ) as is_closed_by_failing_commit
    from numbered
    group by
        numbered.repo,
        numbered.is_default_branch,
        numbered.head_repo,
        numbered.branch,
        numbered.workflow_path,
        numbered.ends_at,
        numbered.is_past_end,
        numbered.is_removed,
        numbered.episode
)
select
    episodes.repo,
    episodes.is_default_branch,
    episodes.head_repo,
    episodes.branch,
    episodes.workflow_path,
    episodes.milestone,
    episodes.started_at,
    case
        when episodes.is_past_end then episodes.started_at
        else coalesce(episodes.passed_at, episodes.ends_at)
    end as ended_at,
    episodes.is_past_end,
    case
        when episodes.passed_at is not null and not episodes.is_past_end then null
        when episodes.ends_with_removal then 'workflow_removed'
        when not episodes.ends_with_removal then 'renamed'
    end as ended_by,
    episodes.failing_attempts,
    episodes.first_run_id,
    episodes.first_run_attempt,
    episodes.first_head_sha,
    episodes.first_html_url,
    case when not episodes.is_past_end then episodes.closing_run_id end as closing_run_id,
    case when not episodes.is_past_end then episodes.closing_run_attempt end as closing_run_attempt,
    case when not episodes.is_past_end then episodes.closing_head_sha end as closing_head_sha,
    case when not episodes.is_past_end then episodes.closing_commit_by end as closing_commit_by,
    case when not episodes.is_past_end then episodes.closing_message end as closing_message,
    episodes.is_closed_by_failing_commit and not episodes.is_past_end as is_closed_by_failing_commit
from episodes
