"""Mermaid diagrams of reports, in the part of its grammar that both GitHub and Notion draw.

Belongs here: the source of diagrams, also where their text comes from strangers. Which figures are drawn belongs to the
reports.
"""

import re
from collections.abc import Sequence
from datetime import date, timedelta

from roadmap_pipeline.reports import format as fmt
from roadmap_pipeline.reports.tables import Row

_NO_TEXT = re.compile(r"[^\w .,()/-]+", re.UNICODE)
_TITLE_CHARS = 40
MOST_SLICES = 6
MOST_BARS = 20


def label(text: str, otherwise: str) -> str:
    """Return a stranger's text as a label in which nothing is grammar: letters, digits and a few marks, shortened."""
    plain = " ".join(_NO_TEXT.sub(" ", text).split())
    return (plain if len(plain) <= _TITLE_CHARS else plain[: _TITLE_CHARS - 3].rstrip() + "...") or otherwise


def pass_rates(weeks: Sequence[Row]) -> str:
    """Return a line of the pass rates of whole weeks that have one; empty where there is no line to draw."""
    shown = [row for row in weeks if row["final_pass_rate"] is not None and row["is_comparable"]]
    if len(shown) < 2:
        return ""
    rates = [round(100 * row["final_pass_rate"], 1) for row in shown]
    # The axis starts at a round ten below the worst week: differences stay visible, and it is never empty.
    low = min(int(min(rates) // 10 * 10), 90)
    names = ", ".join(f'"{row["week"][5:]}"' for row in shown)
    return _fenced(
        # Mermaid's own first colour of a line is nearly white.
        '%%{init: {"themeVariables": {"xyChart": {"plotColorPalette": "#2b6cb0"}}}}%%',
        "xychart-beta",
        '    title "Runs that passed in the end, %"',
        f"    x-axis [{names}]",
        f'    y-axis "%" {low} --> 100',
        f"    line [{', '.join(map(str, rates))}]",
    )


def slices(categories: Sequence[Row]) -> list[Row]:
    """Return what a diagram of causes shows, largest first; none where there is nothing to compare.

    What is beyond the largest six goes together, so that the diagram can be read on a phone.
    """
    shown = [row for row in categories if row["failed_job_attempts"]]
    if len(shown) < 2:
        return []
    rest = sum(row["failed_job_attempts"] for row in shown[MOST_SLICES:])
    others = [{"category": "others", "failed_job_attempts": rest}] if rest else []
    return [*shown[:MOST_SLICES], *others]


def causes(categories: Sequence[Row]) -> str:
    """Return the failed jobs by category as a pie; empty where there is nothing to compare."""
    shown = slices(categories)
    if not shown:
        return ""
    lines = [f'    "{fmt.cause(row["category"])}" : {row["failed_job_attempts"]}' for row in shown]
    return _fenced("pie showData", "    title Failed jobs by category", *lines)


def timeline(milestones: Sequence[Row], until: date) -> str:
    """Return planned and actual time of each milestone as a Gantt chart; empty without any.

    Args:
        milestones: Rows of ``marts.quarterly_milestones`` in the order in which they are drawn.
        until: The last day that is told of: what was open then is drawn up to it.
    """
    lines = []
    for at, row in enumerate(milestones[:MOST_BARS]):
        start = (row["created_at"].date() if row["created_at"] else None) or row["due_date"] or until
        end = row["closed_at"].date() if row["closed_at"] else until
        name = label(row["notion_title"], f"Milestone {row['number']}")
        lines.append(f"    section {name}")
        if row["due_date"]:
            lines.append(f"    planned :p{at}, {_span(start, row['due_date'])}")
        state = {"completed": "done, ", "carried": "crit, "}.get(row["outcome"], "active, ")
        lines.append(f"    actual :{state}a{at}, {_span(start, end)}")
    if not lines:
        return ""
    return _fenced(
        # Room for titles; and no line for the reader's day, which is no part of the report.
        '%%{init: {"gantt": {"leftPadding": 190}}}%%',
        "gantt",
        "    dateFormat YYYY-MM-DD",
        "    axisFormat %d %b",
        "    todayMarker off",
        *lines,
    )


def _span(start: date, end: date) -> str:
    """Return first and last day; a bar of no length would not be drawn."""
    return f"{min(start, end)}, {max(end, start + timedelta(days=1))}"


def _fenced(*lines: str) -> str:
    return "\n".join(("```mermaid", *lines, "```"))
