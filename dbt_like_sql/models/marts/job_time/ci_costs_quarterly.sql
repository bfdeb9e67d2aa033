-- What CI cost in each quarter, where prices are configured, as marts.ci_costs_weekly counts it. repo '*' is all
-- repositories together.
with priced as (
    select costs.*, strftime(costs.day, '%Y') || '-Q' || quarter(costs.day) as quarter
    from intermediate.int_ci_costs as costs
    where costs.currency is not null and costs.week is not null
), summed as (
    select
        coalesce(priced.repo, '*') as repo,
        priced.quarter,
        cast(sum(priced.job_attempts) as bigint) as job_attempts,
        cast(sum(priced.billed_minutes) as bigint) as billed_minutes,
        any_value(priced.currency) as currency,
        cast(sum(priced.cost) as double) as cost,
        cast(sum(priced.wasted_cost) as double) as wasted_cost,
        cast(sum(priced.unpriced_minutes) as bigint) as unpriced_minutes,
        list_sort(list(distinct priced.runner) filter (where priced.unpriced_minutes > 0)) as unpriced_runners
    from priced
    group by grouping sets ((priced.repo, priced.quarter), (priced.quarter))
)
select
    summed.*,
    coalesce(coverage.is_complete, false) as is_complete,
    coverage.first_whole_day,
    coverage.last_whole_day
from summed
left join marts.period_coverage as coverage
    on coverage.repo = summed.repo
    and coverage.grain = 'quarter'
    and coverage.period = summed.quarter
