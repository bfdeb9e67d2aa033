-- The sticky comment that each open pull request should have on which people can comment, and whether it is worth a new
-- one: nobody needs to hear that nothing is wrong, unless it was wished for.
select
    comments.repo,
    comments.number,
    pull_requests.head_sha,
    comments.body,
    -- What an older version rendered has one text only.
    coalesce(comments.body_when_new, comments.body) as body_when_new,
    parameters.comments_create = 'always'
    -- What waits for people for days (an approval, a runner) will not be over soon.
    and coalesce(comments.going_since < parameters.as_of - interval 3 day, true)
    and case comments.state
        when 'green'
            then parameters.comments_when_green = 'always'
                or (parameters.comments_when_green = 'milestone' and pull_requests.milestone is not null)
        else coalesce(comments.state = 'red', false)
    end as may_create
from derived.pull_request_comments as comments
cross join config.parameters as parameters
inner join staging.stg_pull_requests as pull_requests
    on pull_requests.repo = comments.repo
    and pull_requests.number = comments.number
left join raw.repositories as repositories on repositories.repo = comments.repo
where pull_requests.state = 'open' and not pull_requests.is_locked and repositories.is_archived is distinct from true
