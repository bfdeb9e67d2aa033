select progress.repo, progress.number
from marts.milestone_progress as progress
group by progress.repo, progress.number
having count(*) <> 4 or bool_or(progress.points not in (0, progress.points_possible))
