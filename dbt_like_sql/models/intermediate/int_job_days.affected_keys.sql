-- What became of a run may change without its jobs.
with days as (
    select changed.day from changes.ci_jobs as changed
    union
    select jobs.day from marts.ci_jobs as jobs semi join changes.ci_runs as changed on changed.run_id = jobs.run_id
)
select days.day, cast(days.day as timestamp) as since from days where days.day is not null
