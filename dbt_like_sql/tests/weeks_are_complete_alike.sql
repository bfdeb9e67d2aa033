select ingest_coverage.repo, ingest_coverage.week
from marts.ingest_coverage as ingest_coverage
left join marts.period_coverage as coverage
    on coverage.repo = ingest_coverage.repo
    and coverage.grain = 'week'
    and coverage.period = ingest_coverage.week
where coverage.is_complete is distinct from ingest_coverage.is_complete
