-- What CI cost each milestone since it was opened, its whole weeks added up: what is published changes once a week.
with limits as (
    select cast(date_trunc('week', parameters.as_of) as date) as until_day from config.parameters as parameters
), unpriced as (
    select costs.repo, costs.milestone, list_sort(list(distinct costs.runner)) as runners
    from intermediate.int_ci_costs as costs
    cross join limits
    where costs.unpriced_minutes > 0 and costs.day < limits.until_day
    group by costs.repo, costs.milestone
)
select
    periods.repo,
    periods.number,
    periods.milestone,
    periods.first_day as since_day,
    limits.until_day - 1 as until_day,
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
    unpriced.runners as unpriced_runners
from intermediate.int_milestone_ci_periods as periods
cross join limits
left join unpriced on unpriced.repo = periods.repo and unpriced.milestone = periods.milestone
where periods.grain = 'whole'
