-- The workflows that are known by their ids, with the file that each has now.
select
    workflows.repo,
    workflows.workflow_id,
    split_part(workflows.path, '@', 1) as workflow_path,
    workflows.state,
    workflows.created_at,
    workflows.removed_at
from raw.workflows as workflows
where workflows.path <> ''
