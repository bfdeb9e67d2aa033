select changed.week from changes.ci_failures as changed where changed.week is not null
union
select changed.period from changes.period_coverage as changed where changed.grain = 'week'
