-- How each workflow stands on the default branch: its conclusive attempt there that completed last.
select
    d.repo,
    d.workflow_path,
    d.default_outcome as outcome,
    d.default_completed_at as completed_at,
    d.default_html_url as html_url
from intermediate.int_workflow_days as d
where d.default_outcome is not null
qualify row_number() over (
    partition by d.repo, d.workflow_path
    order by d.default_completed_at desc, d.default_run_id desc, d.default_run_attempt desc
) = 1
