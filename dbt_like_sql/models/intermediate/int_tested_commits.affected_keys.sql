-- No run of a commit is older than the commit's first.
select
    c.repo, c.head_repo, c.branch, c.head_sha,
    least(min(c.created_at), min(k.first_seen_at)) as since
from changes.stg_workflow_runs as c
left join intermediate.int_tested_commits as k
    on k.repo = c.repo and k.head_repo = c.head_repo and k.branch = c.branch and k.head_sha = c.head_sha
where c.head_repo is not null and c.branch is not null and c.head_sha is not null and c.created_at is not null
group by c.repo, c.head_repo, c.branch, c.head_sha
