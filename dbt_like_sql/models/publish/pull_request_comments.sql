-- The sticky comment that each open pull request should have on which people can comment.
select
    c.repo,
    c.number,
    p.head_sha,
    c.body
from derived.pull_request_comments as c
inner join staging.stg_pull_requests as p on p.repo = c.repo and p.number = c.number
left join raw.repositories as r on r.repo = c.repo
where p.state = 'open' and not p.is_locked and r.is_archived is distinct from true
