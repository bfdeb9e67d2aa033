select 'week' as grain, c.week as period, date_trunc('week', c.started_at) as since
from changes.red_episodes as c
union
select
    'quarter',
    strftime(c.started_at, '%Y') || '-Q' || quarter(c.started_at),
    date_trunc('quarter', c.started_at)
from changes.red_episodes as c
union
select c.grain, c.period, c.period_start
from changes.period_coverage as c
where c.grain <> 'month'
