-- From the episode that a changed attempt falls into, or the attempt itself, everything on its line is new; from
-- the first episode on where the ends of the line changed.
with attempts as (
    select changed.* exclude (is_old)
    from changes.stg_workflow_runs as changed
    union all
    select runs.*
    from staging.stg_workflow_runs as runs
    semi join changes.int_run_milestones as changed on changed.run_id = runs.run_id
), lines as (
    select
        attempts.repo,
        attempts.is_default_branch,
        case when not attempts.is_default_branch then attempts.head_repo end as head_repo,
        attempts.branch,
        attempts.workflow_path,
        min(attempts.completed_at) as changed_at
    from attempts
    where attempts.outcome in ('pass', 'fail') and attempts.completed_at is not null
    group by all
)
select
    lines.repo, lines.is_default_branch, lines.head_repo, lines.branch, lines.workflow_path,
    least(lines.changed_at, min(episodes.started_at)) as since
from lines
left join intermediate.int_red_episode_bounds as episodes
    on episodes.repo = lines.repo
    and episodes.is_default_branch = lines.is_default_branch
    and episodes.head_repo is not distinct from lines.head_repo
    and episodes.branch is not distinct from lines.branch
    and episodes.workflow_path = lines.workflow_path
    and (coalesce(episodes.ended_at >= lines.changed_at, true) or episodes.is_past_end)
group by lines.repo, lines.is_default_branch, lines.head_repo, lines.branch, lines.workflow_path, lines.changed_at
union all
select
    episodes.repo,
    episodes.is_default_branch,
    episodes.head_repo,
    episodes.branch,
    episodes.workflow_path,
    min(episodes.started_at)
from intermediate.int_red_episode_bounds as episodes
where (
    episodes.is_default_branch
    and exists (
        select 1
        from changes.stg_default_branches as changed
        where changed.repo = episodes.repo and changed.branch = episodes.branch
    )
) or exists (
    select 1
    from changes.int_workflow_removals as changed
    where changed.repo = episodes.repo and changed.workflow_path = episodes.workflow_path
)
group by episodes.repo, episodes.is_default_branch, episodes.head_repo, episodes.branch, episodes.workflow_path
