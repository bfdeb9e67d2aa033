-- A job that passes makes failures of its commit flaky; a failure of the default branch speaks for failures of
-- runs created after it, up to its next result.
with passes as (
    select changed.* from changes.ci_jobs as changed where changed.outcome = 'pass'
)
select changed.run_id from changes.ci_jobs as changed where changed.outcome = 'fail'
union
select changed.run_id from changes.failure_verdicts as changed
union
select failures.run_id
from marts.ci_failures as failures
semi join passes
    on passes.repo = failures.repo and passes.head_sha = failures.head_sha and passes.workflow_path
    = failures.workflow_path and passes.job_name = failures.job_name
union
select failures.run_id
from marts.ci_failures as failures
inner join changes.int_default_branch_failures as changed
    on changed.repo = failures.repo and changed.workflow_path = failures.workflow_path and changed.job_name
    = failures.job_name
where failures.run_created_at > changed.completed_at
    and coalesce(failures.run_created_at <= changed.next_result_at, true)
