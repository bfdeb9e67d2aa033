-- By how much each milestone's 85 % date moved in a week or quarter, and what happened meanwhile that goes with it:
-- association, not proof. Every part has the direction of the move and takes at most what the parts before it left, in
-- this order: scope, red default branch, pace; the rest is unexplained. So the parts add up to the move.
with scope as (
    select
        moves.repo,
        moves.number,
        moves.week,
        moves.quarter,
        cast(sum(days.added - days.added_closed + days.reopened) as bigint) as items_added,
        cast(sum(days.removed - days.removed_closed) as bigint) as items_removed,
        cast(sum(days.closed) as bigint) as items_closed
    from intermediate.int_forecast_moves as moves
    inner join intermediate.int_milestone_kind_days as days
        on days.repo = moves.repo
        and days.number = moves.number
        and days.day >= moves.from_day
        and days.day < moves.to_day
        and (moves.measured_by = 'items' or not days.is_pull_request)
    group by moves.repo, moves.number, moves.week, moves.quarter
), red as (
    select moves.repo, moves.from_day, moves.to_day, count(distinct days.day) as red_days
    from intermediate.int_forecast_moves as moves
    inner join intermediate.int_red_days as days
        on days.repo = moves.repo
        and days.day >= moves.from_day
        and days.day < moves.to_day
        and days.is_red_working_day
    group by moves.repo, moves.from_day, moves.to_day
), measured as (
    select
        moves.*,
        date_diff('day', moves.p85_before, moves.p85_after) as moved_days,
        (moves.to_day - moves.from_day) / 7.0 as weeks,
        coalesce(scope.items_added, 0) as items_added,
        coalesce(scope.items_removed, 0) as items_removed,
        coalesce(scope.items_closed, 0) as items_closed,
        coalesce(red.red_days, 0) as red_working_days,
        -- A pace at which nothing gets less takes longer than any move.
        case
            when moves.weekly_closed_before > moves.weekly_added_before
                then 7 * moves.open_after / (moves.weekly_closed_before - moves.weekly_added_before)
            else 1e6
        end as days_left_at_pace_before,
        case
            when moves.weekly_closed_after > moves.weekly_added_after
                then 7 * moves.open_after / (moves.weekly_closed_after - moves.weekly_added_after)
            else 1e6
        end as days_left_at_pace_after
    from intermediate.int_forecast_moves as moves
    left join scope
        on scope.repo = moves.repo
        and scope.number = moves.number
        and scope.week is not distinct from moves.week
        and scope.quarter is not distinct from moves.quarter
    left join red on red.repo = moves.repo and red.from_day = moves.from_day and red.to_day = moves.to_day
), estimated as (
    select
        measured.*,
        sign(measured.moved_days) as direction,
        abs(measured.moved_days) as days,
        7 * (
            measured.items_added - measured.items_removed - coalesce(measured.weekly_added_before, 0) * measured.weeks
        ) / nullif(measured.weekly_closed_before, 0) as scope_estimate,
        7 * (measured.weekly_closed_before * measured.weeks - measured.items_closed)
        / nullif(measured.weekly_closed_before, 0)
        + measured.days_left_at_pace_after - measured.days_left_at_pace_before as pace_estimate
    from measured
    where measured.moved_days <> 0
), with_scope as (
    select
        estimated.*,
        least(
            greatest(round(estimated.direction * coalesce(estimated.scope_estimate, 0)), 0), estimated.days
        ) as scope
    from estimated
), with_red as (
    select
        with_scope.*,
        case
            when with_scope.direction > 0 then least(with_scope.red_working_days, with_scope.days - with_scope.scope)
            else 0
        end as red_main
    from with_scope
), with_pace as (
    select
        with_red.*,
        least(
            greatest(round(with_red.direction * coalesce(with_red.pace_estimate, 0)), 0),
            with_red.days - with_red.scope - with_red.red_main
        ) as pace
    from with_red
), parts as (
    select
        with_pace.*,
        with_pace.days - with_pace.scope - with_pace.red_main - with_pace.pace as unexplained,
        coalesce(repositories.default_branch, 'the default branch') as branch
    from with_pace
    left join staging.stg_repositories as repositories on repositories.repo = with_pace.repo
)
select
    parts.repo,
    parts.number,
    milestones.milestone,
    parts.week,
    parts.quarter,
    parts.from_day,
    parts.to_day,
    parts.p85_before,
    parts.p85_after,
    cast(parts.moved_days as bigint) as moved_days,
    cast(parts.direction * parts.scope as bigint) as scope_days,
    cast(parts.direction * parts.red_main as bigint) as red_main_days,
    cast(parts.direction * parts.pace as bigint) as pace_days,
    cast(parts.direction * parts.unexplained as bigint) as unexplained_days,
    parts.items_added,
    parts.items_removed,
    parts.items_closed,
    parts.red_working_days,
    parts.source,
    format(
        '{} by {} day{}: {}',
        case when parts.direction > 0 then 'moved' else 'moved earlier' end,
        cast(parts.days as bigint),
        case when parts.days = 1 then '' else 's' end,
        array_to_string(list_filter(
            [
                case
                    when parts.red_main > 0
                        then format(
                                '{} red day{} on {}',
                                cast(parts.red_main as bigint),
                                case when parts.red_main = 1 then '' else 's' end,
                                parts.branch
                            )
                end,
                case
                    when parts.scope > 0
                        then format(
                                '{} day{} of scope',
                                cast(parts.scope as bigint),
                                case when parts.scope = 1 then '' else 's' end
                            )
                end,
                case
                    when parts.pace > 0
                        then format(
                                '{} day{} of pace',
                                cast(parts.pace as bigint),
                                case when parts.pace = 1 then '' else 's' end
                            )
                end,
                case when parts.unexplained > 0 then format('{} unexplained', cast(parts.unexplained as bigint)) end
            ],
            lambda part: part is not null
        ), ', ')
    ) as sentence,
    coalesce(coverage.is_complete, false) as is_complete,
    coverage.first_whole_day,
    coverage.last_whole_day
from parts
inner join staging.stg_milestones as milestones
    on milestones.repo = parts.repo and milestones.number = parts.number
left join marts.period_coverage as coverage
    on coverage.repo = parts.repo
    and coverage.grain = case when parts.week is null then 'quarter' else 'week' end
    and coverage.period = coalesce(parts.week, parts.quarter)
