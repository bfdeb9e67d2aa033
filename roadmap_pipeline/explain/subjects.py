"""The subject of a question: a milestone, a weekly report, or a quarterly one, by any name that people use for it.

Belongs here: finding it, and saying what was probably meant. Its numbers are found in ``figures``.
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.milestones.detection import closest_titles, same_title

if TYPE_CHECKING:
    import duckdb

_WEEK = re.compile(r"(?:ci-report-)?(\d{4}-W\d{2})(?:\.md)?", re.IGNORECASE)
_QUARTER = re.compile(r"(?:roadmap-report-)?(?:Q([1-4])-(\d{4})|(\d{4})-Q([1-4]))(?:\.md)?", re.IGNORECASE)
_NUMBERED = re.compile(r"(\S+/\S+)#(\d+)")

Kind = Literal["milestone", "week", "quarter"]


@dataclass(frozen=True, slots=True)
class MilestoneKey:
    """A milestone, and the title that its row has in Notion."""

    repo: str
    number: int
    title: str


@dataclass(frozen=True, slots=True)
class Subject:
    """The thing that is asked about: a report with its period (``2026-W46``), or milestones of one title."""

    kind: Kind
    name: str
    period: str | None = None
    report_name: str | None = None
    milestones: tuple[MilestoneKey, ...] = ()


def find_subject(con: "duckdb.DuckDBPyConnection", text: str) -> Subject:
    """Return what ``text`` names: a title (or ``owner/name#4``), a week, a quarter, or the name of a report's file.

    Raises:
        ConfigurationError: Nothing is called so; with the closest names.
    """
    text = text.strip()
    milestones = _milestones(con, text)
    if milestones:
        return Subject("milestone", text, milestones=milestones)
    if week := _WEEK.fullmatch(text):
        period = week[1].upper()
        return _report(con, "week", period, f"ci-report-{period}.md", "marts.ci_weekly")
    if quarter := _QUARTER.fullmatch(text):
        number, year = quarter[1] or quarter[4], quarter[2] or quarter[3]
        report = f"roadmap-report-Q{number}-{year}.md"
        return _report(con, "quarter", f"{year}-Q{number}", report, "marts.quarterly_rollup")
    raise ConfigurationError(f"nothing is called {text!r}{_meant(con, text)}")


def _milestones(con: "duckdb.DuckDBPyConnection", text: str) -> tuple[MilestoneKey, ...]:
    rows = con.execute(
        "select m.repo, m.number, m.notion_title, m.milestone from marts.milestones as m order by m.repo, m.number"
    ).fetchall()
    if numbered := _NUMBERED.fullmatch(text):
        wanted = (numbered[1].casefold(), int(numbered[2]))
        return tuple(MilestoneKey(*row[:3]) for row in rows if (row[0].casefold(), row[1]) == wanted)
    exact = [row for row in rows if text in row[2:]]
    alike = exact or [row for row in rows if same_title(text, row[2]) or same_title(text, row[3])]
    return tuple(MilestoneKey(*row[:3]) for row in alike)


def _report(con: "duckdb.DuckDBPyConnection", kind: Kind, period: str, report_name: str, table: str) -> Subject:
    column = {"week": "week", "quarter": "quarter"}[kind]
    first, last, known = con.execute(
        f"select min({column}), max({column}), bool_or({column} = ?) from {table} where repo = '*'",  # noqa: S608
        [period],
    ).fetchall()[0]
    if not known:
        span = f": the {column}s from {first} to {last} are" if first else ", nothing is"
        raise ConfigurationError(f"{period} is not in the warehouse{span}")
    return Subject(kind, period, period, report_name)


def _meant(con: "duckdb.DuckDBPyConnection", text: str) -> str:
    titles = [title for (title,) in con.execute("select distinct m.notion_title from marts.milestones as m").fetchall()]
    close = closest_titles(text, titles)
    if close:
        return f"; did you mean {' or '.join(map(repr, close))}?"
    return "; ask about a milestone (its title), a week (2026-W46) or a quarter (Q4-2026)"
