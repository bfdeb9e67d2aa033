-- How past forecasts did that were decided in a quarter: met when the milestone was closed by the predicted date,
-- missed when that day passed. Each forecast is decided once, so a quarter that is over does not change.
with predictions as (
    select
        backtest.repo,
        backtest.number,
        backtest.milestone,
        backtest.finished_on,
        cast(levels.level as double) as level,
        [backtest.p50_date, backtest.p85_date, backtest.p95_date][levels.place] as predicted_date
    from marts.forecast_backtest as backtest
    cross join (values (0.5, 1), (0.85, 2), (0.95, 3)) as levels (level, place)
    where backtest.state = 'forecast'
), decided as (
    select
        predictions.*,
        coalesce(predictions.finished_on <= predictions.predicted_date, predictions.predicted_date is null) as is_met,
        date_diff('day', predictions.predicted_date, predictions.finished_on) as days_late,
        -- A date beyond two years is not given; it is met by whatever ended.
        case
            when predictions.finished_on <= coalesce(predictions.predicted_date, predictions.finished_on)
                then predictions.finished_on
            else predictions.predicted_date + 1
        end as decided_on
    from predictions
    cross join config.parameters as parameters
    where coalesce(predictions.finished_on, predictions.predicted_date + 1) <= cast(parameters.as_of as date)
), summed as (
    select
        strftime(decided.decided_on, '%Y') || '-Q' || quarter(decided.decided_on) as quarter,
        decided.level,
        count(*) as forecasts,
        count(distinct decided.repo || ' ' || decided.number) as milestones,
        count(*) filter (where decided.is_met) as met,
        avg(decided.days_late) filter (
            where date_trunc('quarter', decided.finished_on) = date_trunc('quarter', decided.decided_on)
        ) as bias_days
    from decided
    group by strftime(decided.decided_on, '%Y') || '-Q' || quarter(decided.decided_on), decided.level
), rates as (
    select summed.*, summed.met / summed.forecasts as coverage, 1.96 as z from summed
), bounds as (
    -- Wilson score interval.
    select
        rates.*,
        (rates.coverage + rates.z * rates.z / (2 * rates.forecasts))
        / (1 + rates.z * rates.z / rates.forecasts) as centre,
        rates.z * sqrt(
            rates.coverage * (1 - rates.coverage) / rates.forecasts + rates.z * rates.z / (4 * rates.forecasts ** 2)
        ) / (1 + rates.z * rates.z / rates.forecasts) as half_width
    from rates
)
select
    bounds.quarter,
    bounds.level,
    bounds.milestones,
    bounds.forecasts,
    bounds.met,
    bounds.coverage,
    greatest(bounds.centre - bounds.half_width, 0) as coverage_low,
    least(bounds.centre + bounds.half_width, 1) as coverage_high,
    bounds.bias_days,
    coalesce(coverage.is_complete, false) as is_complete,
    coverage.first_whole_day,
    coverage.last_whole_day
from bounds
left join marts.period_coverage as coverage
    on coverage.repo = '*'
    and coverage.grain = 'quarter'
    and coverage.period = bounds.quarter
