-- Automatic repairs by the week and quarter of the failing run: how sure their success rate is, and how many lasted.
with periods as (
    select a.repo, 'week' as grain, a.week as period, a.outcome, a.is_durable
    from marts.autofix_attempts as a
    where a.day is not null
    union all
    select a.repo, 'quarter', strftime(a.day, '%Y') || '-Q' || quarter(a.day), a.outcome, a.is_durable
    from marts.autofix_attempts as a
    where a.day is not null
), counted as (
    select
        coalesce(p.repo, '*') as repo,
        p.grain,
        p.period,
        count(*) as attempts,
        count(*) filter (where p.outcome = 'fixed') as fixed,
        count(*) filter (where p.outcome in ('fixed', 'failed')) as judged,
        count(*) filter (where p.is_durable) as durable,
        count(*) filter (where not p.is_durable) as returned
    from periods as p
    group by grouping sets ((p.repo, p.grain, p.period), (p.grain, p.period))
), rates as (
    select c.*, c.fixed / nullif(c.judged, 0) as success_rate, 1.96 as z from counted as c
), intervals as (
    -- Wilson score interval.
    select
        r.*,
        (r.success_rate + r.z * r.z / (2 * r.judged)) / (1 + r.z * r.z / r.judged) as centre,
        r.z * sqrt(r.success_rate * (1 - r.success_rate) / r.judged + r.z * r.z / (4.0 * r.judged * r.judged))
        / (1 + r.z * r.z / r.judged) as half
    from rates as r
)
select
    i.repo,
    i.grain,
    i.period,
    i.attempts,
    i.fixed,
    i.judged,
    i.success_rate,
    -- greatest() and least() pass over NULL: without a judged repair there is no interval.
    case when i.judged > 0 then greatest(i.centre - i.half, 0.0) end as success_rate_low,
    case when i.judged > 0 then least(i.centre + i.half, 1.0) end as success_rate_high,
    i.durable,
    i.returned,
    coalesce(p.is_complete, false) as is_complete,
    p.first_whole_day,
    p.last_whole_day
from intervals as i
left join marts.period_coverage as p on p.repo = i.repo and p.grain = i.grain and p.period = i.period
