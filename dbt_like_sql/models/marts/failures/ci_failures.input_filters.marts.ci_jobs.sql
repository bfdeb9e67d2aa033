-- Each part is read by time or by run, which an "or" would not be.
with failing as (
    select jobs.*
    from marts.ci_jobs as jobs
    semi join affected.keys as affected on affected.run_id = jobs.run_id
    where jobs.outcome = 'fail'
), same_commit as materialized (
    select runs.run_id from marts.ci_runs as runs semi join failing on failing.head_sha = runs.head_sha
    union
    select jobs.run_id
    from marts.ci_jobs as jobs
    semi join failing on failing.head_sha = jobs.head_sha
    where jobs.event is null
)
select jobs.* from marts.ci_jobs as jobs semi join affected.keys as affected on affected.run_id = jobs.run_id
union all
select jobs.*
from marts.ci_jobs as jobs
semi join same_commit on same_commit.run_id = jobs.run_id
anti join affected.keys as affected on affected.run_id = jobs.run_id
where jobs.outcome = 'pass' and jobs.run_id >= (select min(earliest.run_id) from same_commit as earliest)
