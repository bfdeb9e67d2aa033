-- Job time of each day with what it cost: minutes billed times the price of the runner. NULL without any price.
select
    days.repo,
    days.day,
    days.week,
    days.workflow_path,
    days.milestone,
    days.runner,
    days.job_attempts,
    days.seconds,
    case when days.bucket is null then 0 else days.seconds end as wasted_seconds,
    days.billed_minutes,
    parameters.cost_currency as currency,
    case when parameters.cost_currency is not null then coalesce(days.billed_minutes * prices.per_minute, 0) end
        as cost,
    case
        when parameters.cost_currency is null then null
        when days.bucket is null then 0
        else coalesce(days.billed_minutes * prices.per_minute, 0)
    end as wasted_cost,
    case
        when parameters.cost_currency is null then null
        when prices.per_minute is null then days.billed_minutes
        else 0
    end as unpriced_minutes
from intermediate.int_runner_days as days
cross join config.parameters as parameters
left join intermediate.int_runner_prices as prices on prices.runner = days.runner
