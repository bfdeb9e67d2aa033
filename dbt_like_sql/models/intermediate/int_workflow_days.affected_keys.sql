select changed.repo, changed.day, min(cast(changed.day as timestamp)) as since
from changes.ci_runs as changed
group by changed.repo, changed.day
