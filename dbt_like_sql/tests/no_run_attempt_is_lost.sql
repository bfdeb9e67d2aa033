select raw_runs.run_id, raw_runs.run_attempt
from raw.workflow_runs as raw_runs
anti join marts.ci_runs as runs on runs.run_id = raw_runs.run_id and runs.run_attempt = raw_runs.run_attempt
