-- GitHub's milestones, open and closed, as the roadmap shows them.
with titled as (
    select
        m.*,
        count(*) over (partition by m.milestone) as same_title
    from staging.stg_milestones as m
), related as (
    -- The latest merged pull request tells what was done; before the first merge the latest open one what is coming.
    select p.repo, p.milestone, p.number, p.html_url
    from staging.stg_pull_requests as p
    where p.milestone is not null and (p.merged_at is not null or p.state = 'open')
    qualify row_number() over (
        partition by p.repo, p.milestone
        order by p.merged_at desc nulls last, p.created_at desc nulls last, p.number desc
    ) = 1
), tracking as (
    select i.repo, i.milestone_number, i.number, i.labels, i.html_url
    from staging.stg_issues as i
    where i.milestone_number is not null and list_contains(i.labels, 'tracking')
    qualify row_number() over (partition by i.repo, i.milestone_number order by i.number) = 1
), labelled as (
    select
        t.*,
        list_transform(
            list_filter(t.labels, lambda label: starts_with(label, 'status:')),
            lambda label: replace(trim(substr(label, 8)), '-', ' ')
        ) as statuses
    from tracking as t
)
select
    m.repo,
    m.number,
    m.milestone,
    case when m.same_title > 1 then m.milestone || ' · ' || m.repo else m.milestone end as notion_title,
    m.state,
    case
        when m.state = 'closed' then 'Completed'
        when list_contains(t.statuses, 'blocked') then 'Blocked'
        when list_contains(t.statuses, 'in progress') then 'In Progress'
        when list_contains(t.statuses, 'planned') then 'Planned'
        when m.closed_items > 0 then 'In Progress'
        else 'Planned'
    end as status,
    m.description,
    m.due_date,
    m.open_items,
    m.closed_items,
    m.created_at,
    m.updated_at,
    m.closed_at,
    m.html_url,
    t.number as tracking_issue_number,
    t.html_url as tracking_issue_url,
    r.number as related_pr_number,
    r.html_url as related_pr_url
from titled as m
left join related as r on r.repo = m.repo and r.milestone = m.milestone
left join labelled as t on t.repo = m.repo and t.milestone_number = m.number
