-- How long the jobs of each workflow ran in each ISO week, how much of it was wasted, by what, and against the week
-- before. job_base_name '*' is all jobs of the workflow together.
with weeks as (
    select
        job_weeks.*,
        job_weeks.wasted_seconds / nullif(job_weeks.job_seconds, 0) as wasted_share,
        coverage.is_complete,
        coalesce(coverage.is_comparable, true) as is_comparable,
        coverage.first_whole_day,
        coverage.last_whole_day
    from intermediate.int_job_weeks as job_weeks
    left join marts.period_coverage as coverage
        on coverage.repo = job_weeks.repo
        and coverage.grain = 'week'
        and coverage.period = job_weeks.week
)
select
    weeks.repo,
    weeks.week,
    weeks.week_start,
    weeks.workflow_path,
    weeks.job_base_name,
    weeks.job_attempts,
    weeks.job_seconds,
    weeks.wasted_seconds,
    weeks.made_green_seconds,
    weeks.superseded_seconds,
    weeks.timeout_seconds,
    weeks.rerun_seconds,
    weeks.wasted_share,
    previous.wasted_share as previous_wasted_share,
    weeks.wasted_share - previous.wasted_share as wasted_share_delta,
    coalesce(weeks.is_complete, false) as is_complete,
    weeks.first_whole_day,
    weeks.last_whole_day
from weeks
-- What is cut off is compared with nothing.
left join weeks as previous
    on previous.repo = weeks.repo
    and previous.workflow_path = weeks.workflow_path
    and previous.job_base_name = weeks.job_base_name
    and previous.week_start = weeks.week_start - 7
    and previous.is_comparable
    and weeks.is_comparable
