-- The sticky comment that each open pull request should have on which people can comment.
select
    pull_request_comments.repo,
    pull_request_comments.number,
    pull_requests.head_sha,
    pull_request_comments.body
from derived.pull_request_comments as pull_request_comments
inner join staging.stg_pull_requests as pull_requests
    on pull_requests.repo = pull_request_comments.repo
    and pull_requests.number = pull_request_comments.number
left join raw.repositories as repositories on repositories.repo = pull_request_comments.repo
where pull_requests.state = 'open' and not pull_requests.is_locked and repositories.is_archived is distinct from true
