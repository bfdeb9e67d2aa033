-- Red episodes of default branches: what "time to green" and "MTTR" are taken from.
select
    s.repo,
    s.workflow_path,
    s.branch,
    s.started_at,
    s.ended_at,
    s.is_open,
    s.hours,
    s.closed_by,
    s.failing_attempts,
    s.first_run_id,
    s.first_run_attempt,
    s.first_head_sha,
    s.first_html_url,
    s.closing_run_id,
    s.closing_run_attempt,
    s.closing_head_sha,
    cast(s.started_at as date) as day,
    strftime(s.started_at, '%G-W%V') as week
from intermediate.int_red_episodes as s
where s.is_default_branch
