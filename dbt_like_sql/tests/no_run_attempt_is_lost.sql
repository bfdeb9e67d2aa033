select r.run_id, r.run_attempt
from raw.workflow_runs as r
anti join marts.ci_runs as c on c.run_id = r.run_id and c.run_attempt = r.run_attempt
