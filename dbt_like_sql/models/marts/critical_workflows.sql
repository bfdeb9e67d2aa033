-- The workflows that must be green on the default branch: the configured ones, else all that ran there in the window.
with limits as (
    select p.as_of, p.as_of - p.window_days * interval 1 day as starts_at from config.parameters as p
), configured as (
    select c.repo, c.workflow_path, true as is_configured from config.critical_workflows as c
), by_default as (
    -- A workflow that only ever skipped can't be green or red: it is none of them.
    select distinct d.repo, d.workflow_path, false as is_configured
    from staging.stg_workflow_days as d
    semi join staging.stg_default_branch_verdicts as v on v.repo = d.repo and v.workflow_path = d.workflow_path
    anti join configured as c on c.repo = d.repo
    cross join limits as l
    -- The window is of days at least: of the days it cuts, it takes the end of the first and the start of the last.
    where d.last_default_at >= l.starts_at and d.first_default_at <= l.as_of
), critical as (
    select c.* from configured as c
    union all
    select b.* from by_default as b
)
select
    c.repo,
    c.workflow_path,
    c.is_configured,
    v.outcome as latest_outcome,
    v.completed_at as latest_at,
    v.html_url as latest_url,
    coalesce(v.outcome = 'pass', false) as is_green
from critical as c
left join staging.stg_default_branch_verdicts as v on v.repo = c.repo and v.workflow_path = c.workflow_path
