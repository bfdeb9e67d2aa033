-- Past forecasts beside what came: which dates were met. A milestone that is not finished decides only those that have
-- passed.
with ends as (
    select
        backtest.*,
        milestones.milestone,
        case when milestones.state = 'closed' then cast(milestones.closed_at as date) end as finished_on,
        cast(parameters.as_of as date) as today
    from derived.forecast_backtest as backtest
    inner join staging.stg_milestones as milestones
        on milestones.repo = backtest.repo and milestones.number = backtest.number
    cross join config.parameters as parameters
    where backtest.as_of <= cast(parameters.as_of as date)
)
select
    ends.repo,
    ends.number,
    ends.milestone,
    ends.as_of,
    ends.state,
    ends.measured_by,
    ends.open_items,
    ends.weekly_closed,
    ends.weekly_added,
    ends.p50_date,
    ends.p85_date,
    ends.p95_date,
    ends.raw_p50_date,
    ends.raw_p85_date,
    ends.raw_p95_date,
    ends.bootstrap_p50_date,
    ends.bootstrap_p85_date,
    ends.bootstrap_p95_date,
    ends.velocity_date,
    ends.target_date,
    ends.calibrated_on,
    ends.finished_on,
    ends.finished_on is null as is_censored,
    case
        when ends.finished_on <= ends.p50_date then true
        when least(coalesce(ends.finished_on, ends.today), ends.today) > ends.p50_date then false
    end as is_p50_met,
    case
        when ends.finished_on <= ends.p85_date then true
        when least(coalesce(ends.finished_on, ends.today), ends.today) > ends.p85_date then false
    end as is_p85_met,
    case
        when ends.finished_on <= ends.p95_date then true
        when least(coalesce(ends.finished_on, ends.today), ends.today) > ends.p95_date then false
    end as is_p95_met
from ends
