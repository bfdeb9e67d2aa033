-- The share of red episodes of a quarter that were still red after so many hours, over all repositories. Open ones
-- count as "at least so long" (right-censored, Kaplan–Meier), as in marts.recovery_by_period.
with episodes as (
    select
        strftime(episodes.started_at, '%Y') || '-Q' || quarter(episodes.started_at) as quarter,
        episodes.hours,
        not episodes.is_open
        and coalesce(episodes.closed_by not in ('workflow_removed', 'renamed'), true) as is_recovered
    from marts.red_episodes as episodes
), steps as (
    select
        episodes.quarter,
        episodes.hours,
        count(*) filter (where episodes.is_recovered) as recovered,
        sum(count(*)) over (partition by episodes.quarter order by episodes.hours desc) as at_risk
    from episodes
    group by episodes.quarter, episodes.hours
), thresholds as (
    select unnest([1, 4, 8, 24, 72, 168]) as hours
), totals as (
    select steps.quarter, max(steps.at_risk) as episodes
    from steps
    group by steps.quarter
)
select
    totals.quarter,
    thresholds.hours,
    cast(totals.episodes as bigint) as episodes,
    coalesce(
        product(1 - steps.recovered / steps.at_risk) filter (where steps.hours <= thresholds.hours), 1.0
    ) as still_red_share,
    coalesce(bool_or(coverage.is_complete), false) as is_complete,
    max(coverage.first_whole_day) as first_whole_day,
    max(coverage.last_whole_day) as last_whole_day
from totals
cross join thresholds
inner join steps on steps.quarter = totals.quarter
left join marts.period_coverage as coverage
    on coverage.repo = '*'
    and coverage.grain = 'quarter'
    and coverage.period = totals.quarter
group by totals.quarter, thresholds.hours, totals.episodes
