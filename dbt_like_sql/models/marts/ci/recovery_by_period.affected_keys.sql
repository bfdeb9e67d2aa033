select 'week' as grain, changed.week as period, date_trunc('week', changed.started_at) as since
from changes.red_episodes as changed
union
select
    'quarter',
    strftime(changed.started_at, '%Y') || '-Q' || quarter(changed.started_at),
    date_trunc('quarter', changed.started_at)
from changes.red_episodes as changed
union
select changed.grain, changed.period, changed.period_start
from changes.period_coverage as changed
where changed.grain <> 'month'
