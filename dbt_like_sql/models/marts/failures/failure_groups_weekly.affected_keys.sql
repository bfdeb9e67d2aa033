-- A failure that turns out to be older is so in all its weeks.
with older as (
    select c.fingerprint
    from changes.int_failure_groups as c
    group by c.repo, c.fingerprint
    having count(distinct c.first_seen_at) > 1 or count(*) = 1
)
select c.repo, c.week, c.fingerprint
from changes.ci_failures as c
where c.week is not null and c.fingerprint is not null
union
select g.repo, g.week, g.fingerprint
from marts.failure_groups_weekly as g
semi join older as o on o.fingerprint = g.fingerprint
union
select g.repo, g.week, g.fingerprint
from marts.failure_groups_weekly as g
semi join changes.period_coverage as c on c.repo = g.repo and c.grain = 'week' and c.period = g.week
