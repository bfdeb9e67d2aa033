select j.job_id
from raw.workflow_jobs as j
anti join marts.ci_jobs as c on c.job_id = j.job_id
