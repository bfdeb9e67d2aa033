-- The sticky comment that each open pull request should have.
select
    c.repo,
    c.number,
    p.head_sha,
    c.body
from derived.pull_request_comments as c
inner join staging.stg_pull_requests as p on p.repo = c.repo and p.number = c.number
where p.state = 'open'
