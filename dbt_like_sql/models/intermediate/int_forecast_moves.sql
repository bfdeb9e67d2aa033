-- Pairs of forecasts of a milestone between which its 85 % date moved, or stayed: Monday to Monday, and in this week
-- Monday to today, by the forecasts that were published where both are stored, else by those of the back-test; and the
-- first and the last Monday of each quarter.
with forecasts as (
    select
        days.repo, days.number, days.as_of, 'published' as source, days.p85_date, days.measured_by, days.open_items,
        days.weekly_closed, days.weekly_added, days.is_latest
    from marts.milestone_forecast_days as days
    where days.state = 'forecast' and days.p85_date is not null
    union all
    select
        backtest.repo, backtest.number, backtest.as_of, 'backtest', backtest.p85_date, backtest.measured_by,
        backtest.open_items, backtest.weekly_closed, backtest.weekly_added, false
    from marts.forecast_backtest as backtest
    where backtest.state = 'forecast' and backtest.p85_date is not null
), weeks as (
    select
        before.repo,
        before.number,
        before.source,
        strftime(before.as_of, '%G-W%V') as week,
        cast(null as varchar) as quarter,
        before.as_of as from_day,
        forecasts.as_of as to_day
    from forecasts as before
    inner join forecasts
        on forecasts.repo = before.repo
        and forecasts.number = before.number
        and forecasts.source = before.source
        and forecasts.as_of > before.as_of
        and (
            forecasts.as_of = before.as_of + 7
            or (forecasts.is_latest and forecasts.as_of < before.as_of + 7)
        )
    where isodow(before.as_of) = 1
    qualify row_number() over (
            partition by before.repo, before.number, before.as_of order by before.source = 'published' desc
        ) = 1
), quarters as (
    select
        forecasts.repo,
        forecasts.number,
        forecasts.source,
        cast(null as varchar) as week,
        strftime(forecasts.as_of, '%Y') || '-Q' || quarter(forecasts.as_of) as quarter,
        min(forecasts.as_of) as from_day,
        max(forecasts.as_of) as to_day
    from forecasts
    where forecasts.source = 'backtest'
    group by
        forecasts.repo,
        forecasts.number,
        forecasts.source,
        strftime(forecasts.as_of, '%Y') || '-Q' || quarter(forecasts.as_of)
    having max(forecasts.as_of) > min(forecasts.as_of)
), moves as (
    select weeks.* from weeks
    union all
    select quarters.* from quarters
)
select
    moves.repo,
    moves.number,
    moves.week,
    moves.quarter,
    moves.source,
    moves.from_day,
    moves.to_day,
    before.p85_date as p85_before,
    forecasts.p85_date as p85_after,
    before.measured_by,
    before.open_items as open_before,
    forecasts.open_items as open_after,
    before.weekly_closed as weekly_closed_before,
    forecasts.weekly_closed as weekly_closed_after,
    before.weekly_added as weekly_added_before,
    forecasts.weekly_added as weekly_added_after
from moves
inner join forecasts as before
    on before.repo = moves.repo
    and before.number = moves.number
    and before.source = moves.source
    and before.as_of = moves.from_day
inner join forecasts
    on forecasts.repo = moves.repo
    and forecasts.number = moves.number
    and forecasts.source = moves.source
    and forecasts.as_of = moves.to_day
