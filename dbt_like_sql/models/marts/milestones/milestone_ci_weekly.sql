-- What CI cost each milestone in each ISO week: red hours of the default branch while it was open, job time of its own
-- runs that was wasted or flaky, pull requests held up by others' failures, and money where prices are configured.
select
    periods.repo,
    periods.number,
    periods.milestone,
    periods.period as week,
    cast(date_trunc('week', periods.first_day) as date) as week_start,
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
    and coverage.grain = 'week'
    and coverage.period = periods.period
where periods.grain = 'week'
