-- How long runs take, and how long jobs wait for a runner, by the day, week and quarter the run was created in.
-- Percentiles don't add up: those of each period and of all repositories together ('*') come from all its values.
with periods as (
    select days.repo, 'day' as grain, cast(days.day as varchar) as period, days.measure, days.seconds, days.occurrences
    from intermediate.int_speed_days as days
    union all
    select days.repo, 'week', strftime(days.day, '%G-W%V'), days.measure, days.seconds, days.occurrences
    from intermediate.int_speed_days as days
    union all
    select
        days.repo,
        'quarter',
        strftime(days.day, '%Y') || '-Q' || quarter(days.day),
        days.measure,
        days.seconds,
        days.occurrences
    from intermediate.int_speed_days as days
), counted as (
    select
        coalesce(periods.repo, '*') as repo,
        periods.grain,
        periods.period,
        periods.measure,
        periods.seconds,
        sum(periods.occurrences) as occurrences
    from periods
    group by grouping sets (
        (periods.repo, periods.grain, periods.period, periods.measure, periods.seconds),
        (periods.grain, periods.period, periods.measure, periods.seconds)
    )
), ranked as (
    select
        counted.*,
        sum(counted.occurrences) over (whole order by counted.seconds) as up_to,
        sum(counted.occurrences) over whole as total,
        0.5 * (sum(counted.occurrences) over whole - 1) as place_p50,
        0.95 * (sum(counted.occurrences) over whole - 1) as place_p95
    from counted
    window whole as (partition by counted.repo, counted.grain, counted.period, counted.measure)
), neighbours as (
    -- Between the two values next to its place, as quantile_cont() does.
    select
        ranked.repo,
        ranked.grain,
        ranked.period,
        ranked.measure,
        max(ranked.total) as total,
        min(ranked.seconds) filter (where ranked.up_to > floor(ranked.place_p50)) as p50_below,
        min(ranked.seconds) filter (where ranked.up_to > ceil(ranked.place_p50)) as p50_above,
        max(ranked.place_p50 - floor(ranked.place_p50)) as p50_share,
        min(ranked.seconds) filter (where ranked.up_to > floor(ranked.place_p95)) as p95_below,
        min(ranked.seconds) filter (where ranked.up_to > ceil(ranked.place_p95)) as p95_above,
        max(ranked.place_p95 - floor(ranked.place_p95)) as p95_share
    from ranked
    group by ranked.repo, ranked.grain, ranked.period, ranked.measure
), percentiles as (
    select
        neighbours.*,
        neighbours.p50_below + (neighbours.p50_above - neighbours.p50_below) * neighbours.p50_share as p50_seconds,
        neighbours.p95_below + (neighbours.p95_above - neighbours.p95_below) * neighbours.p95_share as p95_seconds
    from neighbours
)
select
    percentiles.repo,
    percentiles.grain,
    percentiles.period,
    cast(
        coalesce(max(percentiles.total) filter (where percentiles.measure = 'duration'), 0) as bigint
    ) as timed_attempts,
    max(percentiles.p50_seconds) filter (where percentiles.measure = 'duration') as duration_p50_seconds,
    max(percentiles.p95_seconds) filter (where percentiles.measure = 'duration') as duration_p95_seconds,
    cast(coalesce(max(percentiles.total) filter (where percentiles.measure = 'queue'), 0) as bigint) as queued_jobs,
    max(percentiles.p50_seconds) filter (where percentiles.measure = 'queue') as queue_p50_seconds,
    max(percentiles.p95_seconds) filter (where percentiles.measure = 'queue') as queue_p95_seconds,
    case when percentiles.grain <> 'day' then coalesce(bool_or(coverage.is_complete), false) end as is_complete,
    max(coverage.first_whole_day) as first_whole_day,
    max(coverage.last_whole_day) as last_whole_day
from percentiles
left join marts.period_coverage as coverage
    on coverage.repo = percentiles.repo
    and coverage.grain = percentiles.grain
    and coverage.period = percentiles.period
group by percentiles.repo, percentiles.grain, percentiles.period
