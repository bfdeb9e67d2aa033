-- A run counts by its last attempt: there is exactly one.
select r.run_id
from marts.ci_runs as r
group by r.run_id
having count(*) filter (where r.is_latest_attempt) <> 1
