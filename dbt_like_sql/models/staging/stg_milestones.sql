-- Milestones; what GitHub did not count (dumps) is counted from the issues and pull requests at hand.
with items as (
    select issues.repo, issues.milestone_number as number, issues.state
    from raw.issues as issues
    where issues.milestone_number is not null
    union all
    select pull_requests.repo, pull_requests.milestone_number, pull_requests.state
    from raw.pull_requests as pull_requests
    where pull_requests.milestone_number is not null
), counted as (
    select
        items.repo,
        items.number,
        count(*) filter (where items.state = 'open') as open_items,
        count(*) filter (where items.state = 'closed') as closed_items
    from items
    group by items.repo, items.number
)
select
    milestones.repo,
    milestones.number,
    milestones.node_id,
    milestones.title as milestone,
    coalesce(lower(milestones.state), 'open') as state,
    milestones.description,
    milestones.payload -> 'creator' ->> 'login' as creator,
    -- GitHub stores a day as some hour of it: only the date means anything.
    cast(milestones.due_on as date) as due_date,
    cast(coalesce(milestones.open_issues, counted.open_items, 0) as bigint) as open_items,
    cast(coalesce(milestones.closed_issues, counted.closed_items, 0) as bigint) as closed_items,
    milestones.created_at,
    milestones.updated_at,
    milestones.closed_at,
    coalesce(
        milestones.html_url,
        'https://github.com/' || milestones.repo || '/milestone/' || milestones.number
    ) as html_url
from raw.milestones as milestones
left join counted on counted.repo = milestones.repo and counted.number = milestones.number
