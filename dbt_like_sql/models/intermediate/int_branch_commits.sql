-- Commits on branches of pull requests that were read one by one, whether a run tested them or not, with their parents.
with bots as (
    -- A commit carries the bot's name with or without its suffix; a login is exact.
    select
        coalesce(list(lower(bots.login)), []) as logins,
        coalesce(list(lower(bots.login)) || list(replace(lower(bots.login), '[bot]', '')), []) as names
    from config.autofix_bots as bots
), placed as (
    select commits.repo, commits.sha, unnest(commits.pull_request_numbers) as number from raw.commits as commits
    union
    -- A dump may hold a commit without the list it stood in: the latest one of a pull request says so itself.
    select commits.repo, commits.sha, pull_requests.number
    from raw.commits as commits
    inner join staging.stg_pull_requests as pull_requests
        on pull_requests.repo = commits.repo
        and pull_requests.head_sha = commits.sha
), branches as (
    select
        pull_requests.repo,
        pull_requests.head_repo,
        pull_requests.head_branch as branch,
        placed.sha,
        min(pull_requests.number) as pull_request_number
    from placed
    inner join staging.stg_pull_requests as pull_requests
        on pull_requests.repo = placed.repo
        and pull_requests.number = placed.number
    where pull_requests.head_repo is not null and pull_requests.head_branch is not null
    group by pull_requests.repo, pull_requests.head_repo, pull_requests.head_branch, placed.sha
), tested as (
    select commits.repo, commits.sha
    from raw.commits as commits
    semi join staging.stg_workflow_runs as runs on runs.repo = commits.repo and runs.head_sha = commits.sha
), judged as (
    select
        commits.*,
        coalesce(
            list_contains(bots.logins, lower(commits.author)) or list_contains(bots.names, lower(commits.author_name)),
            false
        ) as is_authored,
        coalesce(
            list_contains(bots.logins, lower(commits.committer))
            or list_contains(bots.names, lower(commits.committer_name)),
            false
        ) as is_committed
    from raw.commits as commits
    cross join bots
)
select
    branches.repo,
    branches.head_repo,
    branches.branch,
    branches.sha as head_sha,
    branches.pull_request_number,
    judged.parents,
    coalesce(judged.committed_at, judged.authored_at) as committed_at,
    case
        when judged.is_authored or judged.is_committed then 'autofix_bot'
        -- A commit that declares itself a repair is the automation's, whoever's name it bears.
        when regexp_matches(judged.message, '(?im)^auto-fix-for:\s*\d+') then 'autofix_bot'
        when judged.author_type = 'Bot' or ends_with(coalesce(judged.author, judged.author_name), '[bot]') then 'bot'
        when coalesce(
                judged.author,
                judged.author_name,
                judged.committer,
                judged.committer_name
            ) is not null then 'human'
    end as commit_by,
    case
        when judged.is_committed and not judged.is_authored then coalesce(judged.committer, judged.committer_name)
        else coalesce(judged.author, judged.author_name)
    end as actor,
    judged.message,
    tested.sha is not null as is_tested
from branches
inner join judged on judged.repo = branches.repo and judged.sha = branches.sha
left join tested on tested.repo = branches.repo and tested.sha = branches.sha
