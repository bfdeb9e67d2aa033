-- Every write to Notion and GitHub, as the sync's journal has it: what changed, whether it was read back, how long it
-- took.
select
    changes.change_id,
    changes.target,
    changes.kind,
    changes.place,
    changes.title,
    changes.state,
    changes.error,
    json_extract_string(changes.fields, '$[*].field') as changed_fields,
    changes.intended_at,
    changes.settled_at,
    case
        when changes.settled_at is not null then greatest(epoch(changes.settled_at) - epoch(changes.intended_at), 0.0)
    end as settle_seconds,
    cast(changes.intended_at as date) as day,
    strftime(changes.intended_at, '%G-W%V') as week
from sync.changes as changes
