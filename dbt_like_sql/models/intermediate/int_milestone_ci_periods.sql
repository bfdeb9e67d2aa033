-- What CI cost each milestone in each ISO week, in each quarter, and in all its weeks that are over.
with limits as (
    select cast(date_trunc('week', parameters.as_of) as date) as until_day from config.parameters as parameters
), periods as (
    select days.*, 'week' as grain, days.week as period from intermediate.int_milestone_ci_days as days
    union all
    select days.*, 'quarter' as grain, days.quarter as period from intermediate.int_milestone_ci_days as days
    union all
    select days.*, 'whole' as grain, 'whole' as period
    from intermediate.int_milestone_ci_days as days
    cross join limits
    where days.day < limits.until_day
), blocked_days as (
    select days.repo, days.number, days.pull_request_number, 'week' as grain, days.week as period
    from intermediate.int_blocked_days as days
    union all
    select days.repo, days.number, days.pull_request_number, 'quarter' as grain, days.quarter as period
    from intermediate.int_blocked_days as days
    union all
    select days.repo, days.number, days.pull_request_number, 'whole' as grain, 'whole' as period
    from intermediate.int_blocked_days as days
    cross join limits
    where days.day < limits.until_day
), blocked as (
    select
        blocked_days.repo,
        blocked_days.number,
        blocked_days.grain,
        blocked_days.period,
        count(distinct blocked_days.pull_request_number) as pull_requests
    from blocked_days
    group by blocked_days.repo, blocked_days.number, blocked_days.grain, blocked_days.period
), summed as (
    select
        periods.repo,
        periods.number,
        periods.milestone,
        periods.grain,
        periods.period,
        min(periods.day) as first_day,
        sum(periods.red_main_seconds) / 3600.0 as red_main_hours,
        cast(sum(periods.job_attempts) as bigint) as job_attempts,
        sum(periods.job_seconds) / 60.0 as job_minutes,
        sum(periods.wasted_seconds) / 60.0 as wasted_minutes,
        sum(periods.wasted_seconds) / nullif(sum(periods.job_seconds), 0) as wasted_share,
        cast(sum(periods.flaky_job_attempts) as bigint) as flaky_job_attempts,
        sum(periods.flaky_seconds) / 60.0 as flaky_minutes,
        sum(periods.blocked_seconds) / 3600.0 as pull_request_hours_blocked,
        cast(sum(periods.billed_minutes) as bigint) as billed_minutes,
        periods.currency,
        cast(sum(periods.cost) as double) as cost,
        cast(sum(periods.wasted_cost) as double) as wasted_cost,
        cast(sum(periods.unpriced_minutes) as bigint) as unpriced_minutes
    from periods
    group by
        periods.repo, periods.number, periods.milestone, periods.grain, periods.period, periods.currency
)
select
    summed.repo,
    summed.number,
    summed.milestone,
    summed.grain,
    summed.period,
    summed.first_day,
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
    summed.unpriced_minutes
from summed
left join blocked
    on blocked.repo = summed.repo
    and blocked.number = summed.number
    and blocked.grain = summed.grain
    and blocked.period = summed.period
