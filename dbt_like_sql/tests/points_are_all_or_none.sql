select p.repo, p.number
from marts.milestone_progress as p
group by p.repo, p.number
having count(*) <> 4 or bool_or(p.points not in (0, p.points_possible))
