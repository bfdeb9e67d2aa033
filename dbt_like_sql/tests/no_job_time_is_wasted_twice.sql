select t.repo, t.day
from marts.job_time_daily as t
where t.made_green_seconds + t.superseded_seconds + t.timeout_seconds + t.rerun_seconds > t.job_seconds
