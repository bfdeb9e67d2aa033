-- The workflows that must be green on the default branch: the configured ones, else all that ran there in the window.
with limits as (
    select parameters.as_of, parameters.as_of - parameters.window_days * interval 1 day as starts_at
    from config.parameters as parameters
), former_files as (
    -- The configuration may name a file as it was called before.
    select runs.repo, runs.workflow_path as former_path, max(workflows.workflow_path) as workflow_path
    from raw.workflow_runs as runs
    semi join config.critical_workflows as configured
        on configured.repo = runs.repo
        and configured.workflow_path = runs.workflow_path
    inner join staging.stg_workflows as workflows
        on workflows.repo = runs.repo
        and workflows.workflow_id = runs.workflow_id
    anti join staging.stg_workflows as present
        on present.repo = runs.repo
        and present.workflow_path = runs.workflow_path
    group by runs.repo, runs.workflow_path
), configured as (
    select distinct
        critical_workflows.repo,
        coalesce(former_files.workflow_path, critical_workflows.workflow_path) as workflow_path,
        true as is_configured
    from config.critical_workflows as critical_workflows
    left join former_files
        on former_files.repo = critical_workflows.repo
        and former_files.former_path = critical_workflows.workflow_path
), removed as (
    select removals.repo, removals.workflow_path, max(removals.removed_at) as removed_at
    from intermediate.int_workflow_removals as removals
    where removals.returned_at is null
    group by removals.repo, removals.workflow_path
), by_default as (
    -- A workflow that only ever skipped can't be green or red: it is none of them.
    select distinct days.repo, days.workflow_path, false as is_configured
    from intermediate.int_workflow_days as days
    semi join intermediate.int_default_branch_verdicts as verdicts
        on verdicts.repo = days.repo
        and verdicts.workflow_path = days.workflow_path
    anti join configured on configured.repo = days.repo
    anti join removed on removed.repo = days.repo and removed.workflow_path = days.workflow_path
    cross join limits
    -- The window is of days at least: of the days it cuts, it takes the end of the first and the start of the last.
    where days.last_default_at >= limits.starts_at and days.first_default_at <= limits.as_of
), critical as (
    select configured.* from configured
    union all
    select by_default.* from by_default
)
select
    critical.repo,
    critical.workflow_path,
    critical.is_configured,
    verdicts.outcome as latest_outcome,
    verdicts.completed_at as latest_at,
    verdicts.html_url as latest_url,
    coalesce(verdicts.outcome = 'pass', false) as is_green,
    removed.removed_at is not null as is_removed,
    removed.removed_at
from critical
left join removed on removed.repo = critical.repo and removed.workflow_path = critical.workflow_path
left join intermediate.int_default_branch_verdicts as verdicts
    on verdicts.repo = critical.repo
    and verdicts.workflow_path = critical.workflow_path
