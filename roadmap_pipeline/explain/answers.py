"""Answering a question: explanations of what is asked about, and what would be with something changed.

Belongs here: bringing subject, figures, lineage, rows and what-if together. How an answer is printed is the command
line's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from roadmap_pipeline.explain.ci_share import TABLES as CI_TABLES
from roadmap_pipeline.explain.ci_share import inputs_of_ci
from roadmap_pipeline.explain.evidence import Inputs, inputs_of
from roadmap_pipeline.explain.figures import Figure, find_figures, known_metrics
from roadmap_pipeline.explain.lineage import Step, describe, trace
from roadmap_pipeline.explain.milestone import TARGETS, MilestoneExplanation, explain_milestone
from roadmap_pipeline.explain.recompute import attached, compute_anew
from roadmap_pipeline.explain.subjects import Subject, find_subject
from roadmap_pipeline.explain.what_if import patches_of
from roadmap_pipeline.warehouse.models import Key, project
from roadmap_pipeline.warehouse.query import open_published

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that a change to try would change."""

    what: str
    before: Any
    after: Any

    def to_json(self) -> dict[str, Any]:
        """Return this as one JSON object."""
        return {"what": self.what, "before": self.before, "after": self.after}


@dataclass(frozen=True, slots=True)
class FigureExplanation:
    """A number: what it is, by which SQL, of which rows."""

    subject: Subject
    figure: Figure
    description: str
    steps: Sequence[Step]
    inputs: Sequence[Inputs]

    def to_json(self) -> dict[str, Any]:
        """Return this as one JSON object."""
        return {
            "subject": self.subject.name,
            "metric": self.figure.column,
            "table": self.figure.table,
            "key": dict(self.figure.key),
            "value": self.figure.value,
            "description": self.description,
            "lineage": [step.to_json() for step in self.steps],
            "inputs": [one.to_json() for one in self.inputs],
        }


@dataclass(frozen=True, slots=True)
class Overview:
    """The numbers of a report that can be asked for, each with its meaning."""

    subject: Subject
    figures: Sequence[tuple[Figure, str]]

    def to_json(self) -> dict[str, Any]:
        """Return this as one JSON object."""
        metrics = [
            {"metric": one.column, "value": one.value, "description": description} for one, description in self.figures
        ]
        return {"subject": self.subject.name, "metrics": metrics}


