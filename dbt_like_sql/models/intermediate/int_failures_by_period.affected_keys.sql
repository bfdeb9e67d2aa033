select p.grain, p.period, min(least(date_trunc('week', p.day), date_trunc('quarter', p.day))) as since
from (
    select 'week' as grain, c.week as period, c.day from changes.ci_failures as c
    union all
    select 'quarter', strftime(c.day, '%Y') || '-Q' || quarter(c.day), c.day from changes.ci_failures as c
) as p
where p.day is not null
group by p.grain, p.period
