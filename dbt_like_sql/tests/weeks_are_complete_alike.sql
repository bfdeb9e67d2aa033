select c.repo, c.week
from marts.ingest_coverage as c
left join marts.period_coverage as p on p.repo = c.repo and p.grain = 'week' and p.period = c.week
where p.is_complete is distinct from c.is_complete
