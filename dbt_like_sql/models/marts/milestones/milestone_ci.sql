-- What CI cost each milestone since it was opened, its whole weeks added up: what is published changes once a week.
with limits as (
    select cast(date_trunc('week', parameters.as_of) as date) as until_day from config.parameters as parameters
), blocked as (
    select days.repo, days.number, count(distinct days.pull_request_number) as pull_requests
    from intermediate.int_blocked_days as days
    cross join limits
    where days.day < limits.until_day
    group by days.repo, days.number
), unpriced as (
    select costs.repo, costs.milestone, list_sort(list(distinct costs.runner)) as runners
    from intermediate.int_ci_costs as costs
    cross join limits
    where costs.unpriced_minutes > 0 and costs.day < limits.until_day
    group by costs.repo, costs.milestone
), summed as (
    select
        days.repo,
        days.number,
        days.milestone,
        min(days.day) as since_day,
        limits.until_day - 1 as until_day,
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
    cross join limits
    where days.day < limits.until_day
    group by days.repo, days.number, days.milestone, days.currency, limits.until_day
)
select
    summed.repo,
    summed.number,
    summed.milestone,
    summed.since_day,
    summed.until_day,
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
    unpriced.runners as unpriced_runners
from summed
left join blocked on blocked.repo = summed.repo and blocked.number = summed.number
left join unpriced on unpriced.repo = summed.repo and unpriced.milestone = summed.milestone
