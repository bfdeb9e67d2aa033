"""The figures of a subject: in which table, which row and which column a published number stands.

Belongs here: the tables that reports and rows show, and finding one number in them. Where it comes from is told by
``lineage`` and ``evidence``.
"""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.explain.subjects import Kind, Subject
from roadmap_pipeline.warehouse.models import Project

if TYPE_CHECKING:
    import duckdb

TABLES: Mapping[Kind, Mapping[str, tuple[str, ...]]] = {
    "week": {
        "marts.ci_weekly": ("repo", "week"),
        "publish.notion_ci_reports": ("report_name",),
        "marts.failure_categories_weekly": ("repo", "week", "category"),
        "marts.workflow_health": ("repo", "workflow_path", "week"),
        "marts.failure_groups_weekly": ("repo", "week", "fingerprint"),
        "marts.waste_weekly": ("repo", "week", "workflow_path", "job_base_name"),
        "marts.flaky_jobs": ("repo", "workflow_path", "job_name"),
        "marts.red_episodes": ("repo", "workflow_path", "branch", "started_at"),
        "marts.restatements": ("repo", "week", "figure"),
        "marts.failure_owners_weekly": ("repo", "week", "fingerprint"),
        "marts.flaky_job_costs": ("repo", "workflow_path", "job_name"),
        "marts.ci_costs_weekly": ("repo", "week", "workflow_path"),
        "marts.milestone_ci_weekly": ("repo", "week", "milestone"),
        "marts.milestone_slips": ("repo", "week", "milestone"),
    },
    "quarter": {
        "marts.quarterly_rollup": ("repo", "quarter"),
        "publish.notion_ci_reports": ("report_name",),
        "marts.milestone_delivery": ("repo", "quarter"),
        "marts.quarterly_balance": ("quarter",),
        "marts.failure_categories_quarterly": ("repo", "quarter", "category"),
        "marts.quarterly_milestones": ("repo", "quarter", "milestone"),
        "marts.quarterly_restatements": ("quarter", "figure"),
        "marts.ci_costs_quarterly": ("repo", "quarter"),
        "marts.milestone_ci_quarterly": ("repo", "quarter", "milestone"),
        "marts.milestone_slips": ("repo", "quarter", "milestone"),
    },
    "milestone": {
        "publish.notion_roadmap": ("repo", "number"),
        "marts.milestone_metrics": ("repo", "number"),
        "marts.milestone_work": ("repo", "number"),
        "marts.milestone_windows": ("repo", "number"),
        "marts.milestones": ("repo", "number"),
        "marts.milestone_progress": ("repo", "number", "rule"),
        "marts.milestone_forecast": ("repo", "number"),
        "marts.milestone_ci": ("repo", "number"),
        "marts.milestone_ci_weekly": ("repo", "number", "week"),
        "marts.milestone_ci_quarterly": ("repo", "number", "quarter"),
        "marts.milestone_slips": ("repo", "number", "week", "quarter"),
        "marts.milestone_risks": ("repo", "number", "risk"),
        "marts.milestone_risk_summary": ("repo", "number"),
    },
}
"""By kind of subject: the tables behind what people read, those first that they read most, and what a row is about."""

_SHOWN_CHOICES = 8
GIVEN: Mapping[Kind, tuple[str, ...]] = {
    "week": ("week", "report_name"),
    "quarter": ("quarter", "report_name"),
    "milestone": ("number",),
}
"""By kind of subject: keys that the subject itself decides."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number: a column of one row. ``key`` holds the values that tell the row apart."""

    table: str
    column: str
    key: Mapping[str, Any]
    value: Any

    def where(self) -> tuple[str, list[Any]]:
        """Return the condition that finds the row, and its parameters."""
        return " and ".join(f"{name} is not distinct from ?" for name in self.key), list(self.key.values())


