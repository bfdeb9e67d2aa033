-- What each workflow did on each day: its name, how its attempts went, and how the default branch stood at the end of it.
-- Runs without any time are those of a day NULL.
with days as (
    select
        r.repo,
        r.day,
        r.workflow_path,
        max_by(
            {'name': r.workflow_name, 'created_at': r.created_at, 'run_id': r.run_id}, (r.created_at, r.run_id)
        ) filter (where r.workflow_name is not null) as named,
        count(*) filter (where r.outcome in ('pass', 'fail')) as conclusive_attempts,
        count(*) filter (where r.outcome = 'pass') as passed_attempts,
        min(r.created_at) filter (where r.is_default_branch) as first_default_at,
        max(r.created_at) filter (where r.is_default_branch) as last_default_at,
        max_by(
            {
                'outcome': r.outcome,
                'completed_at': r.completed_at,
                'run_id': r.run_id,
                'run_attempt': r.run_attempt,
                'html_url': r.html_url
            },
            (coalesce(r.completed_at, timestamp '1970-01-01'), r.run_id, r.run_attempt)
        ) filter (where r.is_default_branch and r.outcome in ('pass', 'fail')) as latest
    from marts.ci_runs as r
    group by r.repo, r.day, r.workflow_path
)
select
    d.repo,
    d.day,
    d.workflow_path,
    struct_extract(d.named, 'name') as workflow_name,
    struct_extract(d.named, 'created_at') as named_at,
    struct_extract(d.named, 'run_id') as named_run_id,
    d.conclusive_attempts,
    d.passed_attempts,
    d.first_default_at,
    d.last_default_at,
    struct_extract(d.latest, 'outcome') as default_outcome,
    struct_extract(d.latest, 'completed_at') as default_completed_at,
    struct_extract(d.latest, 'run_id') as default_run_id,
    struct_extract(d.latest, 'run_attempt') as default_run_attempt,
    struct_extract(d.latest, 'html_url') as default_html_url
from days as d
