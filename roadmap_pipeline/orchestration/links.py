"""Links from assets to what they published: pages in Notion, pull requests, issues and milestones on GitHub.

Belongs here: where published things are, as metadata in the UI. They are recorded with a materialization, so that each
run links to what there was then.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg

from roadmap_pipeline.notion.layout import SCHEMAS
from roadmap_pipeline.orchestration.metadata import Markdown, markdown_table
from roadmap_pipeline.reports import format as fmt
from roadmap_pipeline.sync.desired import REPORT_KEY

if TYPE_CHECKING:
    import duckdb

MOST_LINKS = 50
"""Rows of a table of links; those that people look for are the first ones."""

# From tables that are always there: a two-way sync needs no build.
_ROWS = """
from sync.rows as rows
left join raw.milestones as milestones on milestones.repo = rows.repo and milestones.number = rows.number
left join raw.issues as issues on issues.repo = rows.repo and issues.number = rows.issue_number
"""


def databases(con: "duckdb.DuckDBPyConnection") -> dict[str, Any]:
    """Return the addresses of the Notion databases by their titles."""
    rows = con.execute("select database, definition->>'url' from sync.databases order by database").fetchall()
    return {SCHEMAS[key].title: dg.MetadataValue.url(url) for key, url in rows if url}


def report_page(urls: Mapping[str, str], report_name: str) -> dict[str, Any]:
    """Return the address of a report's page in Notion; nothing where it has none.

    Args:
        urls: Addresses of rows by sync key.
        report_name: Such as ``ci-report-2026-W46.md``.
    """
    url = urls.get(f"{REPORT_KEY}{report_name}")
    return {} if url is None else {"page in Notion": dg.MetadataValue.url(url)}


def milestones(con: "duckdb.DuckDBPyConnection") -> dict[str, Any]:
    """Return a table of the roadmap's rows, each with its page, milestone and tracking issue."""
    return _table(
        con,
        "select rows.title, rows.state, rows.page_url, rows.repo, milestones.html_url, rows.issue_number,"
        f" issues.html_url {_ROWS}"
        " order by rows.state = 'In step', milestones.state = 'closed', rows.title",
        lambda title, state, page, repo, milestone, issue, issue_url: {
            "milestone": title,
            "state": state,
            "Notion": _link("page", page),
            "GitHub": _link(repo, milestone),
            "tracking issue": "" if issue is None else _link(f"#{issue}", issue_url or _issue_url(milestone, issue)),
        },
    )


def tracking_issues(con: "duckdb.DuckDBPyConnection") -> dict[str, Any]:
    """Return a table of the tracking issues, each with its address."""
    return _table(
        con,
        "select rows.title, rows.repo, rows.issue_number, issues.html_url, milestones.html_url, rows.page_url"
        f" {_ROWS}"
        " where rows.issue_number is not null order by rows.repo, rows.issue_number",
        lambda title, repo, issue, url, milestone, page: {
            "tracking issue": _link(f"{repo} #{issue}", url or _issue_url(milestone, issue)),
            "milestone": title,
            "Notion": _link("page", page),
        },
    )


def pull_requests(con: "duckdb.DuckDBPyConnection") -> dict[str, Any]:
    """Return a table of the open pull requests that have a comment, or are to get one, each with its address."""
    return _table(
        con,
        "select comments.repo, comments.number, pulls.html_url, pulls.title"
        " from publish.pull_request_comments as comments"
        " inner join raw.pull_requests as pulls"
        " on pulls.repo = comments.repo and pulls.number = comments.number"
        " order by comments.repo, comments.number desc",
        lambda repo, number, url, title: {"pull request": _link(f"{repo} #{number}", url), "title": title},
    )


def _table(con: "duckdb.DuckDBPyConnection", query: str, row: Any) -> dict[str, Any]:
    rows = con.execute(f"{query} limit {MOST_LINKS + 1}").fetchall()
    text = markdown_table([row(*values) for values in rows[:MOST_LINKS]])
    more = f"\n\n*The first {MOST_LINKS}.*" if len(rows) > MOST_LINKS else ""
    return {"links": dg.MetadataValue.md(text + more)}


def _link(text: str, address: str | None) -> Markdown:
    return Markdown(fmt.link(text, address))


def _issue_url(milestone_url: str | None, issue: int) -> str | None:
    """Return the address of an issue that was made since GitHub was read last, beside that of its milestone."""
    head, found, _ = (milestone_url or "").partition("/milestone/")
    return f"{head}/issues/{issue}" if found else None
