"""The open risks of milestones in words: what each rests on, whom to ask, and what would clear it.

Belongs here: sentences around rows of ``marts.milestone_risks``, for every text that shows them. Which risks there are,
their causes and what clears them is computed there.
"""

from typing import TYPE_CHECKING

from roadmap_pipeline.failures.display import escape_markdown
from roadmap_pipeline.reports import format as fmt
from roadmap_pipeline.reports.tables import Row, rows

if TYPE_CHECKING:
    import duckdb

MARKS = {"high": "🔴", "medium": "🟠", "low": "🟡"}
"""``marts.milestone_risks.severity``."""

SHOWN_LINKS = 3

_BASES = {
    "suspect_change": "author of the change that turned it red",
    "code_owner": "code owner of the workflow",
    "assignee_of_blocked": "has a blocked item",
    "assignee": "has most of the open items",
    "milestone_creator": "made the milestone",
}
"""``marts.milestone_risks.owner_basis`` in words."""

_OPEN = """
    select r.repo, r.number, r.milestone, r.risk, r.label, r.severity, r.since, r.is_since_known, r.cause,
        r.evidence_urls, r.owner, r.owner_basis, r.clears_when
    from marts.milestone_risks as r
    where r.is_open and not r.is_covered
    order by r.repo, r.number, list_position(['high', 'medium', 'low'], r.severity), r.position
"""


def open_risks(con: "duckdb.DuckDBPyConnection") -> list[Row]:
    """Return the open risks of all milestones that are shown, of each the gravest first."""
    return rows(con, _OPEN)


def risk_lines(risks: list[Row]) -> list[str]:
    """Return one line of Markdown for each risk of a milestone."""
    return [" ".join(_line(row)) for row in risks]


def since(row: Row) -> str:
    """Return the day since when a risk holds, as far as that is known."""
    return f"since {row['since']}{'' if row['is_since_known'] else ' or before'}"


def whom(row: Row) -> str:
    """Return whom to ask about a risk and why that person, as Markdown; empty where nobody is known."""
    if not row["owner"]:
        return ""
    return f"ask **{escape_markdown(row['owner'])}** ({_BASES[row['owner_basis']]})"


def links(row: Row) -> list[str]:
    """Return links to the pages that show a risk."""
    addresses = [address for address in row["evidence_urls"] or [] if address]
    shown = addresses[:SHOWN_LINKS]
    texts = ["shown here"] if len(shown) == 1 else [f"shown here ({number})" for number in range(1, len(shown) + 1)]
    linked = [fmt.link(text, address) for text, address in zip(texts, shown, strict=True)]
    return [text for text in linked if text.startswith("[")]


def _line(row: Row) -> list[str]:
    details = " · ".join(filter(None, (*links(row), whom(row))))
    return [
        f"{MARKS[row['severity']]} **{escape_markdown(row['label'])}** {since(row)}: {escape_markdown(row['cause'])}",
        f"What clears it: {escape_markdown(row['clears_when'])}",
        *([f"({details})"] if details else []),
    ]
