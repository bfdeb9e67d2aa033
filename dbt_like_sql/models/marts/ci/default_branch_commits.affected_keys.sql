-- No run of a commit is older than the commit's first.
with runs as (
    select changed.run_id from changes.ci_runs as changed
    union
    select changed.run_id from changes.ci_jobs as changed
    union
    select changed.run_id from changes.ci_failures as changed
), attempts as (
    select changed.repo, changed.head_sha, changed.created_at
    from changes.ci_runs as changed
    where changed.is_default_branch and changed.head_sha is not null
    union all
    select runs.repo, runs.head_sha, runs.created_at
    from marts.ci_runs as runs
    semi join runs as others on others.run_id = runs.run_id
    where runs.is_default_branch and runs.head_sha is not null
)
select
    attempts.repo,
    attempts.head_sha,
    least(min(attempts.created_at), min(default_branch_commits.created_at)) as since
from attempts
left join marts.default_branch_commits as default_branch_commits
    on default_branch_commits.repo = attempts.repo
    and default_branch_commits.head_sha = attempts.head_sha
group by attempts.repo, attempts.head_sha
