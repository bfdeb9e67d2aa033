-- What CI cost in each ISO week by workflow, where prices are configured: minutes billed times the price of the
-- runner, what of it was wasted, and what has no price. repo '*' is all repositories together, workflow_path '*' all
-- workflows.
with priced as (
    select costs.*
    from intermediate.int_ci_costs as costs
    where costs.currency is not null and costs.week is not null
), summed as (
    select
        coalesce(priced.repo, '*') as repo,
        priced.week,
        cast(date_trunc('week', min(priced.day)) as date) as week_start,
        coalesce(priced.workflow_path, '*') as workflow_path,
        cast(sum(priced.job_attempts) as bigint) as job_attempts,
        cast(sum(priced.billed_minutes) as bigint) as billed_minutes,
        any_value(priced.currency) as currency,
        cast(sum(priced.cost) as double) as cost,
        cast(sum(priced.wasted_cost) as double) as wasted_cost,
        cast(sum(priced.unpriced_minutes) as bigint) as unpriced_minutes,
        list_sort(list(distinct priced.runner) filter (where priced.unpriced_minutes > 0)) as unpriced_runners
    from priced
    group by grouping sets ((priced.repo, priced.workflow_path, priced.week), (priced.repo, priced.week), (priced.week))
)
select
    summed.*,
    coalesce(coverage.is_complete, false) as is_complete,
    coverage.first_whole_day,
    coverage.last_whole_day
from summed
left join marts.period_coverage as coverage
    on coverage.repo = summed.repo
    and coverage.grain = 'week'
    and coverage.period = summed.week
