-- Commits that were tested, by the branch they were tested on: who made them and when they first appeared there.
select
    runs.repo,
    runs.head_repo,
    runs.branch,
    runs.head_sha,
    min(runs.created_at) as first_seen_at,
    min(runs.commit_by) as commit_by,  -- in doubt (events name different actors) the more automatic one
    min(runs.actor) as actor,
    max(runs.head_commit_message) as message
from staging.stg_workflow_runs as runs
where runs.head_repo is not null
    and runs.branch is not null
    and runs.head_sha is not null
    and runs.created_at is not null
group by runs.repo, runs.head_repo, runs.branch, runs.head_sha
