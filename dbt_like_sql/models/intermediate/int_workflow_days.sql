-- What each workflow did on each day: its name, how its attempts went, and how the default branch stood at the end of
-- it. Runs without any time are those of a day NULL.
with days as (
    select
        runs.repo,
        runs.day,
        runs.workflow_path,
        max_by(
            {'name': runs.workflow_name, 'created_at': runs.created_at, 'run_id': runs.run_id},
            (runs.created_at, runs.run_id)
        ) filter (where runs.workflow_name is not null) as named,
        count(*) filter (where runs.outcome in ('pass', 'fail')) as conclusive_attempts,
        count(*) filter (where runs.outcome = 'pass') as passed_attempts,
        min(runs.created_at) filter (where runs.is_default_branch) as first_default_at,
        max(runs.created_at) filter (where runs.is_default_branch) as last_default_at,
        max_by(
            {
                'outcome': runs.outcome,
                'completed_at': runs.completed_at,
                'run_id': runs.run_id,
                'run_attempt': runs.run_attempt,
                'html_url': runs.html_url
            },
            (coalesce(runs.completed_at, timestamp '1970-01-01'), runs.run_id, runs.run_attempt)
        ) filter (where runs.is_default_branch and runs.outcome in ('pass', 'fail')) as latest
    from marts.ci_runs as runs
    group by runs.repo, runs.day, runs.workflow_path
)
select
    days.repo,
    days.day,
    days.workflow_path,
    struct_extract(days.named, 'name') as workflow_name,
    struct_extract(days.named, 'created_at') as named_at,
    struct_extract(days.named, 'run_id') as named_run_id,
    days.conclusive_attempts,
    days.passed_attempts,
    days.first_default_at,
    days.last_default_at,
    struct_extract(days.latest, 'outcome') as default_outcome,
    struct_extract(days.latest, 'completed_at') as default_completed_at,
    struct_extract(days.latest, 'run_id') as default_run_id,
    struct_extract(days.latest, 'run_attempt') as default_run_attempt,
    struct_extract(days.latest, 'html_url') as default_html_url
from days
