-- The workflows that must be green on the default branch: the configured ones, else all that ran there in the window.
with limits as (
    select p.as_of, p.as_of - p.window_days * interval 1 day as starts_at from config.parameters as p
), former_files as (
    -- The configuration may name a file as it was called before.
    select r.repo, r.workflow_path as former_path, max(w.workflow_path) as workflow_path
    from raw.workflow_runs as r
    semi join config.critical_workflows as c on c.repo = r.repo and c.workflow_path = r.workflow_path
    inner join staging.stg_workflows as w on w.repo = r.repo and w.workflow_id = r.workflow_id
    anti join staging.stg_workflows as k on k.repo = r.repo and k.workflow_path = r.workflow_path
    group by r.repo, r.workflow_path
), configured as (
    select distinct c.repo, coalesce(f.workflow_path, c.workflow_path) as workflow_path, true as is_configured
    from config.critical_workflows as c
    left join former_files as f on f.repo = c.repo and f.former_path = c.workflow_path
), removed as (
    select r.repo, r.workflow_path, max(r.removed_at) as removed_at
    from intermediate.int_workflow_removals as r
    where r.returned_at is null
    group by r.repo, r.workflow_path
), by_default as (
    -- A workflow that only ever skipped can't be green or red: it is none of them.
    select distinct d.repo, d.workflow_path, false as is_configured
    from intermediate.int_workflow_days as d
    semi join intermediate.int_default_branch_verdicts as v on v.repo = d.repo and v.workflow_path = d.workflow_path
    anti join configured as c on c.repo = d.repo
    anti join removed as r on r.repo = d.repo and r.workflow_path = d.workflow_path
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
    coalesce(v.outcome = 'pass', false) as is_green,
    r.removed_at is not null as is_removed,
    r.removed_at
from critical as c
left join removed as r on r.repo = c.repo and r.workflow_path = c.workflow_path
left join intermediate.int_default_branch_verdicts as v on v.repo = c.repo and v.workflow_path = c.workflow_path
