-- When issues and pull requests were closed, and opened again: by their events, and by their own dates where these say
-- more (events reach back no further than the history that is read, and are read at another moment than the items).
with told as (
    select
        items.repo,
        items.item_number,
        events.created_at as changed_at,
        events.event_id,
        events.event = 'closed' as is_closed,
        'events' as history
    from intermediate.int_milestone_candidates as items
    inner join staging.stg_issue_events as events
        on events.repo = items.repo and events.item_number = items.item_number
    where events.event in ('closed', 'reopened')
), latest as (
    select told.repo, told.item_number, told.is_closed, told.changed_at
    from told
    qualify row_number() over (
            partition by told.repo, told.item_number order by told.changed_at desc, told.event_id desc
        ) = 1
), completed as (
    select told.* from told
    union all
    -- The item says otherwise than its last event.
    select
        items.repo,
        items.item_number,
        greatest(
            case when items.is_closed then coalesce(items.closed_at, items.updated_at) else items.updated_at end,
            latest.changed_at
        ),
        9223372036854775807,
        items.is_closed,
        'dates'
    from intermediate.int_milestone_candidates as items
    left join latest on latest.repo = items.repo and latest.item_number = items.item_number
    where items.is_closed <> coalesce(latest.is_closed, false)
), changes as (
    -- Closing what is closed changes nothing, nor does opening what is open.
    select
        completed.*,
        coalesce(
            lag(completed.is_closed) over (
                partition by completed.repo, completed.item_number order by completed.changed_at, completed.event_id
            ), false
        ) as was_closed
    from completed
    where completed.changed_at is not null
)
select
    changes.repo,
    changes.item_number,
    changes.changed_at as closed_at,
    lead(changes.changed_at) over (
        partition by changes.repo, changes.item_number order by changes.changed_at, changes.event_id
    ) as reopened_at,
    changes.history
from changes
where changes.is_closed <> changes.was_closed
qualify changes.is_closed
