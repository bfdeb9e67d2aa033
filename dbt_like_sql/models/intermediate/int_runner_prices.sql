-- What a minute of each runner costs: the first configured price whose label or glob one of its labels matches.
with runners as (
    select distinct days.runner from intermediate.int_runner_days as days
), labels as (
    select runners.runner, unnest(string_split(runners.runner, ', ')) as label from runners
)
select
    runners.runner,
    -- Exact, so that sums don't depend on the order of rows.
    cast(min_by(prices.per_minute, prices.position) as decimal(18, 6)) as per_minute
from runners
inner join labels on labels.runner = runners.runner
left join config.runner_prices as prices on lower(labels.label) glob lower(prices.label)
group by runners.runner
