-- What a job's result changes goes back to where the job last turned red before it.
with results as (
    select
        changed.repo,
        changed.workflow_path,
        changed.job_name,
        changed.is_default_branch,
        changed.outcome,
        changed.completed_at
    from changes.ci_jobs as changed
    union all
    select jobs.repo, jobs.workflow_path, jobs.job_name, jobs.is_default_branch, jobs.outcome, jobs.completed_at
    from marts.ci_jobs as jobs
    semi join changes.failure_verdicts as changed on changed.run_id = jobs.run_id
), jobs as (
    select results.repo, results.workflow_path, results.job_name, min(results.completed_at) as changed_at
    from results
    where results.is_default_branch and results.outcome in ('pass', 'fail') and results.completed_at is not null
    group by results.repo, results.workflow_path, results.job_name
)
select jobs.repo, jobs.workflow_path, jobs.job_name, least(jobs.changed_at, min(default_branch.red_since_at)) as since
from jobs
left join intermediate.int_default_branch_failures as default_branch
    on default_branch.repo = jobs.repo
    and default_branch.workflow_path = jobs.workflow_path
    and default_branch.job_name = jobs.job_name
    and coalesce(default_branch.next_result_at >= jobs.changed_at, true)
group by jobs.repo, jobs.workflow_path, jobs.job_name, jobs.changed_at
