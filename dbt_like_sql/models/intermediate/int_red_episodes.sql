-- Red episodes: from a workflow's first failing attempt on a branch to its next passing one, or until nothing can pass any
-- more: the workflow was deleted or disabled, the branch stopped being the default one.
-- Kept for default branches (marts.red_episodes) and for branches that belong to a milestone.
select
    s.repo,
    s.is_default_branch,
    s.head_repo,
    s.branch,
    s.workflow_path,
    s.milestone,
    s.started_at,
    s.ended_at,
    s.ended_at is null as is_open,
    greatest(epoch(coalesce(s.ended_at, p.as_of)) - epoch(s.started_at), 0.0) / 3600.0 as hours,
    case
        when s.ended_at is null then null
        when s.ended_by is not null then s.ended_by
        when s.is_closed_by_failing_commit then 'rerun_same_sha'
        when regexp_matches(s.closing_message, '(?i)^revert\b|\breverts(?: commit)? [0-9a-f]{7,40}') then 'revert'
        when s.closing_commit_by in ('autofix_bot', 'bot') then 'bot_fix'
        else 'human_fix'
    end as closed_by,
    s.failing_attempts,
    s.first_run_id,
    s.first_run_attempt,
    s.first_head_sha,
    s.first_html_url,
    s.closing_run_id,
    s.closing_run_attempt,
    s.closing_head_sha
from intermediate.int_red_episode_bounds as s
cross join config.parameters as p
