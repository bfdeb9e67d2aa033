-- What is left in a milestone and what changed in it, day by day, days without a change included: issues and pull
-- requests apart, for one is what is to be done and the other how it is done.
with changes as (
    select
        changes.repo,
        changes.number,
        changes.is_pull_request,
        cast(changes.changed_at as date) as day,
        count(*) filter (where changes.change = 'added') as added,
        count(*) filter (where changes.change = 'added' and changes.is_closed) as added_closed,
        count(*) filter (where changes.change = 'removed') as removed,
        count(*) filter (where changes.change = 'removed' and changes.is_closed) as removed_closed,
        count(*) filter (where changes.change = 'closed') as closed,
        count(*) filter (where changes.change = 'reopened') as reopened,
        bool_and(changes.history = 'events') as has_events
    from intermediate.int_milestone_changes as changes
    cross join config.parameters as parameters
    where changes.changed_at <= parameters.as_of
    group by changes.repo, changes.number, changes.is_pull_request, cast(changes.changed_at as date)
), first_changes as (
    select changes.repo, changes.number, min(changes.day) as day
    from changes
    group by changes.repo, changes.number
), bounds as (
    select
        milestones.repo,
        milestones.number,
        milestones.milestone,
        least(cast(milestones.created_at as date), first_changes.day) as first_day,
        -- What people tidy up after it was closed is no part of its course.
        least(
            cast(parameters.as_of as date),
            case when milestones.state = 'closed' then cast(milestones.closed_at as date) end
        ) as last_day
    from staging.stg_milestones as milestones
    cross join config.parameters as parameters
    left join first_changes
        on first_changes.repo = milestones.repo and first_changes.number = milestones.number
), spine as (
    select
        bounds.repo,
        bounds.number,
        bounds.milestone,
        kinds.is_pull_request,
        cast(unnest(generate_series(bounds.first_day, bounds.last_day, interval 1 day)) as date) as day
    from bounds
    cross join (values (false), (true)) as kinds (is_pull_request)
), days as (
    select
        spine.repo,
        spine.number,
        spine.milestone,
        spine.is_pull_request,
        spine.day,
        coalesce(changes.added, 0) as added,
        coalesce(changes.added_closed, 0) as added_closed,
        coalesce(changes.removed, 0) as removed,
        coalesce(changes.removed_closed, 0) as removed_closed,
        coalesce(changes.closed, 0) as closed,
        coalesce(changes.reopened, 0) as reopened,
        coalesce(changes.has_events, true) as has_events
    from spine
    left join changes
        on changes.repo = spine.repo
        and changes.number = spine.number
        and changes.is_pull_request = spine.is_pull_request
        and changes.day = spine.day
)
select
    days.repo,
    days.number,
    days.milestone,
    days.is_pull_request,
    days.day,
    cast(sum(
        days.added - days.added_closed - days.removed + days.removed_closed - days.closed + days.reopened
    ) over until_then as bigint) as open_items,
    cast(sum(
        days.added_closed - days.removed_closed + days.closed - days.reopened
    ) over until_then as bigint) as closed_items,
    days.added,
    days.added_closed,
    days.removed,
    days.removed_closed,
    days.closed,
    days.reopened,
    bool_and(days.has_events) over until_then as has_events,
    days.day < cast(parameters.as_of as date) as is_complete
from days
cross join config.parameters as parameters
window until_then as (
    partition by days.repo, days.number, days.is_pull_request
    order by days.day
    rows between unbounded preceding and current row
)
