-- Red episodes: from a workflow's first failing attempt on a branch to its next passing one, or until nothing can pass
-- any more: the workflow was deleted or disabled, the branch stopped being the default one. Kept for default branches
-- (marts.red_episodes) and for branches that belong to a milestone.
select
    episodes.repo,
    episodes.is_default_branch,
    episodes.head_repo,
    episodes.branch,
    episodes.workflow_path,
    episodes.milestone,
    episodes.started_at,
    episodes.ended_at,
    episodes.ended_at is null as is_open,
    greatest(epoch(coalesce(episodes.ended_at, parameters.as_of)) - epoch(episodes.started_at), 0.0) / 3600.0 as hours,
    case
        when episodes.ended_at is null then null
        when episodes.ended_by is not null then episodes.ended_by
        when episodes.is_closed_by_failing_commit then 'rerun_same_sha'
        when regexp_matches(
                episodes.closing_message,
                '(?i)^revert\b|\breverts(?: commit)? [0-9a-f]{7,40}'
            ) then 'revert'
        when episodes.closing_commit_by in ('autofix_bot', 'bot') then 'bot_fix'
        else 'human_fix'
    end as closed_by,
    episodes.failing_attempts,
    episodes.first_run_id,
    episodes.first_run_attempt,
    episodes.first_head_sha,
    episodes.first_html_url,
    episodes.closing_run_id,
    episodes.closing_run_attempt,
    episodes.closing_head_sha
from intermediate.int_red_episode_bounds as episodes
cross join config.parameters as parameters
