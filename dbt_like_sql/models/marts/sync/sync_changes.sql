-- Every write to Notion and GitHub, as the sync's journal has it: what changed, whether it was read back, how long it
-- took, and how long it waited if earlier tries had failed.
with tries as (
    select
        changes.*,
        -- All tries for one row or pull request up to the one that arrived are of one number.
        count(case when changes.state = 'done' then 1 end) over (
            partition by changes.target, changes.place, changes.title
            order by changes.intended_at, changes.change_id
            rows between unbounded preceding and 1 preceding
        ) as arrivals_before
    from sync.changes as changes
), waited as (
    select
        tries.*,
        min(case when tries.state <> 'refused' then tries.intended_at end) over same as first_intended_at,
        bool_or(tries.state = 'done') over same as has_arrived
    from tries
    window same as (partition by tries.target, tries.place, tries.title, tries.arrivals_before)
), clean as (
    -- By then both sides had been compared whole, and nothing was left to write.
    select max(verifications.verified_at) as verified_at
    from sync.verifications as verifications
    where verifications.failed = 0
)
select
    waited.change_id,
    waited.target,
    waited.kind,
    waited.place,
    waited.title,
    waited.state,
    waited.error,
    json_extract_string(waited.fields, '$[*].field') as changed_fields,
    waited.intended_at,
    waited.settled_at,
    case
        when waited.settled_at is not null then greatest(epoch(waited.settled_at) - epoch(waited.intended_at), 0.0)
    end as settle_seconds,
    cast(waited.intended_at as date) as day,
    strftime(waited.intended_at, '%G-W%V') as week,
    case when waited.state <> 'refused' then waited.first_intended_at end as first_intended_at,
    case
        when waited.state = 'done' then greatest(epoch(waited.settled_at) - epoch(waited.first_intended_at), 0.0)
    end as lag_seconds,
    waited.state in ('failed', 'intended')
    and not waited.has_arrived
    and coalesce(clean.verified_at < waited.intended_at, true) as is_unsynced
from waited
cross join clean
