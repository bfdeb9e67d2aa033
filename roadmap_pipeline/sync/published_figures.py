"""Remembering the figures of reports as they were first published, so that later reports can say what was restated.

Belongs here: noting them. Which figures, and what differs now, is said in ``marts.ci_weekly_figures`` and
``marts.restatements``; for quarters in ``marts.quarterly_figures`` and ``marts.quarterly_restatements``.
"""

from datetime import UTC, datetime

from roadmap_pipeline.warehouse.connection import transaction
from roadmap_pipeline.warehouse.session import WarehouseSession

# A report was published once its row was confirmed in Notion (sync.row_bases); a week that isn't over, or not read to
# its end yet, changes anyway. What GitHub refuses may never come.
_NOTE = """
insert into sync.published_figures by name
select f.repo, f.week, f.figure, f.value, cast(? as timestamp) as published_at
from marts.ci_weekly_figures as f
inner join derived.reports as r on r.kind = 'weekly' and r.period = f.week
semi join sync.row_bases as b on b.sync_key = 'report:' || r.report_name
anti join sync.published_figures as p on p.repo = f.repo and p.week = f.week and p.figure = f.figure
left join marts.ingest_coverage as c on c.repo = f.repo and c.week = f.week
where f.is_complete or (c.reason = 'refused' and c.listed_until >= c.week_start + interval 7 day)
"""

_NOTE_QUARTER = """
insert into sync.published_quarterly_figures by name
select f.quarter, f.figure, f.value, cast(? as timestamp) as published_at
from marts.quarterly_figures as f
inner join derived.quarterly_reports as r on r.period = f.quarter and r.is_over and r.is_whole
semi join sync.row_bases as b on b.sync_key = 'report:' || r.report_name
anti join sync.published_quarterly_figures as p on p.quarter = f.quarter and p.figure = f.figure
"""

_IS_THERE = "select 1 from duckdb_views() where schema_name = 'marts' and view_name = ?"


def note_published_figures(warehouse: WarehouseSession, now: datetime) -> None:
    """Note the figures of reports that are in Notion and weren't noted yet; what was noted stays as it is."""
    at = now.astimezone(UTC).replace(tzinfo=None)
    with warehouse.connect() as con, transaction(con):
        # A warehouse that holds rows to publish from elsewhere may have no figures.
        for view, note in (("ci_weekly_figures", _NOTE), ("quarterly_figures", _NOTE_QUARTER)):
            if con.execute(_IS_THERE, [view]).fetchone():
                con.execute(note, [at])
