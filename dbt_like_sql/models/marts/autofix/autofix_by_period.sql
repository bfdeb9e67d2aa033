-- Automatic repairs by the week and quarter of the failing run: how sure their success rate is, and how many lasted.
with periods as (
    select attempts.repo, 'week' as grain, attempts.week as period, attempts.outcome, attempts.is_durable
    from marts.autofix_attempts as attempts
    where attempts.day is not null
    union all
    select
        attempts.repo,
        'quarter',
        strftime(attempts.day, '%Y') || '-Q' || quarter(attempts.day),
        attempts.outcome,
        attempts.is_durable
    from marts.autofix_attempts as attempts
    where attempts.day is not null
), counted as (
    select
        coalesce(periods.repo, '*') as repo,
        periods.grain,
        periods.period,
        count(*) as attempts,
        count(*) filter (where periods.outcome = 'fixed') as fixed,
        count(*) filter (where periods.outcome in ('fixed', 'failed')) as judged,
        count(*) filter (where periods.is_durable) as durable,
        count(*) filter (where not periods.is_durable) as returned
    from periods
    group by grouping sets ((periods.repo, periods.grain, periods.period), (periods.grain, periods.period))
), rates as (
    select counted.*, counted.fixed / nullif(counted.judged, 0) as success_rate, 1.96 as z from counted
), intervals as (
    -- Wilson score interval.
    select
        rates.*,
        (
            rates.success_rate + rates.z * rates.z / (2 * rates.judged)
        ) / (1 + rates.z * rates.z / rates.judged) as centre,
        rates.z * sqrt(
            rates.success_rate * (1 - rates.success_rate) / rates.judged + rates.z * rates.z
            / (4.0 * rates.judged * rates.judged)
        )
        / (1 + rates.z * rates.z / rates.judged) as half
    from rates
)
select
    intervals.repo,
    intervals.grain,
    intervals.period,
    intervals.attempts,
    intervals.fixed,
    intervals.judged,
    intervals.success_rate,
    -- greatest() and least() pass over NULL: without a judged repair there is no interval.
    case when intervals.judged > 0 then greatest(intervals.centre - intervals.half, 0.0) end as success_rate_low,
    case when intervals.judged > 0 then least(intervals.centre + intervals.half, 1.0) end as success_rate_high,
    intervals.durable,
    intervals.returned,
    coalesce(coverage.is_complete, false) as is_complete,
    coverage.first_whole_day,
    coverage.last_whole_day
from intervals
left join marts.period_coverage as coverage
    on coverage.repo = intervals.repo
    and coverage.grain = intervals.grain
    and coverage.period = intervals.period
