"""The content of `roadmap status`: how fresh the tables are, the latest week, milestones, repositories, what lacks.

Reads the readers' snapshot, so that it answers while a run is under way; how both sides stand is newer in the live
file, which is asked only while nobody writes to it.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from roadmap_pipeline.reports import coverage
from roadmap_pipeline.reports import format as fmt
from roadmap_pipeline.reports.sync_status import read_sync_status
from roadmap_pipeline.reports.tables import rows
from roadmap_pipeline.warehouse.query import open_published
from roadmap_pipeline.warehouse.retention import dropped_so_far

if TYPE_CHECKING:
    import duckdb

_MILESTONES = """
    select n.title, n.target_date, n.status, n.progress, n.work_done, n.workflow_pass_rate,
        k.conclusive_runs, n.trend, n.repo, n.number, n.risk, s.open_risks
    from publish.notion_roadmap as n
    join marts.milestone_metrics as k on k.repo = n.repo and k.number = n.number
    left join marts.milestone_risk_summary as s on s.repo = n.repo and s.number = n.number
    order by n.status = 'Completed', n.target_date nulls last, n.title
"""


def read_status(warehouse: str | Path) -> dict[str, Any]:
    """Return how things stand, as one object; an error without a snapshot.

    Returns:
        ``{warehouse, as_of, latest_week, headline, milestones, repositories, unread, dropped, sync}``. ``latest_week``
        holds in ``rests_on`` what it rests on where not all of it was read; ``headline`` is that of its report, in
        Markdown, once that was given out; milestones have their ``page_url`` in Notion once they have a row.
    """
    with open_published(warehouse) as con:
        weeks = rows(
            con,
            """
            select w.week, w.runs, w.conclusive_runs, w.final_pass_rate, w.failed_job_attempts, w.top_failure_category,
                w.episodes_open
            from marts.ci_weekly as w
            cross join config.parameters as p
            where w.repo = '*' and w.week_start + interval 7 day <= p.as_of
            order by w.week_start desc
            limit 1
            """,
        )
        for week in weeks:
            covered = coverage.coverage_of_week(con, week["week"])
            week["rests_on"] = coverage.rests_on(covered, fmt.monday_of(week["week"])).replace("**", "")
        headline = _headline(con, weeks[0]["week"]) if weeks else None
        milestones = rows(con, _MILESTONES)
        repositories = rows(
            con,
            """
            select r.repo, count(distinct r.run_id) as runs, max(r.created_at) as newest_run,
                strftime(max(r.read_at), '%Y-%m-%d %H:%M') as last_read
            from raw.workflow_runs as r group by r.repo order by r.repo
            """,
        )
        read = {row.pop("repo"): row for row in coverage.coverage_by_repository(con)}
        for repository in repositories:
            repository |= read.get(repository["repo"], {})
        unread = [one.to_json() | {"text": one.sentence()} for one in coverage.unread(con)]
        as_of = rows(con, "select p.as_of from config.parameters as p")
        dropped = [one.to_json() | {"text": one.sentence()} for one in dropped_so_far(con)]
        sync = read_sync_status(warehouse, con)
    pages = sync.pop("pages")
    for milestone in milestones:
        milestone["page_url"] = pages.get((milestone["repo"], milestone["number"]))
    return {
        "warehouse": str(warehouse),
        "as_of": str(as_of[0]["as_of"]) if as_of else None,
        "latest_week": weeks[0] if weeks else None,
        "headline": headline,
        "milestones": milestones,
        "repositories": repositories,
        "unread": unread,
        "dropped": dropped,
        "sync": sync,
    }


def _headline(con: "duckdb.DuckDBPyConnection", week: str) -> str | None:
    """Return the first paragraph below the heading of the week's report; None while it wasn't given out."""
    sql = "select r.content from sync.released_reports as r where r.kind = 'weekly' and r.period = ?"
    for (content,) in con.execute(sql, [week]).fetchall():
        _, _, text = str(content).partition("\n\n")
        return text.partition("\n\n")[0].strip() or None
    return None
