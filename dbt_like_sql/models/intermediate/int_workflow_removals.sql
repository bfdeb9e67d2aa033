-- Times in which no workflow of a file was alive: deleted or disabled.
with spans as (
    select w.repo, w.workflow_id, w.workflow_path, w.removed_at, cast(null as timestamp) as returned_at
    from staging.stg_workflows as w
    where w.removed_at is not null
    union all
    select w.repo, w.workflow_id, w.workflow_path, b.removed_at, b.returned_at
    from raw.workflow_returns as b
    inner join staging.stg_workflows as w on w.repo = b.repo and w.workflow_id = b.workflow_id
), replaced as (
    -- A file that is made anew is a workflow of its own.
    select
        s.repo,
        s.workflow_path,
        s.removed_at,
        least(
            s.returned_at,
            min(greatest(coalesce(o.created_at, s.removed_at), s.removed_at)) filter (where o.workflow_id is not null)
        ) as returned_at
    from spans as s
    left join staging.stg_workflows as o
        on o.repo = s.repo
        and o.workflow_path = s.workflow_path
        and o.workflow_id <> s.workflow_id
        and coalesce(o.removed_at > s.removed_at, true)
    group by s.repo, s.workflow_id, s.workflow_path, s.removed_at, s.returned_at
)
select
    r.repo,
    r.workflow_path,
    r.removed_at,
    case when count(r.returned_at) = count(*) then max(r.returned_at) end as returned_at
from replaced as r
where r.returned_at is null or r.returned_at > r.removed_at
group by r.repo, r.workflow_path, r.removed_at
