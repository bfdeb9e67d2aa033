-- Each part is read by time or by run, which an "or" would not be.
with failing as (
    select j.*
    from marts.ci_jobs as j
    semi join touched.keys as k on k.run_id = j.run_id
    where j.outcome = 'fail'
), same_commit as materialized (
    select r.run_id from marts.ci_runs as r semi join failing as f on f.head_sha = r.head_sha
    union
    select o.run_id
    from marts.ci_jobs as o
    semi join failing as f on f.head_sha = o.head_sha
    where o.event is null
)
select j.* from marts.ci_jobs as j semi join touched.keys as k on k.run_id = j.run_id
union all
select p.*
from marts.ci_jobs as p
semi join same_commit as s on s.run_id = p.run_id
anti join touched.keys as k on k.run_id = p.run_id
where p.outcome = 'pass' and p.run_id >= (select min(s.run_id) from same_commit as s)
