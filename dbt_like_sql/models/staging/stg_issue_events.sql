-- What happened to issues and pull requests: closed, labelled, put into a milestone, …
select
    issue_events.repo,
    issue_events.event_id,
    issue_events.issue_number as item_number,
    issue_events.event,
    issue_events.actor,
    issue_events.label,
    issue_events.milestone_title,
    issue_events.created_at
from raw.issue_events as issue_events
where issue_events.issue_number is not null and issue_events.created_at is not null
