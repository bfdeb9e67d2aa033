-- From the episode that a changed attempt falls into, or the attempt itself, everything on its line is new; from
-- the first episode on where the ends of the line changed.
with attempts as (
    select c.* exclude (is_old)
    from changes.stg_workflow_runs as c
    union all
    select r.*
    from staging.stg_workflow_runs as r
    semi join changes.int_run_milestones as c on c.run_id = r.run_id
), lines as (
    select
        a.repo,
        a.is_default_branch,
        case when not a.is_default_branch then a.head_repo end as head_repo,
        a.branch,
        a.workflow_path,
        min(a.completed_at) as changed_at
    from attempts as a
    where a.outcome in ('pass', 'fail') and a.completed_at is not null
    group by all
)
select
    l.repo, l.is_default_branch, l.head_repo, l.branch, l.workflow_path,
    least(l.changed_at, min(s.started_at)) as since
from lines as l
left join intermediate.int_red_episode_bounds as s
    on s.repo = l.repo
    and s.is_default_branch = l.is_default_branch
    and s.head_repo is not distinct from l.head_repo
    and s.branch is not distinct from l.branch
    and s.workflow_path = l.workflow_path
    and (coalesce(s.ended_at >= l.changed_at, true) or s.is_past_end)
group by l.repo, l.is_default_branch, l.head_repo, l.branch, l.workflow_path, l.changed_at
union all
select s.repo, s.is_default_branch, s.head_repo, s.branch, s.workflow_path, min(s.started_at)
from intermediate.int_red_episode_bounds as s
where (
    s.is_default_branch
    and exists (
        select 1 from changes.stg_default_branches as c where c.repo = s.repo and c.branch = s.branch
    )
) or exists (
    select 1
    from changes.int_workflow_removals as c
    where c.repo = s.repo and c.workflow_path = s.workflow_path
)
group by s.repo, s.is_default_branch, s.head_repo, s.branch, s.workflow_path
