-- From when to when each milestone was open, as far back as history is read.
select
    milestones.repo,
    milestones.number,
    milestones.milestone,
    greatest(
        coalesce(milestones.created_at, milestones.closed_at, parameters.as_of),
        parameters.as_of - parameters.history_days * interval 1 day
    ) as open_from,
    least(case when milestones.state = 'closed' then milestones.closed_at end, parameters.as_of) as open_until
from staging.stg_milestones as milestones
cross join config.parameters as parameters
