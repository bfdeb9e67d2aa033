-- GitHub's milestones, open and closed, as the roadmap shows them.
with titled as (
    select
        milestones.*,
        count(*) over (partition by milestones.milestone) as same_title
    from staging.stg_milestones as milestones
), related as (
    -- The latest merged pull request tells what was done; before the first merge the latest open one what is coming.
    select pull_requests.repo, pull_requests.milestone, pull_requests.number, pull_requests.html_url
    from staging.stg_pull_requests as pull_requests
    where pull_requests.milestone is not null and (pull_requests.merged_at is not null or pull_requests.state = 'open')
    qualify row_number() over (
            partition by pull_requests.repo, pull_requests.milestone
            order by
                pull_requests.merged_at desc nulls last,
                pull_requests.created_at desc nulls last,
                pull_requests.number desc
        ) = 1
), candidates as (
    -- Ours bears our marker and is no item of the milestone; people's is one.
    select
        milestones.repo,
        milestones.number as milestone_number,
        issues.number,
        issues.labels,
        issues.html_url,
        true as is_ours
    from staging.stg_milestones as milestones
    inner join staging.stg_issues as issues
        on issues.repo = milestones.repo
        and issues.tracks_milestone = milestones.node_id
    where issues.is_duplicate is not true
    union all
    select issues.repo, issues.milestone_number, issues.number, issues.labels, issues.html_url, false
    from staging.stg_issues as issues
    where
        issues.milestone_number is not null
        and issues.tracks_milestone is null
        and issues.is_duplicate is not true
        and list_contains(issues.labels, 'tracking')
), tracking as (
    -- Anybody can copy a marker into an issue of their own, but not label it.
    select candidates.repo, candidates.milestone_number, candidates.number, candidates.labels, candidates.html_url
    from candidates
    qualify row_number() over (
            partition by candidates.repo, candidates.milestone_number
            order by
                candidates.is_ours desc,
                list_contains(candidates.labels, 'tracking') desc,
                candidates.number
        ) = 1
), labelled as (
    select
        tracking.*,
        list_transform(
            list_filter(tracking.labels, lambda label: starts_with(label, 'status:')),
            lambda label: replace(trim(substr(label, 8)), '-', ' ')
        ) as statuses
    from tracking
)
select
    titled.repo,
    titled.number,
    titled.node_id,
    titled.milestone,
    case
        when titled.same_title > 1 then titled.milestone || ' · ' || titled.repo
        else titled.milestone
    end as notion_title,
    titled.state,
    case
        when titled.state = 'closed' then 'Completed'
        when list_contains(labelled.statuses, 'blocked') then 'Blocked'
        when list_contains(labelled.statuses, 'in progress') then 'In Progress'
        when list_contains(labelled.statuses, 'planned') then 'Planned'
        when titled.closed_items > 0 then 'In Progress'
        else 'Planned'
    end as status,
    titled.description,
    titled.due_date,
    titled.open_items,
    titled.closed_items,
    titled.created_at,
    titled.updated_at,
    titled.closed_at,
    titled.html_url,
    labelled.number as tracking_issue_number,
    labelled.html_url as tracking_issue_url,
    related.number as related_pr_number,
    related.html_url as related_pr_url
from titled
left join related on related.repo = titled.repo and related.milestone = titled.milestone
left join labelled on labelled.repo = titled.repo and labelled.milestone_number = titled.number
