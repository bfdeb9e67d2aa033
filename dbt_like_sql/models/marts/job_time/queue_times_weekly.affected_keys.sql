select c.week from changes.ci_jobs as c where c.week is not null
union
select c.period from changes.period_coverage as c where c.grain = 'week'
