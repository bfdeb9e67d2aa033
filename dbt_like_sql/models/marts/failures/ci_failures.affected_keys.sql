-- A job that passes makes failures of its commit flaky; a failure of the default branch speaks for failures of
-- runs created after it, up to its next result.
with passes as (
    select c.* from changes.ci_jobs as c where c.outcome = 'pass'
)
select c.run_id from changes.ci_jobs as c where c.outcome = 'fail'
union
select c.run_id from changes.failure_verdicts as c
union
select f.run_id
from marts.ci_failures as f
semi join passes as p
    on p.repo = f.repo and p.head_sha = f.head_sha and p.workflow_path = f.workflow_path and p.job_name = f.job_name
union
select f.run_id
from marts.ci_failures as f
inner join changes.int_default_branch_failures as d
    on d.repo = f.repo and d.workflow_path = f.workflow_path and d.job_name = f.job_name
where f.run_created_at > d.completed_at and coalesce(f.run_created_at <= d.next_result_at, true)
