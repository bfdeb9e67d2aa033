-- How long the jobs of each workflow ran in each ISO week, how much of it was wasted, by what, and against the week before.
-- job_base_name '*' is all jobs of the workflow together.
with weeks as (
    select
        w.*,
        w.wasted_seconds / nullif(w.job_seconds, 0) as wasted_share,
        c.is_complete,
        coalesce(c.is_comparable, true) as is_comparable,
        c.first_whole_day,
        c.last_whole_day
    from intermediate.int_job_weeks as w
    left join marts.period_coverage as c on c.repo = w.repo and c.grain = 'week' and c.period = w.week
)
select
    w.repo,
    w.week,
    w.week_start,
    w.workflow_path,
    w.job_base_name,
    w.job_attempts,
    w.job_seconds,
    w.wasted_seconds,
    w.made_green_seconds,
    w.superseded_seconds,
    w.timeout_seconds,
    w.rerun_seconds,
    w.wasted_share,
    p.wasted_share as previous_wasted_share,
    w.wasted_share - p.wasted_share as wasted_share_delta,
    coalesce(w.is_complete, false) as is_complete,
    w.first_whole_day,
    w.last_whole_day
from weeks as w
-- What is cut off is compared with nothing.
left join weeks as p
    on p.repo = w.repo
    and p.workflow_path = w.workflow_path
    and p.job_base_name = w.job_base_name
    and p.week_start = w.week_start - 7
    and p.is_comparable
    and w.is_comparable
