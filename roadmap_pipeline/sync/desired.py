"""The desired state of Notion and GitHub: the ``publish`` tables as typed rows.

Maps columns to the properties of the contract. Computing values belongs to the SQL
models, comparing them with what is there to :mod:`roadmap_pipeline.sync.notion_rows` and
:mod:`roadmap_pipeline.sync.comments`.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from roadmap_pipeline.errors import RoadmapError
from roadmap_pipeline.notion.markdown import fit

if TYPE_CHECKING:
    import duckdb

REPORT_KEY = "report:"
"""Before a report's name: the sync key of its row."""

REPORT_NAME = "Report Name"
REPORT_CONTENT = "Report Content"
MILESTONE = "🧩 Milestone"
LATEST_CI_HEALTH = "📎 Latest CI Health"

REPORT_COLUMNS: Mapping[str, str] = {
    REPORT_NAME: "report_name",
    "Report Date": "report_date",
    "Analysis Period": "analysis_period",
    "Total Failures": "total_failures",
    "Auto-fix Success Rate": "autofix_success_rate",
    "Average MTTR": "average_mttr_hours",
    "Top Failure Category": "top_failure_category",
    REPORT_CONTENT: "report_content",
    "GitHub Link": "github_link",
}

ROADMAP_COLUMNS: Mapping[str, str] = {
    MILESTONE: "title",
    "📆 Target Date": "target_date",
    "✅ Status": "status",
    "📊 Progress": "progress",
    LATEST_CI_HEALTH: "latest_report_name",
    "📦 Related PR": "related_pr",
    "🧪 Workflow Pass Rate": "workflow_pass_rate",
    "🩹 Auto-Fix Success": "autofix_success",
    "⏱️ MTTR": "mttr_hours",
    "📈 Trend": "trend",
    "📝 Notes": "notes",
}


@dataclass(frozen=True, slots=True)
class DesiredRow:
    """A row that a Notion database should have. ``values`` are in plain form; ``body`` is the page's Markdown.

    ``names`` is what people may call it by: its title, and the milestone's where the title has a suffix.
    """

    sync_key: str
    title: str
    values: Mapping[str, Any]
    body: str | None = None
    names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class DesiredComment:
    """The sticky comment that an open pull request should have, without marker; the tables are those of ``as_of``."""

    repo: str
    number: int
    head_sha: str
    body: str
    as_of: datetime | None = None

    @property
    def text(self) -> str:
        """The body, and below it as of when it speaks."""
        return self.body if self.as_of is None else f"{self.body}\n\n<sub>as of {self.as_of:%Y-%m-%d %H:%M} UTC</sub>"


def timeless(text: str) -> str:
    """Return a comment's text without the line that says as of when it speaks: that alone is no reason to edit it."""
    return _AS_OF.sub("", text)


_AS_OF = re.compile(r"\s*<sub>as of [^<\n]{1,30}</sub>\s*\Z")


@dataclass(frozen=True, slots=True)
class SkippedComment:
    """An open pull request that has no comment, and why: ``locked`` or ``archived``."""

    repo: str
    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class DesiredState:
    """The state that Notion and GitHub should have, by part; empty for parts that weren't asked for."""

    reports: Sequence[DesiredRow] = ()
    milestones: Sequence[DesiredRow] = ()
    comments: Sequence[DesiredComment] = ()
    skipped: Sequence[SkippedComment] = ()


def read_desired_state(
    con: "duckdb.DuckDBPyConnection", parts: Collection[str], report_name: str | None = None
) -> DesiredState:
    """Read the ``publish`` tables for ``parts``; ``report_name`` narrows the reports to one."""
    return DesiredState(
        reports=desired_reports(con, report_name) if "reports" in parts else (),
        milestones=desired_roadmap(con) if "roadmap" in parts else (),
        comments=desired_comments(con) if "comments" in parts else (),
        skipped=skipped_comments(con) if "comments" in parts else (),
    )


def desired_reports(con: "duckdb.DuckDBPyConnection", report_name: str | None = None) -> list[DesiredRow]:
    """Return the rows of *CI Intelligence Reports*, oldest first; ``report_name`` narrows to one.

    Raises:
        RoadmapError: There is no report of that name: nothing to write would look like written.
    """
    desired = []
    for row in _rows(con, "publish.notion_ci_reports", "report_date, report_name"):
        if report_name not in (None, row["report_name"]):
            continue
        content = fit(row["report_content"], f"derived.reports (report_name {row['report_name']})")
        values = {name: _plain(row[column]) for name, column in REPORT_COLUMNS.items()} | {REPORT_CONTENT: content}
        desired.append(DesiredRow(REPORT_KEY + row["report_name"], row["report_name"], values, content))
    if report_name is not None and not desired:
        raise RoadmapError(f"{report_name} is not published: publish.notion_ci_reports has no row of that name")
    return desired


def desired_roadmap(con: "duckdb.DuckDBPyConnection") -> list[DesiredRow]:
    """Return the rows of *Engineering Roadmap*."""
    desired = []
    for row in _rows(con, "publish.notion_roadmap", "repo, number"):
        values = {name: _plain(row[column]) for name, column in ROADMAP_COLUMNS.items()}
        key = f"milestone:{row['repo']}#{row['number']}"
        desired.append(DesiredRow(key, row["title"], values, names=frozenset({row["title"], row["milestone"]})))
    return desired


def desired_comments(con: "duckdb.DuckDBPyConnection") -> list[DesiredComment]:
    """Return the sticky comments of open pull requests."""
    (as_of,) = con.execute("select max(p.as_of) from config.parameters as p").fetchall()[0]
    return [
        DesiredComment(row["repo"], row["number"], row["head_sha"], row["body"], as_of)
        for row in _rows(con, "publish.pull_request_comments", "repo, number")
    ]


def skipped_comments(con: "duckdb.DuckDBPyConnection") -> list[SkippedComment]:
    """Return the open pull requests on which nobody can comment."""
    rows = con.execute(
        "select p.repo, p.number, case when r.is_archived then 'archived' else 'locked' end"
        " from raw.pull_requests as p left join raw.repositories as r on r.repo = p.repo"
        " where p.state = 'open' and (p.is_locked or r.is_archived) order by p.repo, p.number"
    ).fetchall()
    return [SkippedComment(*row) for row in rows]


def _rows(con: "duckdb.DuckDBPyConnection", table: str, order: str) -> list[dict[str, Any]]:
    import duckdb

    try:
        cursor = con.execute(f"select * from {table} order by {order}")  # noqa: S608
    except duckdb.CatalogException as error:
        raise RoadmapError(f"{table} has not been built yet: run `roadmap run` or `roadmap build` first") from error
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]


def _plain(value: Any) -> Any:
    """Return a value as the rows of Notion are read: None for empty, dates as text, every number a float."""
    if value is None or value == "":
        return None
    if isinstance(value, bool | str):
        return value
    return float(value) if isinstance(value, int | float) else value.isoformat()
