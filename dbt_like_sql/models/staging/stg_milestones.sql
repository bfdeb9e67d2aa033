-- Milestones; what GitHub did not count (dumps) is counted from the issues and pull requests at hand.
with items as (
    select i.repo, i.milestone_number as number, i.state from raw.issues as i where i.milestone_number is not null
    union all
    select p.repo, p.milestone_number, p.state from raw.pull_requests as p where p.milestone_number is not null
), counted as (
    select
        i.repo,
        i.number,
        count(*) filter (where i.state = 'open') as open_items,
        count(*) filter (where i.state = 'closed') as closed_items
    from items as i
    group by i.repo, i.number
)
select
    m.repo,
    m.number,
    m.title as milestone,
    coalesce(lower(m.state), 'open') as state,
    m.description,
    -- GitHub stores a day as some hour of it: only the date means anything.
    cast(m.due_on as date) as due_date,
    cast(coalesce(m.open_issues, c.open_items, 0) as bigint) as open_items,
    cast(coalesce(m.closed_issues, c.closed_items, 0) as bigint) as closed_items,
    m.created_at,
    m.updated_at,
    m.closed_at,
    coalesce(m.html_url, 'https://github.com/' || m.repo || '/milestone/' || m.number) as html_url
from raw.milestones as m
left join counted as c on c.repo = m.repo and c.number = m.number
