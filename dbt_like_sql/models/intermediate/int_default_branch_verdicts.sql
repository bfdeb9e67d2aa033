-- How each workflow stands on the default branch: its conclusive attempt there that completed last.
select
    days.repo,
    days.workflow_path,
    days.default_outcome as outcome,
    days.default_completed_at as completed_at,
    days.default_html_url as html_url
from intermediate.int_workflow_days as days
where days.default_outcome is not null
qualify row_number() over (
        partition by days.repo, days.workflow_path
        order by days.default_completed_at desc, days.default_run_id desc, days.default_run_attempt desc
    ) = 1
