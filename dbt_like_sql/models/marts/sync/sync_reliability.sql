-- How reliably each side could be written to in the 30 days up to the latest write; '*' is both together.
with latest as (
    -- The journal runs by the clock, which config.parameters.as_of need not do.
    select max(sync_changes.intended_at) as until from marts.sync_changes as sync_changes
), recent as (
    select sync_changes.*, latest.until
    from marts.sync_changes as sync_changes
    cross join latest
    where sync_changes.intended_at > latest.until - interval 30 day
), counted as (
    select
        coalesce(recent.target, '*') as target,
        max(recent.until) - interval 30 day as window_starts_at,
        max(recent.until) as window_ends_at,
        count(*) as changes,
        count(*) filter (where recent.state = 'done') as verified,
        count(*) filter (where recent.state = 'failed') as failed,
        count(*) filter (where recent.state = 'refused') as refused,
        count(*) filter (where recent.state = 'intended') as unsettled,
        min(recent.intended_at) filter (where recent.state = 'intended') as oldest_unsettled_at,
        max(recent.settled_at) filter (where recent.state = 'done') as last_verified_at,
        max(recent.settled_at) filter (where recent.state = 'failed') as last_failed_at,
        arg_max(
            recent.error,
            (recent.settled_at, recent.change_id)
        ) filter (where recent.state = 'failed') as last_error,
        quantile_cont(recent.settle_seconds, 0.5) filter (where recent.state = 'done') as settle_p50_seconds,
        quantile_cont(recent.settle_seconds, 0.95) filter (where recent.state = 'done') as settle_p95_seconds
    from recent
    group by grouping sets ((recent.target), ())
)
select
    counted.target,
    counted.window_starts_at,
    counted.window_ends_at,
    counted.changes,
    counted.verified,
    counted.failed,
    counted.refused,
    counted.unsettled,
    -- What was refused was never sent, and what is under way has not ended: neither speaks for or against the side.
    counted.verified / nullif(counted.verified + counted.failed, 0) as reliability,
    counted.last_verified_at,
    counted.last_failed_at,
    counted.last_error,
    counted.oldest_unsettled_at,
    counted.settle_p50_seconds,
    counted.settle_p95_seconds
from counted
where counted.changes > 0
