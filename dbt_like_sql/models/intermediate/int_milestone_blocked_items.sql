-- When items of milestones were blocked: bore a label that says so while they were in the milestone and open. The label
-- of the tracking issue speaks for the milestone itself.
with blocking as (
    select risks.blocked_labels
    from config.risks as risks
), members as (
    select
        items.repo,
        items.number,
        items.item_number,
        items.is_pull_request,
        items.entered_at,
        least(items.left_at, items.closed_at) as gone_at
    from intermediate.int_milestone_items as items
    union all
    select
        milestones.repo,
        milestones.number,
        milestones.tracking_issue_number,
        false,
        issues.created_at,
        case when issues.state = 'closed' then issues.closed_at end
    from marts.milestones as milestones
    inner join staging.stg_issues as issues
        on issues.repo = milestones.repo and issues.number = milestones.tracking_issue_number
), labelled as (
    select
        events.repo,
        events.item_number,
        events.event = 'labeled' as is_set,
        lower(trim(events.label)) as label,
        events.created_at as labelled_at,
        events.event_id
    from staging.stg_issue_events as events
    where events.event in ('labeled', 'unlabeled') and events.label is not null
), spans as (
    select
        labelled.repo,
        labelled.item_number,
        labelled.label,
        labelled.is_set,
        labelled.labelled_at as since,
        lead(labelled.labelled_at) over (
            partition by labelled.repo, labelled.item_number, labelled.label
            order by labelled.labelled_at, labelled.event_id
        ) as until
    from labelled
), worn as (
    select
        items.repo,
        items.item_number,
        list_transform(coalesce(items.labels, []), lambda label: lower(trim(label))) as labels,
        items.updated_at
    from intermediate.int_milestone_candidates as items
    union all
    select issues.repo, issues.number, issues.labels, issues.updated_at
    from staging.stg_issues as issues
    semi join marts.milestones as milestones
        on milestones.repo = issues.repo and milestones.tracking_issue_number = issues.number
    anti join intermediate.int_milestone_candidates as items
        on items.repo = issues.repo and items.item_number = issues.number
), told as (
    select
        spans.repo,
        spans.item_number,
        spans.label,
        spans.since,
        -- The last event says it is there, the item itself that it isn't: it was taken off since.
        case
            when spans.until is null and not list_contains(worn.labels, spans.label) then worn.updated_at
            else spans.until
        end as until
    from spans
    inner join worn on worn.repo = spans.repo and worn.item_number = spans.item_number
    where spans.is_set
), untold as (
    -- What no event tells (dumps) is known from the last change of the item on.
    select worn.repo, worn.item_number, unnest(worn.labels) as label, worn.updated_at as since
    from worn
), every_span as (
    select told.* from told
    union all
    select untold.repo, untold.item_number, untold.label, untold.since, null
    from untold
    anti join labelled
        on labelled.repo = untold.repo and labelled.item_number = untold.item_number and labelled.label = untold.label
), stopping as (
    select every_span.*
    from every_span
    cross join blocking
    where list_contains(blocking.blocked_labels, every_span.label)
        or (
            starts_with(every_span.label, 'status:')
            and replace(trim(substr(every_span.label, 8)), '-', ' ') = 'blocked'
        )
)
select distinct
    members.repo,
    members.number,
    members.item_number,
    members.is_pull_request,
    greatest(members.entered_at, stopping.since) as blocked_from,
    least(members.gone_at, stopping.until) as blocked_until
from members
inner join stopping on stopping.repo = members.repo and stopping.item_number = members.item_number
where coalesce(greatest(members.entered_at, stopping.since) < least(members.gone_at, stopping.until), true)
