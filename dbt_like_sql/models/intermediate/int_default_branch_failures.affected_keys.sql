-- What a job's result changes goes back to where the job last turned red before it.
with results as (
    select c.repo, c.workflow_path, c.job_name, c.is_default_branch, c.outcome, c.completed_at
    from changes.ci_jobs as c
    union all
    select j.repo, j.workflow_path, j.job_name, j.is_default_branch, j.outcome, j.completed_at
    from marts.ci_jobs as j
    semi join changes.failure_verdicts as c on c.run_id = j.run_id
), jobs as (
    select r.repo, r.workflow_path, r.job_name, min(r.completed_at) as changed_at
    from results as r
    where r.is_default_branch and r.outcome in ('pass', 'fail') and r.completed_at is not null
    group by r.repo, r.workflow_path, r.job_name
)
select j.repo, j.workflow_path, j.job_name, least(j.changed_at, min(f.red_since_at)) as since
from jobs as j
left join intermediate.int_default_branch_failures as f
    on f.repo = j.repo
    and f.workflow_path = j.workflow_path
    and f.job_name = j.job_name
    and coalesce(f.next_result_at >= j.changed_at, true)
group by j.repo, j.workflow_path, j.job_name, j.changed_at
