select c.repo, c.is_default_branch, c.head_repo, c.branch, c.workflow_path, c.started_at
from changes.int_red_episode_bounds as c
union
select s.repo, s.is_default_branch, s.head_repo, s.branch, s.workflow_path, s.started_at
from intermediate.int_red_episodes as s
where s.is_open
