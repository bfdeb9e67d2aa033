-- The same failure (fingerprint) of a repository: since when it is known, how often it struck and whom, and what it
-- cost.
select
    failure_groups.*,
    strftime(failure_groups.first_seen_at, '%G-W%V') as first_week,
    strftime(failure_groups.last_seen_at, '%G-W%V') as last_week,
    coalesce(failure_groups.first_seen_at > parameters.as_of - interval 7 day, false) as is_new
from intermediate.int_failure_groups as failure_groups
cross join config.parameters as parameters
