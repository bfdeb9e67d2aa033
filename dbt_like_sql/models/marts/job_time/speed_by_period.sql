-- How long runs take, and how long jobs wait for a runner, by the day, week and quarter the run was created in.
-- Percentiles don't add up: those of each period and of all repositories together ('*') come from all its values.
with periods as (
    select s.repo, 'day' as grain, cast(s.day as varchar) as period, s.measure, s.seconds, s.occurrences
    from intermediate.int_speed_days as s
    union all
    select s.repo, 'week', strftime(s.day, '%G-W%V'), s.measure, s.seconds, s.occurrences
    from intermediate.int_speed_days as s
    union all
    select s.repo, 'quarter', strftime(s.day, '%Y') || '-Q' || quarter(s.day), s.measure, s.seconds, s.occurrences
    from intermediate.int_speed_days as s
), counted as (
    select
        coalesce(p.repo, '*') as repo, p.grain, p.period, p.measure, p.seconds, sum(p.occurrences) as occurrences
    from periods as p
    group by grouping sets (
        (p.repo, p.grain, p.period, p.measure, p.seconds), (p.grain, p.period, p.measure, p.seconds)
    )
), ranked as (
    select
        c.*,
        sum(c.occurrences) over (whole order by c.seconds) as up_to,
        sum(c.occurrences) over whole as total,
        0.5 * (sum(c.occurrences) over whole - 1) as place_p50,
        0.95 * (sum(c.occurrences) over whole - 1) as place_p95
    from counted as c
    window whole as (partition by c.repo, c.grain, c.period, c.measure)
), neighbours as (
    -- Between the two values next to its place, as quantile_cont() does.
    select
        r.repo,
        r.grain,
        r.period,
        r.measure,
        max(r.total) as total,
        min(r.seconds) filter (where r.up_to > floor(r.place_p50)) as p50_below,
        min(r.seconds) filter (where r.up_to > ceil(r.place_p50)) as p50_above,
        max(r.place_p50 - floor(r.place_p50)) as p50_share,
        min(r.seconds) filter (where r.up_to > floor(r.place_p95)) as p95_below,
        min(r.seconds) filter (where r.up_to > ceil(r.place_p95)) as p95_above,
        max(r.place_p95 - floor(r.place_p95)) as p95_share
    from ranked as r
    group by r.repo, r.grain, r.period, r.measure
), percentiles as (
    select
        n.*,
        n.p50_below + (n.p50_above - n.p50_below) * n.p50_share as p50_seconds,
        n.p95_below + (n.p95_above - n.p95_below) * n.p95_share as p95_seconds
    from neighbours as n
)
select
    p.repo,
    p.grain,
    p.period,
    cast(coalesce(max(p.total) filter (where p.measure = 'duration'), 0) as bigint) as timed_attempts,
    max(p.p50_seconds) filter (where p.measure = 'duration') as duration_p50_seconds,
    max(p.p95_seconds) filter (where p.measure = 'duration') as duration_p95_seconds,
    cast(coalesce(max(p.total) filter (where p.measure = 'queue'), 0) as bigint) as queued_jobs,
    max(p.p50_seconds) filter (where p.measure = 'queue') as queue_p50_seconds,
    max(p.p95_seconds) filter (where p.measure = 'queue') as queue_p95_seconds,
    case when p.grain <> 'day' then coalesce(bool_or(c.is_complete), false) end as is_complete,
    max(c.first_whole_day) as first_whole_day,
    max(c.last_whole_day) as last_whole_day
from percentiles as p
left join marts.period_coverage as c on c.repo = p.repo and c.grain = p.grain and c.period = p.period
group by p.repo, p.grain, p.period
