-- What CI cost each milestone in each quarter, as marts.milestone_ci_weekly counts it.
with blocked as (
    select
        days.repo,
        days.number,
        days.quarter,
        count(distinct days.pull_request_number) as pull_requests
    from intermediate.int_blocked_days as days
    group by days.repo, days.number, days.quarter
), summed as (
    select
        days.repo,
        days.number,
        days.milestone,
        days.quarter,
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
    group by days.repo, days.number, days.milestone, days.quarter, days.currency
)
select
    summed.repo,
    summed.number,
    summed.milestone,
    summed.quarter,
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
    on blocked.repo = summed.repo and blocked.number = summed.number and blocked.quarter = summed.quarter
left join marts.period_coverage as coverage
    on coverage.repo = summed.repo
    and coverage.grain = 'quarter'
    and coverage.period = summed.quarter
