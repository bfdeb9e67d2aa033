"""The desired state of Notion and GitHub: the ``publish`` tables as typed rows.

Maps columns to the properties of the contract. Computing values belongs to the SQL
models, comparing them with what is there to :mod:`roadmap_pipeline.sync.notion_rows` and
:mod:`roadmap_pipeline.sync.comments`.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from roadmap_pipeline.errors import RoadmapError
from roadmap_pipeline.notion.layout import FORECAST, FORECAST_STATE, ON_TIME, RISK, WORK_DONE
from roadmap_pipeline.sync.canonical import STATUS, TARGET_DATE, TITLE

if TYPE_CHECKING:
    import duckdb

REPORT_KEY = "report:"
"""Before a report's name: the sync key of its row."""

REPORT_NAME = "Report Name"
REPORT_CONTENT = "Report Content"
PROGRESS = "📊 Progress"
NOTES = "📝 Notes"
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

SHARED_COLUMNS: Mapping[str, str] = {TITLE: "title", TARGET_DATE: "target_date", STATUS: "status"}

COMPUTED_COLUMNS: Mapping[str, str] = {
    PROGRESS: "progress",
    LATEST_CI_HEALTH: "latest_report_name",
    "📦 Related PR": "related_pr",
    "🧪 Workflow Pass Rate": "workflow_pass_rate",
    "🩹 Auto-Fix Success": "autofix_success",
    "⏱️ MTTR": "mttr_hours",
    "📈 Trend": "trend",
    NOTES: "notes",
    WORK_DONE: "work_done",
    FORECAST: "forecast_date",
    ON_TIME: "probability_on_time",
    FORECAST_STATE: "forecast_reason",
    RISK: "risk",
}

ROADMAP_COLUMNS: Mapping[str, str] = {**SHARED_COLUMNS, **COMPUTED_COLUMNS}
"""Properties of the roadmap that are filled from ``publish.notion_roadmap``; the sync's own are not among them."""


@dataclass(frozen=True, slots=True)
class DesiredRow:
    """A row that a Notion database should have. ``values`` are in plain form; ``body`` is the page's Markdown."""

    sync_key: str
    title: str
    values: Mapping[str, Any]
    body: str | None = None


@dataclass(frozen=True, slots=True)
class DesiredMilestone:
    """The tables' word on a milestone's row: computed figures, and the shared fields as they were last read.

    Attributes:
        node_id: GitHub's, which outlives names; None where it was never read.
        milestone: The title, without a suffix.
        computed: Values by property.
        shared: The shared fields by property, for when GitHub can't be asked.
        page: The Markdown of the row's page.
    """

    repo: str
    number: int
    node_id: str | None
    milestone: str
    computed: Mapping[str, Any]
    shared: Mapping[str, Any]
    page: str | None = None


@dataclass(frozen=True, slots=True)
class DesiredComment:
    """The sticky comment that an open pull request should have, without marker; the tables are those of ``as_of``.

    ``body_when_new`` is what it says where there is none or one of a single line, ``may_create`` whether a new one is
    worth it at all.
    """

    repo: str
    number: int
    head_sha: str
    body: str
    body_when_new: str
    may_create: bool
    as_of: datetime | None = None

    def text(self, *, existing: str | None) -> str:
        """Return what it should say, and as of when; ``existing`` is what it says now, None where there is none.

        What began as a single line stays one until there is more to say, and what said more goes on saying it all:
        so a run that finds nothing new writes nothing.
        """
        began_short = existing is not None and "\n" in self.body and "\n" not in timeless(existing).strip()
        is_short = existing is None or began_short
        body = self.body_when_new if is_short else self.body
        if self.as_of is None:
            return body
        place = " " if is_short and "\n" not in body else "\n\n"
        return f"{body}{place}<sub>as of {self.as_of:%Y-%m-%d %H:%M} UTC</sub>"


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
class TrackingFacts:
    """The facts that a tracking issue states, in Markdown, and the report that it links to."""

    body: str
    report_name: str | None = None


@dataclass(frozen=True, slots=True)
class LabelledMilestone:
    """A milestone that labels of open pull requests ask for, with their numbers."""

    repo: str
    title: str
    pull_requests: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DesiredState:
    """The state that Notion and GitHub should have, by part; empty for parts that weren't asked for."""

    reports: Sequence[DesiredRow] = ()
    milestones: Sequence[DesiredMilestone] = ()
    labelled: Sequence[LabelledMilestone] = ()
    """The milestones that labels ask for and that were not there when the tables were built."""
    tracking: Mapping[tuple[str, int], "TrackingFacts"] = field(default_factory=dict)
    """The facts that a milestone's tracking issue should state, by repository and number."""
    comments: Sequence[DesiredComment] = ()
    skipped: Sequence[SkippedComment] = ()


