select c.repo, c.day, min(cast(c.day as timestamp)) as since
from changes.ci_runs as c
group by c.repo, c.day
