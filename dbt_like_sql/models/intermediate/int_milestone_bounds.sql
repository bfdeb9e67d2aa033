-- From when to when each milestone was open, as far back as history is read.
select
    milestones.repo,
    milestones.number,
    milestones.milestone,
    -- greatest() and least() pass over what is not known.
    greatest(milestones.created_at, parameters.as_of - parameters.history_days * interval 1 day) as open_from,
    least(case when milestones.state = 'closed' then milestones.closed_at end, parameters.as_of) as open_until
from staging.stg_milestones as milestones
cross join config.parameters as parameters
