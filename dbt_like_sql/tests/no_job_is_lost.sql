select raw_jobs.job_id
from raw.workflow_jobs as raw_jobs
anti join marts.ci_jobs as jobs on jobs.job_id = raw_jobs.job_id
