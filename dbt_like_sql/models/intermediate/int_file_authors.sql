-- The person who last changed a file: the author of the latest merged pull request that touches it.
with files as (
    select
        pull_requests.repo,
        unnest(pull_requests.changed_files) as file,
        pull_requests.author,
        pull_requests.html_url,
        pull_requests.merged_at,
        pull_requests.number
    from staging.stg_pull_requests as pull_requests
    where pull_requests.merged_at is not null and pull_requests.author is not null and not pull_requests.is_by_bot
)
select
    files.repo,
    files.file,
    arg_max(files.author, (files.merged_at, files.number)) as author,
    arg_max(files.html_url, (files.merged_at, files.number)) as html_url
from files
group by files.repo, files.file