def find_figures(
    con: "duckdb.DuckDBPyConnection", project: Project, subject: Subject, metric: str, of: Sequence[str] = ()
) -> list[Figure]:
    """Return the number called ``metric``: one, or one for each milestone of the title that is asked about.

    Args:
        con: The snapshot.
        project: The models that describe it.
        subject: The report or milestone.
        metric: A column, also as the property or heading that shows it ("Average MTTR"), or table and column.
        of: Values that tell which row: a repository, a category, a workflow's file.

    Raises:
        ConfigurationError: There is none of this name, or several rows have it; with what there is.
    """
    tables = tables_of(project, subject.kind)
    table_name, separator, column_name = metric.rpartition(".")
    named = {table: keys for table, keys in tables.items() if table_name in (table, table.partition(".")[2])}
    if separator and named:
        tables, metric = named, column_name
    columns = {table: _columns(project, table) for table in tables}
    name = _resolved(metric, [one for names in columns.values() for one in names])
    choices: list[Mapping[str, Any]] = []
    for table, keys in tables.items():
        if name not in columns[table] or name in keys:
            continue
        rows = [figure for figure in _rows(con, table, keys, name, subject) if _is_of(figure.key, of)]
        if not any(_is_all(value) for value in of):
            rows = [one for one in rows if one.key.get("repo") == "*"] or rows
        count = len({(one.key.get("repo"), one.key.get("number")) for one in rows}) if subject.milestones else 1
        if rows and len(rows) == count:
            return rows
        choices += [one.key for one in rows]
    if choices:
        raise ConfigurationError(
            f"{name} has several values in {subject.name}: choose with --of {_choices(choices, subject.kind)}"
        )
    what = f" of {' and '.join(of)}" if of else ""
    known = ", ".join(columns[next(iter(tables))][:_SHOWN_CHOICES])
    meant = _close(metric, columns) or f"; it has {known}, …"
    raise ConfigurationError(f"{subject.name} has no {metric}{what}{meant}")


def tables_of(project: Project, kind: Kind) -> dict[str, tuple[str, ...]]:
    """Return the tables of :data:`TABLES` that the project has."""
    known = {model.qualified_name for model in project.models}
    return {table: keys for table, keys in TABLES[kind].items() if table in known}


def known_metrics(con: "duckdb.DuckDBPyConnection", project: Project, subject: Subject) -> list[Figure]:
    """Return the numbers of the subject's first table, those over all repositories."""
    table, keys = next(iter(TABLES[subject.kind].items()))
    names = [name for name in _columns(project, table) if name not in keys]
    figures = [figure for name in names for figure in _rows(con, table, keys, name, subject)]
    return [one for one in figures if one.key.get("repo") == "*"] or figures


def _rows(
    con: "duckdb.DuckDBPyConnection", table: str, keys: Sequence[str], column: str, subject: Subject
) -> Iterator[Figure]:
    """Yield the figure in each row of ``table`` that belongs to the subject."""
    period = f"where {subject.kind} = ?" if subject.kind in keys else ""
    rows = con.execute(
        f'select {", ".join(keys)}, "{column}" from {table} {period} order by all',  # noqa: S608
        [subject.period] if period else [],
    ).fetchall()
    wanted = {(one.repo, one.number) for one in subject.milestones}
    for row in rows:
        key = dict(zip(keys, row, strict=False))
        is_ours = (
            (key["repo"], key["number"]) in wanted
            if subject.kind == "milestone"
            else key.get("report_name", subject.report_name) == subject.report_name
        )
        if is_ours:
            yield Figure(table, column, key, row[-1])


def _is_of(key: Mapping[str, Any], of: Sequence[str]) -> bool:
    return all(any(_is_named(value, wanted) for value in key.values()) for wanted in of)


def _is_named(value: Any, wanted: str) -> bool:
    text = str(value)
    names = {text, PurePosixPath(text).name if "/" in text else text, text[:16].replace("T", " ")}
    return wanted.casefold() in {name.casefold() for name in names}


def _is_all(value: str) -> bool:
    return "/" in value or value == "*"


def _resolved(metric: str, names: Sequence[str]) -> str:
    """Return the column that ``metric`` means: "Average MTTR" is ``average_mttr_hours``."""
    wanted = _letters(metric)
    exact = [name for name in names if _letters(name) == wanted]
    longer = [name for name in names if wanted and _letters(name).startswith(wanted)]
    if exact or len(set(longer)) == 1:
        return (exact or longer)[0]
    return metric


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())


def _close(metric: str, columns: Mapping[str, Sequence[str]]) -> str:
    by_letters = {_letters(name): name for names in columns.values() for name in names}
    close = difflib.get_close_matches(_letters(metric), by_letters, n=2, cutoff=0.6)
    return f"; did you mean {' or '.join(by_letters[one] for one in close)}?" if close else ""


def _choices(keys: Sequence[Mapping[str, Any]], kind: Kind) -> str:
    rest = [
        [value for name, value in key.items() if name not in GIVEN[kind] and value not in ("*", None)] for key in keys
    ]
    texts = list(dict.fromkeys(" --of ".join(map(_word, values)) for values in rest))
    more = f" (and {len(texts) - _SHOWN_CHOICES} more)" if len(texts) > _SHOWN_CHOICES else ""
    return ", or ".join(texts[:_SHOWN_CHOICES]) + more


def _word(value: Any) -> str:
    text = str(value)
    return f"'{text}'" if re.search(r"[\s*()\"$&|;<>]", text) else text


def _columns(project: Project, table: str) -> list[str]:
    return [column.name for column in project.model(table).columns]
