-- The same failure (fingerprint) of a repository: since when it is known, how often it struck and whom, and what it cost.
select
    g.*,
    strftime(g.first_seen_at, '%G-W%V') as first_week,
    strftime(g.last_seen_at, '%G-W%V') as last_week,
    coalesce(g.first_seen_at > p.as_of - interval 7 day, false) as is_new
from intermediate.int_failure_groups as g
cross join config.parameters as p
