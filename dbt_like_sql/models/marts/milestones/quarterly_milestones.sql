-- Each milestone in each quarter in which it was open: what was planned, what came of it, its scope from start to end,
-- by how much it slipped, and how CI stood while it was open. What happened after the quarter is left out.
with quarters as (
    select
        rollup.quarter,
        rollup.quarter_start,
        cast(rollup.quarter_start + interval 3 month as date) as next_quarter_start,
        least(cast(rollup.quarter_start + interval 3 month as timestamp), parameters.as_of) as until
    from marts.quarterly_rollup as rollup
    cross join config.parameters as parameters
    where rollup.repo = '*'
), active as (
    select
        quarters.quarter,
        quarters.quarter_start,
        quarters.next_quarter_start,
        quarters.until,
        milestones.repo,
        milestones.number,
        milestones.milestone,
        milestones.notion_title,
        milestones.html_url,
        milestones.created_at,
        milestones.due_date,
        case when milestones.closed_at < quarters.until then milestones.closed_at end as closed_at,
        greatest(coalesce(milestones.created_at, quarters.quarter_start), quarters.quarter_start) as active_from,
        least(coalesce(milestones.closed_at, quarters.until), quarters.until) as active_until
    from quarters
    inner join marts.milestones as milestones
        on coalesce(milestones.created_at < quarters.until, true)
        and coalesce(milestones.closed_at >= quarters.quarter_start, milestones.state = 'open')
), scope as (
    select
        active.quarter,
        active.repo,
        active.number,
        arg_min(days.open_items + days.closed_items - days.added + days.removed, days.day) as items_at_start,
        arg_max(days.open_items, days.day) as open_items_at_end,
        arg_max(days.closed_items, days.day) as closed_items_at_end,
        sum(days.added) as added_items,
        sum(days.removed) as removed_items,
        sum(days.closed) - sum(days.reopened) as items_done
    from active
    inner join marts.milestone_days as days
        on days.repo = active.repo
        and days.number = active.number
        and days.day >= active.quarter_start
        and days.day < active.until
    group by active.quarter, active.repo, active.number
), runs as (
    select
        active.quarter,
        active.repo,
        active.number,
        count(*) filter (where runs.outcome in ('pass', 'fail')) as conclusive_runs,
        count(*) filter (where runs.outcome = 'pass') as passed_runs
    from active
    inner join marts.ci_runs as runs
        on runs.repo = active.repo
        and runs.milestone = active.milestone
        and runs.is_latest_attempt
        and runs.created_at >= active.quarter_start
        and runs.created_at < active.until
    group by active.quarter, active.repo, active.number
), red as (
    select
        active.quarter,
        active.repo,
        active.number,
        count(*) as red_episodes,
        sum(date_diff(
            'minute',
            greatest(episodes.started_at, active.active_from),
            least(coalesce(episodes.ended_at, active.active_until), active.active_until)
        )) / 60.0 as red_hours
    from active
    inner join marts.red_episodes as episodes
        on episodes.repo = active.repo
        and episodes.started_at < active.active_until
        and coalesce(episodes.ended_at > active.active_from, true)
    group by active.quarter, active.repo, active.number
), forecasts as (
    select
        active.quarter,
        active.repo,
        active.number,
        arg_min(backtest.p85_date, backtest.as_of) as p85_at_start,
        arg_max(backtest.p85_date, backtest.as_of) as p85_at_end
    from active
    inner join marts.forecast_backtest as backtest
        on backtest.repo = active.repo
        and backtest.number = active.number
        and backtest.state = 'forecast'
        and backtest.as_of >= active.quarter_start
        and backtest.as_of < active.until
    group by active.quarter, active.repo, active.number
), joined as (
    select
        active.*,
        coalesce(scope.items_at_start, 0) as items_at_start,
        coalesce(scope.open_items_at_end, 0) as open_items_at_end,
        coalesce(scope.closed_items_at_end, 0) as closed_items_at_end,
        cast(coalesce(scope.added_items, 0) as bigint) as added_items,
        cast(coalesce(scope.removed_items, 0) as bigint) as removed_items,
        cast(coalesce(scope.items_done, 0) as bigint) as items_done,
        coalesce(runs.conclusive_runs, 0) as conclusive_runs,
        runs.passed_runs / nullif(runs.conclusive_runs, 0) as pass_rate,
        coalesce(red.red_episodes, 0) as red_episodes,
        coalesce(red.red_hours, 0.0) as red_hours,
        forecasts.p85_at_start,
        forecasts.p85_at_end,
        greatest(date_diff('day', active.active_from, active.active_until), 1) / 7.0 as weeks_open
    from active
    left join scope
        on scope.quarter = active.quarter and scope.repo = active.repo and scope.number = active.number
    left join runs on runs.quarter = active.quarter and runs.repo = active.repo and runs.number = active.number
    left join red on red.quarter = active.quarter and red.repo = active.repo and red.number = active.number
    left join forecasts
        on forecasts.quarter = active.quarter
        and forecasts.repo = active.repo
        and forecasts.number = active.number
)
select
    joined.quarter,
    joined.repo,
    joined.number,
    joined.milestone,
    joined.notion_title,
    joined.html_url,
    joined.created_at,
    joined.due_date,
    joined.closed_at,
    case
        when joined.closed_at is not null and joined.open_items_at_end > joined.closed_items_at_end then 'dropped'
        when joined.closed_at is not null then 'completed'
        when joined.due_date < joined.next_quarter_start then 'carried'
        else 'later'
    end as outcome,
    case
        when joined.closed_at is not null and joined.open_items_at_end <= joined.closed_items_at_end
            then cast(joined.closed_at as date) <= joined.due_date
    end as is_on_time,
    case
        when joined.due_date is not null then greatest(date_diff(
                'day', joined.due_date, cast(coalesce(joined.closed_at, joined.until - interval 1 second) as date)
            ), 0)
    end as slip_days,
    joined.items_at_start,
    joined.open_items_at_end + joined.closed_items_at_end as items_at_end,
    joined.open_items_at_end,
    joined.added_items,
    joined.removed_items,
    joined.items_done,
    joined.items_done / joined.weeks_open as items_done_a_week,
    joined.open_items_at_end / nullif(greatest(joined.items_done, 0) / joined.weeks_open, 0) as weeks_needed,
    joined.conclusive_runs,
    joined.pass_rate,
    joined.red_episodes,
    joined.red_hours,
    joined.p85_at_start,
    joined.p85_at_end,
    coalesce(coverage.is_complete, false) as is_complete,
    coverage.first_whole_day,
    coverage.last_whole_day
from joined
left join marts.period_coverage as coverage
    on coverage.repo = joined.repo
    and coverage.grain = 'quarter'
    and coverage.period = joined.quarter
