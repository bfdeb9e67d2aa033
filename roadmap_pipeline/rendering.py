"""Rendering all that is published from the tables as they are: the week's report, the comments, the ``publish`` tables.

Belongs here: doing it as a whole or not at all. What a text says belongs to ``reports``, what is written outside to
``sync``. The assets do the same step by step.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from roadmap_pipeline.errors import RoadmapError
from roadmap_pipeline.reports.pull_request import pull_request_comments
from roadmap_pipeline.reports.weekly import NothingToReport, weekly_report
from roadmap_pipeline.warehouse.connection import scalar, transaction
from roadmap_pipeline.warehouse.models import Policy, Project, build
from roadmap_pipeline.warehouse.raw import replace_rows, replace_table

if TYPE_CHECKING:
    import duckdb

PUBLISHED = "publish"


def render_published(
    con: "duckdb.DuckDBPyConnection", project: Callable[[], Project], week: str, *, incremental: bool = True
) -> list[str]:
    """Render the report of ``week`` and all comments, and bring the ``publish`` tables up to date.

    All texts are rendered before the first is stored. A warehouse without marts is left as it is: what it holds to
    publish comes from elsewhere. Returns notes. Within a transaction that is taken back nothing is ``incremental``.

    Raises RoadmapError when something isn't built that texts are rendered from.
    """
    import duckdb

    notes: list[str] = []
    reports = []
    if not scalar(con, "select count(*) from information_schema.tables where table_schema = 'marts'"):
        return notes
    try:
        comments = pull_request_comments(con)
        reports.append(weekly_report(con, week).row())
    except NothingToReport as error:
        notes.append(str(error))
    except duckdb.CatalogException as error:
        raise RoadmapError("not all tables are built that reports are made from: run `roadmap build` first") from error
    with transaction(con):
        replace_table(con, "derived.pull_request_comments", comments)
        replace_rows(con, "derived.reports", reports)
    build(con, project(), lambda model: model.schema == PUBLISHED, Policy(incremental=incremental))
    return notes
