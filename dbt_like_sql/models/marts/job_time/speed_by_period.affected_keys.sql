select p.grain, p.period, min(least(date_trunc('week', p.day), date_trunc('quarter', p.day))) as since
from (
    select 'day' as grain, cast(c.day as varchar) as period, c.day from changes.int_speed_days as c
    union all
    select 'week', strftime(c.day, '%G-W%V'), c.day from changes.int_speed_days as c
    union all
    select 'quarter', strftime(c.day, '%Y') || '-Q' || quarter(c.day), c.day from changes.int_speed_days as c
    union all
    select c.grain, c.period, c.period_start from changes.period_coverage as c where c.grain <> 'month'
) as p
group by p.grain, p.period
