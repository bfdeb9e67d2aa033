-- Forecasts of milestones by the day on which they were made, the newest and the published one marked.
with weeks as (
    select
        forecasts.*,
        milestones.milestone,
        max(forecasts.as_of) over by_milestone as latest_as_of,
        last_value(forecasts.state) over by_milestone as latest_state,
        last_value(forecasts.target_date) over by_milestone as latest_target_date,
        max(
            case when forecasts.as_of <= date_trunc('week', parameters.as_of) then forecasts.as_of end
        ) over by_milestone as week_as_of
    from derived.milestone_forecasts as forecasts
    inner join staging.stg_milestones as milestones
        on milestones.repo = forecasts.repo and milestones.number = forecasts.number
    cross join config.parameters as parameters
    -- A replay of an earlier day knows nothing of later ones.
    where forecasts.as_of <= cast(parameters.as_of as date)
    window by_milestone as (
        partition by forecasts.repo, forecasts.number
        order by forecasts.as_of
        rows between unbounded preceding and unbounded following
    )
), published as (
    select
        weeks.*,
        -- Dates that move a day or two every day tell nobody anything: the week's first forecast stands, unless the
        -- milestone's state or target has changed since.
        coalesce(
            max(
                case
                    when
                        weeks.as_of = weeks.week_as_of
                        and weeks.state = weeks.latest_state
                        and coalesce(weeks.target_date = weeks.latest_target_date, weeks.latest_target_date is null)
                        then weeks.as_of
                end
            ) over (partition by weeks.repo, weeks.number),
            weeks.latest_as_of
        ) as published_as_of
    from weeks
)
select
    published.repo,
    published.number,
    published.milestone,
    published.as_of,
    published.state,
    published.reason,
    published.target_date,
    published.p50_date,
    published.p85_date,
    published.p95_date,
    published.probability_on_time,
    date_diff('day', published.p85_date, published.target_date) as slack_days,
    published.measured_by,
    published.open_items,
    published.closed_items,
    published.weekly_closed,
    published.weekly_added,
    published.share_of_throughput,
    published.active_weeks,
    published.history,
    published.calibrated_on > 0 as is_calibrated,
    published.calibrated_on,
    published.as_of = published.latest_as_of as is_latest,
    published.as_of = published.published_as_of as is_published
from published
