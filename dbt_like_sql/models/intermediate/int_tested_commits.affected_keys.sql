-- No run of a commit is older than the commit's first.
select
    changed.repo, changed.head_repo, changed.branch, changed.head_sha,
    least(min(changed.created_at), min(commits.first_seen_at)) as since
from changes.stg_workflow_runs as changed
left join intermediate.int_tested_commits as commits
    on commits.repo = changed.repo and commits.head_repo = changed.head_repo and commits.branch = changed.branch
    and commits.head_sha = changed.head_sha
where changed.head_repo is not null
    and changed.branch is not null
    and changed.head_sha is not null
    and changed.created_at is not null
group by changed.repo, changed.head_repo, changed.branch, changed.head_sha
