-- Issues as the roadmap needs them.
select
    i.repo,
    i.number,
    i.title,
    i.state,
    i.milestone_number,
    list_transform(coalesce(i.labels, []), lambda label: lower(trim(label))) as labels,
    i.created_at,
    i.closed_at,
    i.html_url
from raw.issues as i
