select r.run_id
from marts.ci_runs as r
group by r.run_id
having count(*) filter (where r.is_latest_attempt) <> 1
