"""What `roadmap status` shows: how fresh the tables are, the latest week, milestones, repositories.

Reads the readers' snapshot, never the live file, so that it answers while a run is under way.
"""

from pathlib import Path
from typing import Any

from roadmap_pipeline.errors import RoadmapError
from roadmap_pipeline.reports.tables import rows
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline.warehouse.snapshot import snapshot_path


def read_status(warehouse: str | Path) -> dict[str, Any]:
    """``{warehouse, as_of, latest_week, milestones, repositories}``; an error without a snapshot."""
    path = snapshot_path(warehouse)
    if not path.exists():
        raise RoadmapError(f"there is no snapshot {path} yet: run `roadmap run` first")
    with connect(path, read_only=True) as con:
        weeks = rows(
            con,
            """
            select w.week, w.runs, w.conclusive_runs, w.final_pass_rate, w.failed_job_attempts, w.top_failure_category,
                w.episodes_open
            from marts.ci_weekly as w where w.repo = '*' and w.is_complete order by w.week_start desc limit 1
            """,
        )
        milestones = rows(
            con,
            """
            select n.title, n.target_date, n.status, n.progress, n.workflow_pass_rate, k.conclusive_runs, n.trend
            from publish.notion_roadmap as n
            join marts.milestone_metrics as k on k.repo = n.repo and k.number = n.number
            order by n.status = 'Completed', n.target_date nulls last, n.title
            """,
        )
        repositories = rows(
            con,
            """
            select r.repo, count(distinct r.run_id) as runs, max(r.created_at) as newest_run,
                strftime(max(r.read_at), '%Y-%m-%d %H:%M') as last_read
            from raw.workflow_runs as r group by r.repo order by r.repo
            """,
        )
        as_of = rows(con, "select p.as_of from config.parameters as p")
    return {
        "warehouse": str(warehouse),
        "as_of": str(as_of[0]["as_of"]) if as_of else None,
        "latest_week": weeks[0] if weeks else None,
        "milestones": milestones,
        "repositories": repositories,
    }
