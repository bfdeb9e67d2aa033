select
    periods.grain,
    periods.period,
    min(least(date_trunc('week', periods.day), date_trunc('quarter', periods.day))) as since
from (
    select 'week' as grain, changed.week as period, changed.day from changes.ci_failures as changed
    union all
    select 'quarter', strftime(changed.day, '%Y') || '-Q' || quarter(changed.day), changed.day
    from changes.ci_failures as changed
) as periods
where periods.day is not null
group by periods.grain, periods.period
