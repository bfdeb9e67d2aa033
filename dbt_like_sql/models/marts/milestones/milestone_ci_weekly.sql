-- What CI cost each milestone in each ISO week: red hours of the default branch while it was open, job time of its own
-- runs that was wasted or flaky, pull requests held up by others' failures, and money where prices are configured.
with blocked as (
    select
        days.repo,
        days.number,
        days.week,
        count(distinct days.pull_request_number) as pull_requests
    from intermediate.int_blocked_days as days
    group by days.repo, days.number, days.week
), summed as (
    select
        days.repo,
        days.number,
        days.milestone,
        days.week,
        cast(date_trunc('week', min(days.day)) as date) as week_start,
        sum(days.red_main_seconds) / 3600.0 as red_main_hours,
        cast(sum(days.job_attempts) as bigint) as job_attempts,
        sum(days.job_seconds) / 60.0 as job_minutes,
        sum(days.wasted_seconds) / 60.0 as wasted_minutes,
        sum(days.wasted_seconds) / nullif(sum(days.job_seconds), 0) as wasted_share,
        cast(sum(days.flaky_job_attempts) as bigint) as flaky_job_attempts,
        sum(days.flaky_seconds) / 60.0 as flaky_minutes,
        sum(days.blocked_seconds) / 3600.0 as pull_request_hours_blocked,
        cast(sum(days.billed_minutes) as bigint) as billed_minutes,
        days.currency,
        cast(sum(days.cost) as double) as cost,
        cast(sum(days.wasted_cost) as double) as wasted_cost,
        cast(sum(days.unpriced_minutes) as bigint) as unpriced_minutes
    from intermediate.int_milestone_ci_days as days
    group by days.repo, days.number, days.milestone, days.week, days.currency
)
select
    summed.repo,
    summed.number,
    summed.milestone,
    summed.week,
    summed.week_start,
    summed.red_main_hours,
    summed.job_attempts,
    summed.job_minutes,
    summed.wasted_minutes,
    summed.wasted_share,
    summed.flaky_job_attempts,
    summed.flaky_minutes,
    coalesce(blocked.pull_requests, 0) as blocked_pull_requests,
    summed.pull_request_hours_blocked,
    summed.billed_minutes,
    summed.currency,
    summed.cost,
    summed.wasted_cost,
    summed.unpriced_minutes,
    coalesce(coverage.is_complete, false) as is_complete,
    coverage.first_whole_day,
    coverage.last_whole_day
from summed
left join blocked
    on blocked.repo = summed.repo and blocked.number = summed.number and blocked.week = summed.week
left join marts.period_coverage as coverage
    on coverage.repo = summed.repo
    and coverage.grain = 'week'
    and coverage.period = summed.week
