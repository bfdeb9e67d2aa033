-- What is left in a milestone and what changed in it, day by day, days without a change included.
select
    days.repo,
    days.number,
    days.milestone,
    days.day,
    cast(sum(days.open_items) as bigint) as open_items,
    cast(sum(days.closed_items) as bigint) as closed_items,
    cast(sum(days.added) as bigint) as added,
    cast(sum(days.added_closed) as bigint) as added_closed,
    cast(sum(days.removed) as bigint) as removed,
    cast(sum(days.removed_closed) as bigint) as removed_closed,
    cast(sum(days.closed) as bigint) as closed,
    cast(sum(days.reopened) as bigint) as reopened,
    case when bool_and(days.has_events) then 'events' else 'dates' end as history,
    bool_and(days.is_complete) as is_complete
from intermediate.int_milestone_kind_days as days
group by days.repo, days.number, days.milestone, days.day
