-- Issues and pull requests as the history of milestones needs them. Tracking issues describe a milestone, ours as those
-- of people, which become ours: they are no work in it.
select
    issues.repo,
    issues.number as item_number,
    false as is_pull_request,
    coalesce(issues.state = 'closed', issues.closed_at is not null) as is_closed,
    issues.milestone_number,
    issues.labels,
    coalesce(issues.created_at, issues.closed_at, issues.updated_at) as opened_at,
    issues.closed_at,
    coalesce(issues.updated_at, issues.closed_at, issues.created_at) as updated_at
from staging.stg_issues as issues
-- Numbers are given once: in dumps that list a pull request as an issue, too, it is a pull request.
anti join staging.stg_pull_requests as pull_requests
    on pull_requests.repo = issues.repo and pull_requests.number = issues.number
where issues.tracks_milestone is null
-- People's own tracking issue gets our marker with the first sync; what is counted must not change by that.
    and not list_contains(coalesce(issues.labels, []), 'tracking')
union all
select
    pull_requests.repo,
    pull_requests.number,
    true,
    coalesce(pull_requests.state = 'closed', pull_requests.closed_at is not null),
    pull_requests.milestone_number,
    list_transform(pull_requests.labels, lambda label: lower(trim(label))),
    coalesce(pull_requests.created_at, pull_requests.closed_at, pull_requests.updated_at),
    pull_requests.closed_at,
    coalesce(pull_requests.updated_at, pull_requests.closed_at, pull_requests.created_at)
from staging.stg_pull_requests as pull_requests
