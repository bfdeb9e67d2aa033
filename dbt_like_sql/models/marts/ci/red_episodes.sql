-- Red episodes of default branches: what "time to green" and "MTTR" are taken from.
select
    episodes.repo,
    episodes.workflow_path,
    episodes.branch,
    episodes.started_at,
    episodes.ended_at,
    episodes.is_open,
    episodes.hours,
    episodes.closed_by,
    episodes.failing_attempts,
    episodes.first_run_id,
    episodes.first_run_attempt,
    episodes.first_head_sha,
    episodes.first_html_url,
    episodes.closing_run_id,
    episodes.closing_run_attempt,
    episodes.closing_head_sha,
    cast(episodes.started_at as date) as day,
    strftime(episodes.started_at, '%G-W%V') as week
from intermediate.int_red_episodes as episodes
where episodes.is_default_branch