def read_desired_state(
    con: "duckdb.DuckDBPyConnection", parts: Collection[str], report_name: str | None = None
) -> DesiredState:
    """Read the ``publish`` tables for ``parts``; ``report_name`` narrows the reports to one."""
    return DesiredState(
        reports=desired_reports(con, report_name) if "reports" in parts else (),
        milestones=desired_roadmap(con) if {"roadmap", "tracking_issues"} & set(parts) else (),
        labelled=labelled_milestones(con) if "roadmap" in parts else (),
        tracking=desired_tracking(con) if "tracking_issues" in parts else {},
        comments=desired_comments(con) if "comments" in parts else (),
        skipped=skipped_comments(con) if "comments" in parts else (),
    )


def desired_reports(con: "duckdb.DuckDBPyConnection", report_name: str | None = None) -> list[DesiredRow]:
    """Return the rows of *CI Intelligence Reports*, oldest first; ``report_name`` narrows to one.

    Raises:
        RoadmapError: There is no report of that name: nothing to write would look like written.
    """
    # The columns above are for the definitions, too, which render nothing.
    from roadmap_pipeline.notion.markdown import fit

    desired = []
    for row in _rows(con, "publish.notion_ci_reports", "report_date, report_name"):
        if report_name not in (None, row["report_name"]):
            continue
        content = fit(row["report_content"], _printed_by(row["report_name"]))
        values = {name: _plain(row[column]) for name, column in REPORT_COLUMNS.items()} | {REPORT_CONTENT: content}
        desired.append(DesiredRow(REPORT_KEY + row["report_name"], row["report_name"], values, content))
    if report_name is not None and not desired:
        raise RoadmapError(f"{report_name} is not published: publish.notion_ci_reports has no row of that name")
    return desired


def _printed_by(report_name: str) -> str:
    """Return how whoever reads a report that was cut comes to the whole."""
    week = _WEEKLY.fullmatch(report_name)
    return f"printed by `roadmap report --week {week[1]}`" if week else f"in derived.reports as {report_name}"


_WEEKLY = re.compile(r"ci-report-(\d{4}-W\d{2})\.md")


def desired_roadmap(con: "duckdb.DuckDBPyConnection") -> list[DesiredMilestone]:
    """Return what the tables say of the rows of *Engineering Roadmap*; nothing before they are built.

    Milestones need no tables: GitHub says which there are.
    """
    if not _is_built(con, "notion_roadmap"):
        return []
    return [
        DesiredMilestone(
            row["repo"],
            row["number"],
            row["node_id"],
            row["milestone"],
            {name: _plain(row[column]) for name, column in COMPUTED_COLUMNS.items()},
            {name: _plain(row[column]) for name, column in SHARED_COLUMNS.items()},
            row["page"],
        )
        for row in _rows(con, "publish.notion_roadmap", "repo, number")
    ]


def labelled_milestones(con: "duckdb.DuckDBPyConnection") -> list[LabelledMilestone]:
    """Return the milestones that labels ask for; nothing before the table is built."""
    if not _is_built(con, "milestones_to_create"):
        return []
    rows = _rows(con, "publish.milestones_to_create", "repo, title")
    return [LabelledMilestone(row["repo"], row["title"], tuple(row["pull_request_numbers"])) for row in rows]


def desired_tracking(con: "duckdb.DuckDBPyConnection") -> dict[tuple[str, int], TrackingFacts]:
    """Return the facts that tracking issues should state, by repository and number; nothing before they are built."""
    if not _is_built(con, "tracking_issues"):
        return {}
    rows = _rows(con, "publish.tracking_issues", "repo, number")
    return {(row["repo"], row["number"]): TrackingFacts(row["body"], row["latest_report_name"]) for row in rows}


def desired_comments(con: "duckdb.DuckDBPyConnection") -> list[DesiredComment]:
    """Return the sticky comments of open pull requests."""
    (as_of,) = con.execute("select max(p.as_of) from config.parameters as p").fetchall()[0]
    return [
        DesiredComment(
            row["repo"], row["number"], row["head_sha"], row["body"], row["body_when_new"], row["may_create"], as_of
        )
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


def _is_built(con: "duckdb.DuckDBPyConnection", table: str) -> bool:
    query = "select 1 from information_schema.tables where table_schema = 'publish' and table_name = ?"
    return con.execute(query, [table]).fetchone() is not None


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
