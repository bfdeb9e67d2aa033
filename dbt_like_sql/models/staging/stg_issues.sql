-- Issues as the roadmap needs them.
select
    issues.repo,
    issues.number,
    issues.title,
    issues.state,
    issues.milestone_number,
    issues.tracks_milestone,
    coalesce(issues.state = 'closed' and issues.state_reason = 'duplicate', false) as is_duplicate,
    list_transform(coalesce(issues.labels, []), lambda label: lower(trim(label))) as labels,
    issues.created_at,
    issues.updated_at,
    issues.closed_at,
    issues.html_url
from raw.issues as issues
