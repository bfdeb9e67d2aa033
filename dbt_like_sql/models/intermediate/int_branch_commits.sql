-- Commits on branches of pull requests that were read one by one, whether a run tested them or not, with their parents.
with bots as (
    -- A commit carries the bot's name with or without its suffix; a login is exact.
    select
        coalesce(list(lower(b.login)), []) as logins,
        coalesce(list(lower(b.login)) || list(replace(lower(b.login), '[bot]', '')), []) as names
    from config.autofix_bots as b
), placed as (
    select c.repo, c.sha, unnest(c.pull_request_numbers) as number from raw.commits as c
    union
    -- A dump may hold a commit without the list it stood in: the latest one of a pull request says so itself.
    select c.repo, c.sha, p.number
    from raw.commits as c
    inner join staging.stg_pull_requests as p on p.repo = c.repo and p.head_sha = c.sha
), branches as (
    select p.repo, p.head_repo, p.head_branch as branch, l.sha, min(p.number) as pull_request_number
    from placed as l
    inner join staging.stg_pull_requests as p on p.repo = l.repo and p.number = l.number
    where p.head_repo is not null and p.head_branch is not null
    group by p.repo, p.head_repo, p.head_branch, l.sha
), tested as (
    select c.repo, c.sha
    from raw.commits as c
    semi join staging.stg_workflow_runs as r on r.repo = c.repo and r.head_sha = c.sha
), judged as (
    select
        c.*,
        coalesce(
            list_contains(b.logins, lower(c.author)) or list_contains(b.names, lower(c.author_name)), false
        ) as is_authored,
        coalesce(
            list_contains(b.logins, lower(c.committer)) or list_contains(b.names, lower(c.committer_name)), false
        ) as is_committed
    from raw.commits as c
    cross join bots as b
)
select
    r.repo,
    r.head_repo,
    r.branch,
    r.sha as head_sha,
    r.pull_request_number,
    c.parents,
    coalesce(c.committed_at, c.authored_at) as committed_at,
    case
        when c.is_authored or c.is_committed then 'autofix_bot'
        -- A commit that declares itself a repair is the automation's, whoever's name it bears.
        when regexp_matches(c.message, '(?im)^auto-fix-for:\s*\d+') then 'autofix_bot'
        when c.author_type = 'Bot' or ends_with(coalesce(c.author, c.author_name), '[bot]') then 'bot'
        when coalesce(c.author, c.author_name, c.committer, c.committer_name) is not null then 'human'
    end as commit_by,
    case
        when c.is_committed and not c.is_authored then coalesce(c.committer, c.committer_name)
        else coalesce(c.author, c.author_name)
    end as actor,
    c.message,
    t.sha is not null as is_tested
from branches as r
inner join judged as c on c.repo = r.repo and c.sha = r.sha
left join tested as t on t.repo = r.repo and t.sha = r.sha
