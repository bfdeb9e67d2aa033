-- How good past forecasts were, ours and simpler ones: how often a date was met, by how much it was missed.
with predictions as (
    -- Dates beyond two years are met by whatever ended, and cost what the horizon does.
    select
        backtest.repo,
        backtest.number,
        backtest.as_of,
        backtest.finished_on,
        backtest.p50_date as ours_p50,
        methods.method,
        cast(levels.level as double) as level,
        case
            when methods.method = 'forecast'
                then [backtest.p50_date, backtest.p85_date, backtest.p95_date][levels.place]
            when methods.method = 'uncalibrated'
                then [backtest.raw_p50_date, backtest.raw_p85_date, backtest.raw_p95_date][levels.place]
            when methods.method = 'bootstrap'
                then [
                        backtest.bootstrap_p50_date, backtest.bootstrap_p85_date, backtest.bootstrap_p95_date
                    ][levels.place]
            when methods.method = 'velocity' then backtest.velocity_date
            else backtest.target_date
        end as predicted_date,
        case
            when methods.method = 'target' then backtest.target_date is not null else true
        end as is_predicted
    from marts.forecast_backtest as backtest
    cross join (values (0.5, 1), (0.85, 2), (0.95, 3)) as levels (level, place)
    cross join (
        values ('forecast'), ('uncalibrated'), ('bootstrap'), ('velocity'), ('target')
    ) as methods (method)
    where backtest.state = 'forecast'
), judged as (
    select
        predictions.*,
        coalesce(predictions.predicted_date, predictions.as_of + 742) as date_or_horizon,
        cast(parameters.as_of as date) as today
    from predictions
    cross join config.parameters as parameters
    where predictions.is_predicted
), scored as (
    select
        judged.*,
        case
            when judged.finished_on is not null then judged.finished_on <= judged.date_or_horizon
            when judged.date_or_horizon < judged.today then false
        end as is_met,
        date_diff('day', judged.date_or_horizon, judged.finished_on) as days_late
    from judged
), widths as (
    select
        scored.repo,
        scored.number,
        scored.as_of,
        scored.method,
        date_diff(
            'day',
            max(case when scored.level = 0.5 then scored.date_or_horizon end),
            max(case when scored.level = 0.85 then scored.date_or_horizon end)
        ) as width_days
    from scored
    group by scored.repo, scored.number, scored.as_of, scored.method
), summed as (
    select
        coalesce(scored.repo, '*') as repo,
        scored.method,
        scored.level,
        count(scored.is_met) as forecasts,
        count(distinct case when scored.is_met is not null then scored.repo || ' ' || scored.number end) as milestones,
        count(*) filter (where scored.is_met) as met,
        avg(
            case
                when scored.days_late >= 0 then scored.level * scored.days_late
                else (scored.level - 1) * scored.days_late
            end
        ) as pinball_days,
        avg(widths.width_days) filter (where scored.is_met is not null) as sharpness_days,
        avg(scored.days_late) filter (where scored.level = 0.5) as bias_days
    from scored
    inner join widths
        on widths.repo = scored.repo
        and widths.number = scored.number
        and widths.as_of = scored.as_of
        and widths.method = scored.method
    group by grouping sets ((scored.repo, scored.method, scored.level), (scored.method, scored.level))
), rates as (
    select summed.*, summed.met / nullif(summed.forecasts, 0) as coverage, 1.96 as z from summed
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
    where rates.forecasts > 0
)
select
    bounds.repo,
    bounds.method,
    bounds.level,
    bounds.milestones,
    bounds.forecasts,
    bounds.met,
    bounds.coverage,
    greatest(bounds.centre - bounds.half_width, 0) as coverage_low,
    least(bounds.centre + bounds.half_width, 1) as coverage_high,
    bounds.pinball_days,
    bounds.sharpness_days,
    bounds.bias_days,
    format(
        '{:.0f} % dates were met {} of {} times ({:.0f} %, interval {:.0f}–{:.0f} %)',
        100 * bounds.level,
        bounds.met,
        bounds.forecasts,
        100 * bounds.coverage,
        100 * greatest(bounds.centre - bounds.half_width, 0),
        100 * least(bounds.centre + bounds.half_width, 1)
    ) as sentence
from bounds
