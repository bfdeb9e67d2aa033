-- Times in which no workflow of a file was alive: deleted or disabled.
with spans as (
    select
        workflows.repo,
        workflows.workflow_id,
        workflows.workflow_path,
        workflows.removed_at,
        cast(null as timestamp) as returned_at
    from staging.stg_workflows as workflows
    where workflows.removed_at is not null
    union all
    select
        workflows.repo,
        workflows.workflow_id,
        workflows.workflow_path,
        workflow_returns.removed_at,
        workflow_returns.returned_at
    from raw.workflow_returns as workflow_returns
    inner join staging.stg_workflows as workflows
        on workflows.repo = workflow_returns.repo
        and workflows.workflow_id = workflow_returns.workflow_id
), replaced as (
    -- A file that is made anew is a workflow of its own.
    select
        spans.repo,
        spans.workflow_path,
        spans.removed_at,
        least(
            spans.returned_at,
            min(
                greatest(coalesce(other_workflows.created_at, spans.removed_at), spans.removed_at)
            ) filter (where other_workflows.workflow_id is not null)
        ) as returned_at
    from spans
    left join staging.stg_workflows as other_workflows
        on other_workflows.repo = spans.repo
        and other_workflows.workflow_path = spans.workflow_path
        and other_workflows.workflow_id <> spans.workflow_id
        and coalesce(other_workflows.removed_at > spans.removed_at, true)
    group by spans.repo, spans.workflow_id, spans.workflow_path, spans.removed_at, spans.returned_at
)
select
    replaced.repo,
    replaced.workflow_path,
    replaced.removed_at,
    case when count(replaced.returned_at) = count(*) then max(replaced.returned_at) end as returned_at
from replaced
where replaced.returned_at is null or replaced.returned_at > replaced.removed_at
group by replaced.repo, replaced.workflow_path, replaced.removed_at
