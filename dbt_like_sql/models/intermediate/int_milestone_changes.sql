-- What changed in milestones, and when: items that came in, went out, were closed and opened again there. Within a
-- second, as where a bot does both with one request, an item moves before it is closed or opened again.
with stays as (
    select items.* from intermediate.int_milestone_items as items
), ends as (
    select
        stays.repo,
        stays.number,
        stays.item_number,
        stays.is_pull_request,
        unnest([
            {'changed_at': stays.entered_at, 'change': 'added'},
            {'changed_at': stays.left_at, 'change': 'removed'}
        ], recursive := true),
        stays.history
    from stays
), inside as (
    -- Being closed before it came in, or opened after it left, is nothing that happened in the milestone.
    select
        stays.repo,
        stays.number,
        stays.item_number,
        stays.is_pull_request,
        stays.entered_at,
        stays.left_at,
        unnest([
            {'changed_at': closings.closed_at, 'change': 'closed'},
            {'changed_at': closings.reopened_at, 'change': 'reopened'}
        ], recursive := true),
        closings.history
    from stays
    inner join intermediate.int_item_closings as closings
        on closings.repo = stays.repo and closings.item_number = stays.item_number
)
select
    ends.repo,
    ends.number,
    ends.item_number,
    ends.is_pull_request,
    ends.changed_at,
    ends.change,
    closings.closed_at is not null as is_closed,
    ends.history
from ends
left join intermediate.int_item_closings as closings
    on closings.repo = ends.repo
    and closings.item_number = ends.item_number
    and closings.closed_at < ends.changed_at
    and (closings.reopened_at is null or closings.reopened_at >= ends.changed_at)
where ends.changed_at is not null
union all
select
    inside.repo,
    inside.number,
    inside.item_number,
    inside.is_pull_request,
    inside.changed_at,
    inside.change,
    inside.change = 'closed',
    inside.history
from inside
where inside.changed_at >= inside.entered_at and (inside.left_at is null or inside.changed_at < inside.left_at)
