-- How reliably each side could be written to in the 30 days up to the latest write; '*' is both together.
with latest as (
    -- The journal runs by the clock, which config.parameters.as_of need not do.
    select max(c.intended_at) as until from marts.sync_changes as c
), recent as (
    select c.*, l.until
    from marts.sync_changes as c
    cross join latest as l
    where c.intended_at > l.until - interval 30 day
), counted as (
    select
        coalesce(r.target, '*') as target,
        max(r.until) - interval 30 day as window_starts_at,
        max(r.until) as window_ends_at,
        count(*) as changes,
        count(*) filter (where r.state = 'done') as verified,
        count(*) filter (where r.state = 'failed') as failed,
        count(*) filter (where r.state = 'refused') as refused,
        count(*) filter (where r.state = 'intended') as unsettled,
        min(r.intended_at) filter (where r.state = 'intended') as oldest_unsettled_at,
        max(r.settled_at) filter (where r.state = 'done') as last_verified_at,
        max(r.settled_at) filter (where r.state = 'failed') as last_failed_at,
        arg_max(r.error, (r.settled_at, r.change_id)) filter (where r.state = 'failed') as last_error,
        quantile_cont(r.settle_seconds, 0.5) filter (where r.state = 'done') as settle_p50_seconds,
        quantile_cont(r.settle_seconds, 0.95) filter (where r.state = 'done') as settle_p95_seconds
    from recent as r
    group by grouping sets ((r.target), ())
)
select
    c.target,
    c.window_starts_at,
    c.window_ends_at,
    c.changes,
    c.verified,
    c.failed,
    c.refused,
    c.unsettled,
    -- What was refused was never sent, and what is under way has not ended: neither speaks for or against the side.
    c.verified / nullif(c.verified + c.failed, 0) as reliability,
    c.last_verified_at,
    c.last_failed_at,
    c.last_error,
    c.oldest_unsettled_at,
    c.settle_p50_seconds,
    c.settle_p95_seconds
from counted as c
where c.changes > 0
