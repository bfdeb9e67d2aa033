-- What CI cost each milestone in each quarter, as marts.milestone_ci_weekly counts it.
select
    periods.repo,
    periods.number,
    periods.milestone,
    periods.period as quarter,
    periods.red_main_hours,
    periods.job_attempts,
    periods.job_minutes,
    periods.wasted_minutes,
    periods.wasted_share,
    periods.flaky_job_attempts,
    periods.flaky_minutes,
    periods.blocked_pull_requests,
    periods.pull_request_hours_blocked,
    periods.billed_minutes,
    periods.currency,
    periods.cost,
    periods.wasted_cost,
    periods.unpriced_minutes,
    coalesce(coverage.is_complete, false) as is_complete,
    coverage.first_whole_day,
    coverage.last_whole_day
from intermediate.int_milestone_ci_periods as periods
left join marts.period_coverage as coverage
    on coverage.repo = periods.repo
    and coverage.grain = 'quarter'
    and coverage.period = periods.period
where periods.grain = 'quarter'
