-- When each milestone is likely to be finished, as forecast today from what was known when the day began.
select
    milestones.repo,
    milestones.number,
    milestones.milestone,
    coalesce(forecasts.as_of, cast(parameters.as_of as date)) as as_of,
    coalesce(
        forecasts.state, case when milestones.state = 'closed' then 'closed' else 'insufficient_history' end
    ) as state,
    coalesce(forecasts.reason, 'It has no history yet.') as reason,
    milestones.due_date as target_date,
    forecasts.p50_date,
    forecasts.p85_date,
    forecasts.p95_date,
    forecasts.probability_on_time,
    forecasts.slack_days,
    forecasts.measured_by,
    forecasts.open_items,
    forecasts.closed_items,
    forecasts.weekly_closed,
    forecasts.weekly_added,
    forecasts.share_of_throughput,
    forecasts.active_weeks,
    forecasts.history,
    forecasts.is_calibrated,
    forecasts.calibrated_on
from staging.stg_milestones as milestones
cross join config.parameters as parameters
left join marts.milestone_forecast_days as forecasts
    on forecasts.repo = milestones.repo
    and forecasts.number = milestones.number
    and forecasts.is_latest