@dataclass(frozen=True, slots=True)
class Answer:
    """One thing explained, and where something was to be tried, what would be different then."""

    explanation: MilestoneExplanation | FigureExplanation | Overview
    differences: Sequence[Difference] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return this as one JSON object."""
        what_if = {} if self.differences is None else {"what_if": [one.to_json() for one in self.differences]}
        return self.explanation.to_json() | what_if


def explain(
    warehouse: str, name: str, metric: str | None = None, *, of: Sequence[str] = (), changes: Sequence[str] = ()
) -> list[Answer]:
    """Answer a question from the snapshot of ``warehouse``: one answer, or one for each milestone of a title.

    Args:
        warehouse: The warehouse whose snapshot is read.
        name: A milestone, a week, a quarter, or the name of a report.
        metric: The number of it that is asked for.
        of: Values that tell which row of the report is meant.
        changes: What to try, each ``KEY=VALUE``.

    Raises:
        ConfigurationError: Nothing is called so, or can't be tried; with what was probably meant.
        WarehouseError: There is no snapshot yet.
    """
    with open_published(warehouse) as con:
        subject = find_subject(con, name)
        if metric is not None:
            figures = find_figures(con, project(), subject, metric, of)
            answers = [Answer(_explained(con, subject, figure)) for figure in figures]
        elif subject.kind == "milestone":
            answers = [Answer(explain_milestone(con, project(), key)) for key in subject.milestones]
        else:
            known = [
                (one, describe(project(), one.table, one.column)) for one in known_metrics(con, project(), subject)
            ]
            answers = [Answer(Overview(subject, known))]
    if not changes:
        return answers
    with attached(warehouse) as con:
        patches = patches_of(con, changes)
        compute_anew(con, project(), _targets(answers), patches)
        return [Answer(one.explanation, _differences(con, one.explanation)) for one in answers]


def recomputed(con: "duckdb.DuckDBPyConnection", figure: Figure) -> Any:
    """Return the value that a figure has in ``con``, such as one where its models were computed anew."""
    condition, parameters = figure.where()
    rows = con.execute(
        f'select "{figure.column}" from {figure.table} where {condition}',  # noqa: S608
        parameters,
    ).fetchall()
    return rows[0][0] if rows else None


def _explained(con: "duckdb.DuckDBPyConnection", subject: Subject, figure: Figure) -> FigureExplanation:
    inputs = inputs_of(con, figure, subject.period) if subject.period else []
    if figure.table in CI_TABLES:
        inputs = inputs_of_ci(con, figure)
    elif subject.kind == "milestone":
        (milestone,) = [
            one for one in subject.milestones if one.repo == figure.key["repo"] and one.number == figure.key["number"]
        ]
        explained = explain_milestone(con, project(), milestone)
        # A date is forecast from the items that are left.
        is_forecast = "forecast" in f"{figure.table} {figure.column}" or figure.column == "probability_on_time"
        inputs = list(explained.inputs.get("work" if is_forecast else _RULE_OF.get(figure.column, ""), ()))
    return FigureExplanation(
        subject,
        figure,
        describe(project(), figure.table, figure.column),
        trace(con, project(), figure.table, figure.column),
        inputs,
    )


_RULE_OF: Mapping[str, str] = {
    "progress": "pass_rate",
    "points": "pass_rate",
    "workflow_pass_rate": "pass_rate",
    "pass_rate": "pass_rate",
    "trend": "pass_rate",
    "runs": "pass_rate",
    "conclusive_runs": "pass_rate",
    "passed_runs": "pass_rate",
    "failing_attempts": "autofix_success",
    "autofix_success": "autofix_success",
    "autofix_success_rate": "autofix_success",
    "autofix_attempts": "autofix_success",
    "autofix_fixed": "autofix_success",
    "autofix_failed": "autofix_success",
    "mttr_hours": "mttr",
    "spells_closed": "mttr",
    "spells_open": "mttr",
    "related_pr": "docs_and_pr_merged",
    "work_done": "work",
    "open_items": "work",
    "closed_items": "work",
    "items": "work",
    "items_per_week": "work",
    "status": "work",
}
"""The rule whose rows show what a column of a milestone rests on."""


def _targets(answers: Sequence[Answer]) -> list[Key]:
    tables = {one.explanation.figure.table for one in answers if isinstance(one.explanation, FigureExplanation)}
    tables |= {
        figure.table
        for one in answers
        if isinstance(one.explanation, Overview)
        for figure, _ in one.explanation.figures
    }
    if any(isinstance(one.explanation, MilestoneExplanation) for one in answers):
        tables |= {".".join(key) for key in TARGETS}
    return [(schema, name) for schema, _, name in (table.partition(".") for table in sorted(tables))]


def _differences(
    con: "duckdb.DuckDBPyConnection", explanation: MilestoneExplanation | FigureExplanation | Overview
) -> list[Difference]:
    if isinstance(explanation, FigureExplanation):
        figure = explanation.figure
        pairs = [(figure.column, figure.value, recomputed(con, figure))]
    elif isinstance(explanation, Overview):
        pairs = [(one.column, one.value, recomputed(con, one)) for one, _ in explanation.figures]
    else:
        pairs = _of_milestone(con, explanation)
    return [Difference(*pair) for pair in pairs if pair[1] != pair[2]]


_SHOWN: Mapping[str, str] = {
    "progress": "marts.milestone_metrics",
    "pass_rate": "marts.milestone_metrics",
    "trend": "marts.milestone_metrics",
    "work_done": "marts.milestone_work",
    "status": "marts.milestones",
}


def _of_milestone(con: "duckdb.DuckDBPyConnection", explained: MilestoneExplanation) -> list[tuple[str, Any, Any]]:
    """Return name, value before and value after of the milestone's figures and of its rules."""
    key = {"repo": explained.row["repo"], "number": explained.row["number"]}
    pairs = [
        (column, explained.row[column], recomputed(con, Figure(table, column, key, None)))
        for column, table in _SHOWN.items()
    ]
    for rule in explained.rules:
        place = {**key, "rule": rule["rule"]}
        for column in ("points", "reason", "next_step"):
            after = recomputed(con, Figure("marts.milestone_progress", column, place, None))
            pairs.append((f"{rule['rule']}: {column.replace('_', ' ')}", rule[column], after))
    return pairs
