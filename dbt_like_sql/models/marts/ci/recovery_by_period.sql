-- Time to green of red episodes, by the week and the quarter they started in. Open episodes count as "at least so long"
-- (right-censored, Kaplan–Meier): leaving them out would make the figure better the longer things stay red. So do those
-- that ended without turning green, since the workflow or the branch went.
with ended as (
    select
        episodes.*,
        not episodes.is_open
        and coalesce(episodes.closed_by not in ('workflow_removed', 'renamed'), true) as is_recovered
    from marts.red_episodes as episodes
), periods as (
    select ended.repo, 'week' as grain, ended.week as period, ended.hours, ended.is_open, ended.is_recovered from ended
    union all
    select
        ended.repo,
        'quarter',
        strftime(ended.started_at, '%Y') || '-Q' || quarter(ended.started_at),
        ended.hours,
        ended.is_open,
        ended.is_recovered
    from ended
), episodes as (
    select periods.* from periods
    union all
    select '*', periods.grain, periods.period, periods.hours, periods.is_open, periods.is_recovered from periods
), steps as (
    select
        episodes.repo,
        episodes.grain,
        episodes.period,
        episodes.hours,
        count(*) filter (where episodes.is_recovered) as closed,
        sum(count(*)) over (
            partition by episodes.repo, episodes.grain, episodes.period
            order by episodes.hours desc
        ) as at_risk
    from episodes
    group by episodes.repo, episodes.grain, episodes.period, episodes.hours
), curve as (
    select
        steps.repo,
        steps.grain,
        steps.period,
        steps.hours,
        product(1 - steps.closed / steps.at_risk) over (
            partition by steps.repo, steps.grain, steps.period order by steps.hours
        ) as survival
    from steps
), quantiles as (
    -- The product of fractions misses a round 0.5 or 0.1 by a few 1e-16.
    select
        curve.repo,
        curve.grain,
        curve.period,
        min(curve.hours) filter (where curve.survival <= 0.5 + 1e-9) as recovery_median_hours,
        min(curve.hours) filter (where curve.survival <= 0.1 + 1e-9) as recovery_p90_hours
    from curve
    group by curve.repo, curve.grain, curve.period
), sums as (
    select
        episodes.repo,
        episodes.grain,
        episodes.period,
        count(*) filter (where not episodes.is_open) as episodes_closed,
        count(*) filter (where episodes.is_open) as episodes_open,
        count(*) filter (where episodes.is_recovered) as episodes_recovered,
        -- Exact integers first: the mean must not depend on the order in which rows are added.
        sum(cast(round(episodes.hours * 3600 * 1000) as bigint)) filter (where episodes.is_recovered)
        / 3600000.0 as closed_hours,
        max(episodes.hours) filter (where episodes.is_open) as oldest_open_hours
    from episodes
    group by episodes.repo, episodes.grain, episodes.period
)
select
    sums.repo,
    sums.grain,
    sums.period,
    sums.episodes_closed,
    sums.episodes_open,
    sums.closed_hours / nullif(sums.episodes_recovered, 0) as recovery_mean_hours,
    quantiles.recovery_median_hours,
    quantiles.recovery_p90_hours,
    sums.oldest_open_hours,
    coalesce(coverage.is_complete, false) as is_complete,
    coverage.first_whole_day,
    coverage.last_whole_day
from sums
inner join quantiles on quantiles.repo = sums.repo and quantiles.grain = sums.grain and quantiles.period = sums.period
left join marts.period_coverage as coverage
    on coverage.repo = sums.repo
    and coverage.grain = sums.grain
    and coverage.period = sums.period
