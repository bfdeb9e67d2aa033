select
    periods.grain,
    periods.period,
    min(least(date_trunc('week', periods.day), date_trunc('quarter', periods.day))) as since
from (
    select 'day' as grain, cast(changed.day as varchar) as period, changed.day from changes.int_speed_days as changed
    union all
    select 'week', strftime(changed.day, '%G-W%V'), changed.day from changes.int_speed_days as changed
    union all
    select 'quarter', strftime(changed.day, '%Y') || '-Q' || quarter(changed.day), changed.day
    from changes.int_speed_days as changed
    union all
    select changed.grain, changed.period, changed.period_start
    from changes.period_coverage as changed
    where changed.grain <> 'month'
) as periods
group by periods.grain, periods.period
