-- Every write to Notion and GitHub, as the sync's journal has it: what changed, whether it was read back, how long it took.
select
    c.change_id,
    c.target,
    c.kind,
    c.place,
    c.title,
    c.state,
    c.error,
    json_extract_string(c.fields, '$[*].field') as changed_fields,
    c.intended_at,
    c.settled_at,
    case
        when c.settled_at is not null then greatest(epoch(c.settled_at) - epoch(c.intended_at), 0.0)
    end as settle_seconds,
    cast(c.intended_at as date) as day,
    strftime(c.intended_at, '%G-W%V') as week
from sync.changes as c
