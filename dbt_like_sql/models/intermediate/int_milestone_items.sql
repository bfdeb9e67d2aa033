-- Which issues and pull requests were in which milestone, from when to when: by their events, and by their own dates
-- where events are missing (older than the history that is read, or of a dump without events).
with moves as (
    select
        items.repo,
        items.item_number,
        items.milestone_number,
        events.milestone_title,
        events.created_at as moved_at,
        events.event_id,
        events.event = 'milestoned' as is_entry
    from intermediate.int_milestone_candidates as items
    inner join staging.stg_issue_events as events
        on events.repo = items.repo and events.item_number = items.item_number
    where events.event in ('milestoned', 'demilestoned')
), titles as (
    select milestones.repo, milestones.milestone as title, milestones.number
    from staging.stg_milestones as milestones
    union all
    -- Events keep the title of their day: where an item went last is where it is now, whatever it is called since.
    select latest.repo, latest.milestone_title, min(latest.milestone_number)
    from (
        select moves.repo, moves.milestone_title, moves.milestone_number, moves.is_entry
        from moves
        qualify row_number() over (
                partition by moves.repo, moves.item_number order by moves.moved_at desc, moves.event_id desc
            ) = 1
    ) as latest
    anti join staging.stg_milestones as milestones
        on milestones.repo = latest.repo and milestones.milestone = latest.milestone_title
    where latest.is_entry and latest.milestone_number is not null
    group by latest.repo, latest.milestone_title
    having count(distinct latest.milestone_number) = 1
), numbered as (
    -- A milestone that was deleted has no number, but what entered it had left the one before.
    select
        moves.repo,
        moves.item_number,
        titles.number,
        moves.milestone_title,
        moves.moved_at,
        moves.event_id,
        moves.is_entry
    from moves
    left join titles on titles.repo = moves.repo and titles.title = moves.milestone_title
    window by_item as (partition by moves.repo, moves.item_number order by moves.moved_at, moves.event_id)
    -- Put into the milestone that it is in: nothing changes.
    qualify not (
            moves.is_entry
            and coalesce(lag(moves.is_entry) over by_item, false)
            and coalesce(
                lag(titles.number) over by_item = titles.number,
                lag(moves.milestone_title) over by_item = moves.milestone_title,
                false
            )
        )
), placed as (
    select
        numbered.*,
        lag(numbered.moved_at) over by_item as previous_at,
        lead(case when numbered.is_entry then numbered.moved_at end ignore nulls) over by_item as next_entry_at
    from numbered
    window by_item as (
        partition by numbered.repo, numbered.item_number order by numbered.moved_at, numbered.event_id
    )
), paired as (
    select
        placed.*,
        lead(placed.is_entry) over by_milestone as next_is_entry,
        lead(placed.moved_at) over by_milestone as next_at,
        row_number() over by_milestone = 1 as is_first
    from placed
    where placed.number is not null
    window by_milestone as (
        partition by placed.repo, placed.item_number, placed.number
        order by placed.moved_at, placed.event_id
    )
), told as (
    select
        paired.repo,
        paired.number,
        paired.item_number,
        paired.moved_at as entered_at,
        -- Moving to another milestone leaves this one, also where no event says so.
        least(case when not paired.next_is_entry then paired.next_at end, paired.next_entry_at) as left_at,
        'events' as history
    from paired
    where paired.is_entry
    union all
    -- It left without an event that it entered: it was there before the events that were read.
    select paired.repo, paired.number, paired.item_number, paired.previous_at, paired.moved_at, 'dates'
    from paired
    where not paired.is_entry and paired.is_first
), now_in as (
    -- Where it is now, though no event says so.
    select items.repo, items.milestone_number as number, items.item_number, max(told.left_at) as entered_at
    from intermediate.int_milestone_candidates as items
    left join told on told.repo = items.repo and told.item_number = items.item_number
    where items.milestone_number is not null
    group by items.repo, items.milestone_number, items.item_number
    having not coalesce(bool_or(told.number = items.milestone_number and told.left_at is null), false)
), stays as (
    select told.* from told
    union all
    select now_in.repo, now_in.number, now_in.item_number, now_in.entered_at, null, 'dates' from now_in
), known as (
    select
        stays.repo,
        stays.number,
        stays.item_number,
        items.is_pull_request,
        items.opened_at,
        items.updated_at,
        items.labels,
        coalesce(stays.entered_at, greatest(items.opened_at, milestones.created_at)) as entered_at,
        stays.left_at,
        stays.history,
        -- The last event says it is here, the item itself that it isn't: it has left since.
        stays.left_at is null and coalesce(items.milestone_number <> stays.number, true) as has_left_since
    from stays
    inner join intermediate.int_milestone_candidates as items
        on items.repo = stays.repo and items.item_number = stays.item_number
    left join staging.stg_milestones as milestones
        on milestones.repo = stays.repo and milestones.number = stays.number
), dated as (
    select
        known.repo,
        known.number,
        known.item_number,
        known.is_pull_request,
        known.opened_at,
        least(known.entered_at, known.left_at) as entered_at,
        case
            when known.has_left_since then greatest(known.updated_at, known.entered_at)
            else known.left_at
        end as left_at,
        known.labels,
        case when known.has_left_since then 'dates' else known.history end as history
    from known
)
select
    dated.repo,
    dated.number,
    dated.item_number,
    dated.is_pull_request,
    dated.opened_at,
    dated.entered_at,
    dated.left_at,
    max(closings.closed_at) filter (
        where closings.reopened_at is null or closings.reopened_at >= dated.left_at
    ) as closed_at,
    count(closings.reopened_at) filter (
        where closings.reopened_at >= dated.entered_at
        and (dated.left_at is null or closings.reopened_at < dated.left_at)
    ) as times_reopened,
    dated.labels,
    case
        when dated.history = 'dates' or bool_or(closings.history = 'dates') then 'dates'
        else 'events'
    end as history
from dated
left join intermediate.int_item_closings as closings
    on closings.repo = dated.repo
    and closings.item_number = dated.item_number
    and (dated.left_at is null or closings.closed_at < dated.left_at)
where dated.entered_at is not null
group by
    dated.repo,
    dated.number,
    dated.item_number,
    dated.is_pull_request,
    dated.opened_at,
    dated.entered_at,
    dated.left_at,
    dated.labels,
    dated.history
