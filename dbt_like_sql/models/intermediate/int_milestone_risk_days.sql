-- Each risk of each milestone on each day on which it can be judged, by what was known when the day began: whether its
-- condition holds, and by how much. Days of the past are judged from history as today is.
with days as (
    select
        days.repo,
        days.number,
        days.milestone,
        days.day,
        days.day + 1 as as_of,
        days.open_items,
        max(case when days.closed > 0 then days.day end) over until_then as last_closed_on,
        min(days.day) over until_then as first_day
    from marts.milestone_days as days
    inner join staging.stg_milestones as milestones
        on milestones.repo = days.repo and milestones.number = days.number
    cross join config.parameters as parameters
    where days.day < cast(parameters.as_of as date)
        and (milestones.state = 'open' or days.day < cast(milestones.closed_at as date))
    window until_then as (
        partition by days.repo, days.number order by days.day rows between unbounded preceding and current row
    )
), versions as (
    -- What was found first is taken to have been the target all along.
    select
        targets.repo,
        targets.number,
        targets.target_date,
        case when lag(targets.seen_at) over by_milestone is not null then cast(targets.valid_from as date) end as since,
        lag(targets.target_date) over by_milestone as former_date
    from derived.milestone_targets as targets
    window by_milestone as (partition by targets.repo, targets.number order by targets.seen_at)
), targets as (
    select
        days.repo,
        days.number,
        days.as_of,
        case
            when count(versions.repo) = 0 then any_value(milestones.due_date)
            else arg_max(
                    struct_pack(target_date := versions.target_date), coalesce(versions.since, date '0001-01-01')
                ).target_date
        end as target_date,
        -- A first date is no change, and one that was taken away is.
        count(*) filter (
            where versions.former_date is not null and versions.since > days.as_of - risks.target_moves_days
        ) as moves
    from days
    cross join config.risks as risks
    inner join staging.stg_milestones as milestones
        on milestones.repo = days.repo and milestones.number = days.number
    left join versions
        on versions.repo = days.repo
        and versions.number = days.number
        and coalesce(versions.since <= days.as_of, true)
    group by days.repo, days.number, days.as_of
), issue_days as (
    select
        days.repo,
        days.number,
        days.day,
        days.open_items + days.closed_items as issues,
        min(days.day) over by_milestone as first_day,
        min(case when days.closed > 0 then days.day end) over by_milestone as first_closed_on,
        min(case when days.added > days.added_closed or days.reopened > 0 then days.day end) over by_milestone
            as first_added_on
    from intermediate.int_milestone_kind_days as days
    where not days.is_pull_request
    window by_milestone as (partition by days.repo, days.number)
), started as (
    -- As forecasts have it: what a milestone is filled with in its first week, and before work begins, is its plan.
    select
        issue_days.repo,
        issue_days.number,
        max(greatest(issue_days.first_day, issue_days.first_closed_on - 6, issue_days.first_added_on + 7)) as started_on
    from issue_days
    where issue_days.first_closed_on is not null and issue_days.first_added_on is not null
    group by issue_days.repo, issue_days.number
), scope as (
    select
        issue_days.repo,
        issue_days.number,
        issue_days.day,
        issue_days.issues,
        plans.issues as planned_issues,
        -- Six of five are a fifth more, whatever floating point makes of it.
        round(issue_days.issues / plans.issues - 1, 6) as growth
    from issue_days
    inner join started on started.repo = issue_days.repo and started.number = issue_days.number
    inner join issue_days as plans
        on plans.repo = issue_days.repo and plans.number = issue_days.number and plans.day = started.started_on - 1
    -- Of fewer than five one more is much, and means little.
    where issue_days.day >= started.started_on and plans.issues >= 5
), blocked as (
    select days.repo, days.number, days.as_of, count(distinct items.item_number) as blocked_items
    from days
    inner join intermediate.int_milestone_blocked_items as items
        on items.repo = days.repo
        and items.number = days.number
        and items.blocked_from < days.as_of
        and coalesce(items.blocked_until >= days.as_of, true)
    group by days.repo, days.number, days.as_of
), red_days as (
    -- Most episodes are over before another day begins.
    select
        episodes.repo,
        episodes.started_at,
        unnest(generate_series(
            cast(episodes.started_at as date) + 1,
            cast(coalesce(episodes.ended_at, parameters.as_of) as date),
            interval 1 day
        )) as as_of
    from marts.red_episodes as episodes
    semi join marts.critical_workflows as critical
        on critical.repo = episodes.repo and critical.workflow_path = episodes.workflow_path and not critical.is_removed
    cross join config.parameters as parameters
    where cast(coalesce(episodes.ended_at, parameters.as_of) as date) > cast(episodes.started_at as date)
), red as (
    select
        red_days.repo,
        cast(red_days.as_of as date) as as_of,
        date_diff('minute', min(red_days.started_at), red_days.as_of) / 60 as red_hours
    from red_days
    group by red_days.repo, red_days.as_of
), judged as (
    select
        days.repo,
        days.number,
        days.milestone,
        days.as_of,
        unnest([
            {
                'risk': 'overdue',
                'value': case when targets.target_date < days.as_of then days.as_of - targets.target_date else 0 end,
                'threshold': 1,
                'is_met': targets.target_date < days.as_of,
                'is_grave': false
            },
            {
                'risk': 'off_track',
                'value': forecasts.probability_on_time,
                'threshold': risks.off_track_below,
                'is_met': forecasts.probability_on_time < risks.off_track_below and forecasts.state = 'forecast',
                'is_grave': false
            },
            {
                'risk': 'at_risk',
                'value': forecasts.probability_on_time,
                'threshold': risks.at_risk_below,
                -- Where over a fifth of the courses never end, at most 80 % end in time.
                'is_met': (forecasts.probability_on_time < risks.at_risk_below and forecasts.state = 'forecast')
                or (forecasts.state = 'scope_outpaces_throughput' and targets.target_date >= days.as_of),
                'is_grave': false
            },
            {
                'risk': 'blocked',
                'value': coalesce(blocked.blocked_items, 0),
                'threshold': 1,
                'is_met': blocked.blocked_items > 0,
                'is_grave': false
            },
            {
                'risk': 'slipping',
                -- A date beyond the horizon of two years counts as its end.
                'value': coalesce(forecasts.p85_date, days.as_of + 730) - coalesce(before.p85_date, days.as_of + 723),
                'threshold': risks.slip_days,
                'is_met': forecasts.state = 'forecast' and before.state = 'forecast'
                and coalesce(forecasts.p85_date, days.as_of + 730)
                - coalesce(before.p85_date, days.as_of + 723) > risks.slip_days,
                'is_grave': coalesce(forecasts.p85_date, days.as_of + 730)
                - coalesce(before.p85_date, days.as_of + 723) > 3 * risks.slip_days
            },
            {
                'risk': 'stalled',
                'value': days.day - coalesce(days.last_closed_on, days.first_day),
                'threshold': risks.stalled_days,
                'is_met': days.open_items > 0
                and days.day - coalesce(days.last_closed_on, days.first_day) >= risks.stalled_days
                -- What hasn't begun is no standstill, unless its target is near.
                and (days.last_closed_on is not null or targets.target_date < days.as_of + 28),
                'is_grave': days.day - coalesce(days.last_closed_on, days.first_day) >= 3 * risks.stalled_days
            },
            {
                'risk': 'red_main',
                'value': coalesce(red.red_hours, 0),
                'threshold': risks.red_hours,
                'is_met': days.open_items > 0 and red.red_hours > risks.red_hours,
                'is_grave': red.red_hours > 3 * risks.red_hours
            },
            {
                'risk': 'scope_growth',
                'value': scope.growth,
                'threshold': risks.scope_growth,
                'is_met': days.open_items > 0 and scope.growth >= risks.scope_growth,
                'is_grave': scope.growth >= 3 * risks.scope_growth
            },
            {
                'risk': 'target_moved',
                'value': targets.moves,
                'threshold': risks.target_moves,
                'is_met': targets.moves >= risks.target_moves,
                'is_grave': targets.moves >= 3 * risks.target_moves
            }
        ], recursive := true),
        targets.target_date,
        scope.planned_issues,
        scope.issues,
        days.open_items,
        days.last_closed_on,
        forecasts.p85_date,
        before.p85_date as former_p85_date
    from days
    cross join config.risks as risks
    inner join targets on targets.repo = days.repo and targets.number = days.number and targets.as_of = days.as_of
    left join marts.milestone_forecast_days as forecasts
        on forecasts.repo = days.repo and forecasts.number = days.number and forecasts.as_of = days.as_of
    left join marts.milestone_forecast_days as before
        on before.repo = days.repo and before.number = days.number and before.as_of = days.as_of - 7
    left join scope on scope.repo = days.repo and scope.number = days.number and scope.day = days.day
    left join blocked on blocked.repo = days.repo and blocked.number = days.number and blocked.as_of = days.as_of
    left join red on red.repo = days.repo and red.as_of = days.as_of
)
select
    judged.repo,
    judged.number,
    judged.milestone,
    judged.as_of,
    judged.risk,
    cast(judged.value as double) as value,
    cast(judged.threshold as double) as threshold,
    coalesce(judged.is_met, false) as is_met,
    coalesce(judged.is_met and judged.is_grave, false) as is_grave,
    judged.target_date,
    judged.planned_issues,
    judged.issues,
    judged.open_items,
    judged.last_closed_on,
    judged.p85_date,
    judged.former_p85_date
from judged
-- Before the first forecast nothing can be said of what rests on one.
where judged.value is not null or judged.is_met
