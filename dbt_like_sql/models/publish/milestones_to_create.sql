-- Milestones that labels of open pull requests ask for where their repositories have none: none unless configured.
with asked as (
    select
        matches.repo,
        matches.number,
        matches.label_title,
        trim(regexp_replace(lower(matches.label_title), '[^\p{L}\p{N}]+', ' ', 'g')) as title_key
    from derived.pull_request_milestones as matches
    inner join staging.stg_pull_requests as pull_requests
        on pull_requests.repo = matches.repo and pull_requests.number = matches.number
    cross join config.parameters as parameters
    where matches.label_title is not null
        and pull_requests.state = 'open'
        and parameters.milestones_create_from_labels
)
select
    asked.repo,
    -- Of several spellings that of the oldest pull request.
    min_by(asked.label_title, asked.number) as title,
    list(asked.number order by asked.number) as pull_request_numbers
from asked
where asked.title_key <> ''
group by asked.repo, asked.title_key
