select changed.day, min(cast(changed.day as timestamp)) as since
from changes.int_job_times as changed
group by changed.day
