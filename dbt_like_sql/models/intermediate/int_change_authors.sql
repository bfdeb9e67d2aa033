-- The person to ask about a commit of the default branch: the author of the pull request that it merged, else the
-- person whose push it was.
with merged as (
    select
        pull_requests.repo,
        pull_requests.merge_commit_sha as head_sha,
        arg_max(pull_requests.author, pull_requests.number) as author,
        arg_max(pull_requests.html_url, pull_requests.number) as html_url
    from staging.stg_pull_requests as pull_requests
    where pull_requests.merged_at is not null and pull_requests.author is not null and not pull_requests.is_by_bot
    group by pull_requests.repo, pull_requests.merge_commit_sha
), pushed as (
    select runs.repo, runs.head_sha, arg_min(runs.actor, runs.run_id) as author
    from marts.ci_runs as runs
    where runs.is_default_branch and runs.event = 'push' and runs.commit_by = 'human' and runs.actor is not null
        and not ends_with(runs.actor, '[bot]')
    group by runs.repo, runs.head_sha
)
select
    coalesce(merged.repo, pushed.repo) as repo,
    coalesce(merged.head_sha, pushed.head_sha) as head_sha,
    coalesce(merged.author, pushed.author) as author,
    merged.html_url
from pushed
full join merged on merged.repo = pushed.repo and merged.head_sha = pushed.head_sha
where coalesce(merged.head_sha, pushed.head_sha) is not null
