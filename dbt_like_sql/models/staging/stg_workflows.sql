-- The workflows that are known by their ids, with the file that each has now.
select
    w.repo,
    w.workflow_id,
    split_part(w.path, '@', 1) as workflow_path,
    w.state,
    w.created_at,
    w.removed_at
from raw.workflows as w
where w.path <> ''
