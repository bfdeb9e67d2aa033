-- Progress as the work itself shows it (work_v2): closed of all issues and pull requests, by weight where one is known.
with weighed as (
    select
        weights.repo,
        weights.milestone_number as number,
        count(*) as items,
        count(*) filter (where weights.size is not null) as sized_items,
        count(*) filter (where not weights.is_closed and weights.tasks > 0) as open_task_lists,
        sum(weights.weight) as weight,
        sum(weights.done_weight) as done_weight,
        count(*) filter (
            where weights.closed_at > parameters.as_of - interval 28 day and weights.closed_at <= parameters.as_of
        ) as items_closed_28d
    from intermediate.int_milestone_item_weights as weights
    cross join config.parameters as parameters
    group by weights.repo, weights.milestone_number
), scope as (
    select
        days.repo,
        days.number,
        cast(sum(days.added) as bigint) as added,
        cast(sum(days.removed) as bigint) as removed
    from marts.milestone_days as days
    cross join config.parameters as parameters
    where days.day > cast(parameters.as_of as date) - 28
    group by days.repo, days.number
), counted as (
    select
        milestones.repo,
        milestones.number,
        milestones.milestone,
        parameters.as_of,
        milestones.open_items,
        milestones.closed_items,
        milestones.open_items + milestones.closed_items as items,
        coalesce(weighed.sized_items, 0) as sized_items,
        coalesce(weighed.open_task_lists, 0) as open_task_lists,
        coalesce(weighed.sized_items > 0 or weighed.open_task_lists > 0, false) as is_weighted,
        weighed.weight,
        weighed.done_weight,
        coalesce(weighed.items_closed_28d, 0) as items_closed_28d,
        coalesce(scope.added, 0) as items_added_28d,
        coalesce(scope.removed, 0) as items_removed_28d
    from staging.stg_milestones as milestones
    cross join config.parameters as parameters
    left join weighed on weighed.repo = milestones.repo and weighed.number = milestones.number
    left join scope on scope.repo = milestones.repo and scope.number = milestones.number
)
select
    counted.repo,
    counted.number,
    counted.milestone,
    counted.as_of,
    'work_v2' as formula,
    -- Without weights GitHub's own counts, which are never behind.
    case
        when counted.is_weighted then counted.done_weight / nullif(counted.weight, 0)
        else counted.closed_items / nullif(counted.items, 0)
    end as work_done,
    counted.open_items,
    counted.closed_items,
    counted.items,
    counted.is_weighted,
    counted.sized_items,
    counted.open_task_lists,
    case when counted.is_weighted then counted.weight else cast(counted.items as double) end as weight,
    case when counted.is_weighted then counted.done_weight else cast(counted.closed_items as double) end as done_weight,
    counted.items_added_28d,
    counted.items_removed_28d,
    counted.items_closed_28d,
    counted.items_closed_28d / 4 as items_per_week,
    case
        when counted.items = 0 then 'no issue and no pull request belongs to it'
        else
            format('{} of {} issues and pull requests closed', counted.closed_items, counted.items)
            || case
                when counted.is_weighted
                    then format(
                            '; weighed by size labels ({}) and task lists ({}): {} of {}',
                            counted.sized_items,
                            counted.open_task_lists,
                            rtrim(rtrim(format('{:.1f}', counted.done_weight), '0'), '.'),
                            rtrim(rtrim(format('{:.1f}', counted.weight), '0'), '.')
                        )
                else ''
            end
    end as reason
from counted
