-- How reliably each side could be written to in the 30 days up to the latest write or comparison; '*' is both together,
-- with what stands between them now.
with compared as (
    select max(verifications.verified_at) as compared_at from sync.verifications as verifications
), latest as (
    -- The journal runs by the clock, which config.parameters.as_of need not do.
    select greatest(max(sync_changes.intended_at), max(compared.compared_at)) as until
    from compared
    left join marts.sync_changes as sync_changes on true
), recent as (
    select sync_changes.*
    from marts.sync_changes as sync_changes
    cross join latest
    where sync_changes.intended_at > latest.until - interval 30 day
), counted as (
    select
        coalesce(recent.target, '*') as target,
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
        quantile_cont(recent.settle_seconds, 0.95) filter (where recent.state = 'done') as settle_p95_seconds,
        quantile_cont(recent.lag_seconds, 0.5) as lag_p50_seconds,
        quantile_cont(recent.lag_seconds, 0.95) as lag_p95_seconds,
        min(recent.first_intended_at) filter (where recent.is_unsynced) as oldest_unsynced_at
    from recent
    group by grouping sets ((recent.target), ())
), syncs as (
    select count(*) as syncs, count(*) filter (where verifications.failed = 0) as complete_syncs
    from sync.verifications as verifications
    cross join latest
    where verifications.verified_at > latest.until - interval 30 day
), conflicts as (
    select count(conflicts.sync_key) as conflicts from sync.conflicts as conflicts
), standing as (
    select
        count(*) filter (where rows.state = 'Needs a person' and not coalesce(rows.is_trashed, false)) as quarantined,
        count(*) filter (where rows.is_trashed) as trashed
    from sync.rows as rows
)
select
    counted.target,
    latest.until - interval 30 day as window_starts_at,
    latest.until as window_ends_at,
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
    counted.settle_p95_seconds,
    counted.verified + counted.failed as scheduled,
    counted.lag_p50_seconds,
    counted.lag_p95_seconds,
    counted.oldest_unsynced_at,
    compared.compared_at as last_compared_at,
    case when counted.target = '*' then syncs.syncs end as syncs,
    case when counted.target = '*' then syncs.complete_syncs end as complete_syncs,
    case when counted.target = '*' then conflicts.conflicts end as conflicts,
    case when counted.target = '*' then standing.quarantined end as quarantined,
    case when counted.target = '*' then standing.trashed end as trashed
from counted
cross join latest
cross join compared
cross join syncs
cross join conflicts
cross join standing
where counted.changes > 0 or (counted.target = '*' and latest.until is not null)
