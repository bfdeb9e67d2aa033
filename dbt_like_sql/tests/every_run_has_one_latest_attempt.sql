select runs.run_id
from marts.ci_runs as runs
group by runs.run_id
having count(*) filter (where runs.is_latest_attempt) <> 1
