-- A failure that turns out to be older is so in all its weeks.
with older as (
    select changed.fingerprint
    from changes.int_failure_groups as changed
    group by changed.repo, changed.fingerprint
    having count(distinct changed.first_seen_at) > 1 or count(*) = 1
)
select changed.repo, changed.week, changed.fingerprint
from changes.ci_failures as changed
where changed.week is not null and changed.fingerprint is not null
union
select failure_groups_weekly.repo, failure_groups_weekly.week, failure_groups_weekly.fingerprint
from marts.failure_groups_weekly as failure_groups_weekly
semi join older on older.fingerprint = failure_groups_weekly.fingerprint
union
select failure_groups_weekly.repo, failure_groups_weekly.week, failure_groups_weekly.fingerprint
from marts.failure_groups_weekly as failure_groups_weekly
semi join changes.period_coverage as changed
    on changed.repo = failure_groups_weekly.repo
    and changed.grain = 'week'
    and changed.period = failure_groups_weekly.week
