select
    changed.repo,
    changed.is_default_branch,
    changed.head_repo,
    changed.branch,
    changed.workflow_path,
    changed.started_at
from changes.int_red_episode_bounds as changed
union
select
    episodes.repo,
    episodes.is_default_branch,
    episodes.head_repo,
    episodes.branch,
    episodes.workflow_path,
    episodes.started_at
from intermediate.int_red_episodes as episodes
where episodes.is_open
