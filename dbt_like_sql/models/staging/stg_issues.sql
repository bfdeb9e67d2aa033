-- Issues as the roadmap needs them. A task list in the text goes before sub-issues: it is what people tick off.
with listed as (
    select
        issues.*,
        len(regexp_extract_all(issues.payload ->> 'body', '(?m)^[ \t]*[-*+][ \t]+\[[ xX]\][ \t]')) as body_tasks,
        len(regexp_extract_all(issues.payload ->> 'body', '(?m)^[ \t]*[-*+][ \t]+\[[xX]\][ \t]')) as body_tasks_done,
        try_cast(issues.payload -> 'sub_issues_summary' ->> 'total' as integer) as sub_issues,
        try_cast(issues.payload -> 'sub_issues_summary' ->> 'completed' as integer) as sub_issues_done
    from raw.issues as issues
)
select
    issues.repo,
    issues.number,
    issues.title,
    issues.state,
    issues.milestone_number,
    issues.tracks_milestone,
    coalesce(issues.state = 'closed' and issues.state_reason = 'duplicate', false) as is_duplicate,
    list_transform(coalesce(issues.labels, []), lambda label: lower(trim(label))) as labels,
    coalesce(json_extract_string(issues.payload, '$.assignees[*].login'), []) as assignees,
    cast(
        case when issues.body_tasks > 0 then issues.body_tasks else coalesce(issues.sub_issues, 0) end as integer
    ) as tasks,
    cast(
        case when issues.body_tasks > 0 then issues.body_tasks_done else coalesce(issues.sub_issues_done, 0) end
        as integer
    ) as tasks_done,
    issues.created_at,
    issues.updated_at,
    issues.closed_at,
    issues.html_url
from listed as issues
