-- What became of a run may change without its jobs.
with days as (
    select c.day from changes.ci_jobs as c
    union
    select j.day from marts.ci_jobs as j semi join changes.ci_runs as c on c.run_id = j.run_id
)
select d.day, cast(d.day as timestamp) as since from days as d where d.day is not null
