select job_time.repo, job_time.day
from marts.job_time_daily as job_time
where job_time.made_green_seconds + job_time.superseded_seconds + job_time.timeout_seconds
    + job_time.rerun_seconds > job_time.job_seconds
