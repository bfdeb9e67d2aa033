-- Job time of each day by workflow, milestone, runner and bucket of waste: small enough to be priced and summed anew in
-- each build.
select
    jobs.repo,
    jobs.day,
    jobs.week,
    jobs.workflow_path,
    jobs.milestone,
    jobs.runner,
    jobs.bucket,
    count(*) as job_attempts,
    cast(coalesce(sum(jobs.seconds), 0) as bigint) as seconds,
    cast(sum(jobs.billed_minutes) as bigint) as billed_minutes
from intermediate.int_job_times as jobs
where not jobs.is_carried_over
group by jobs.repo, jobs.day, jobs.week, jobs.workflow_path, jobs.milestone, jobs.runner, jobs.bucket
