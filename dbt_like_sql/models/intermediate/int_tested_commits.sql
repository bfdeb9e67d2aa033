-- Commits that were tested, by the branch they were tested on: who made them and when they first appeared there.
select
    r.repo,
    r.head_repo,
    r.branch,
    r.head_sha,
    min(r.created_at) as first_seen_at,
    min(r.commit_by) as commit_by,  -- in doubt (events name different actors) the more automatic one
    min(r.actor) as actor,
    max(r.head_commit_message) as message
from staging.stg_workflow_runs as r
where r.head_repo is not null and r.branch is not null and r.head_sha is not null and r.created_at is not null
group by r.repo, r.head_repo, r.branch, r.head_sha
