"""The explanation of a milestone: each point, what is missing for the next ones, the work, and the runs behind it.

Belongs here: joining what the marts say of one milestone. Single numbers of it are traced like those of reports.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from roadmap_pipeline.explain.evidence import EPISODES, FAILURES, REPAIRS, RUNS, Facts, Inputs, read_inputs
from roadmap_pipeline.explain.subjects import MilestoneKey
from roadmap_pipeline.warehouse.models import Key, Project

if TYPE_CHECKING:
    import duckdb

TARGETS: Sequence[Key] = tuple(
    ("marts", name)
    for name in (
        "milestone_progress",
        "milestone_metrics",
        "milestone_work",
        "milestones",
        "milestone_risks",
        "milestone_ci",
        "milestone_slips",
        "learnt_progress",
        "learnt_progress_accuracy",
    )
)
"""The models that an explanation reads."""

_MILESTONE = """
    select m.repo, m.number, m.notion_title as milestone, m.state, m.status, m.due_date as target_date,
        m.html_url as url, k.progress, k.points, k.pass_rate, k.conclusive_runs, k.trend, k.window_starts_at, k.as_of,
        w.work_done, w.reason as work_reason, w.items_per_week, w.items_added_28d, w.items_removed_28d, w.open_items,
        p.window_days, f.state as forecast_state, f.reason as forecast, f.p50_date, f.p85_date, f.probability_on_time
    from marts.milestones as m
    join marts.milestone_metrics as k on k.repo = m.repo and k.number = m.number
    join marts.milestone_work as w on w.repo = m.repo and w.number = m.number
    cross join config.parameters as p
    left join marts.milestone_forecast as f on f.repo = m.repo and f.number = m.number
    where m.repo = ? and m.number = ?
"""
_RULES = """
    select p.rule, p.points, p.points_possible, p.value, p.threshold, p.reason, p.next_step
    from marts.milestone_progress as p
    where p.repo = ? and p.number = ?
    order by p.points_possible desc, p.rule
"""
_RISKS = """
    select r.risk, r.label, r.severity, r.is_open, r.is_covered, r.since, r.is_since_known, r.cleared_on, r.value,
        r.threshold, r.cause, r.evidence_urls, r.owner, r.owner_basis, r.clears_when
    from marts.milestone_risks as r
    where r.repo = ? and r.number = ?
    order by r.is_open desc, list_position(['high', 'medium', 'low'], r.severity), r.position
"""
_CI = "select c.* from marts.milestone_ci as c where c.repo = ? and c.number = ?"
_SLIPS = """
    select s.week, s.quarter, s.from_day, s.to_day, s.p85_before, s.p85_after, s.moved_days, s.scope_days,
        s.red_main_days, s.pace_days, s.unexplained_days, s.sentence
    from marts.milestone_slips as s
    cross join config.parameters as p
    where s.repo = ? and s.number = ? and s.to_day > cast(p.as_of as date) - 28
    order by s.week is null, s.to_day desc
"""
_GROUP = """
    select g.milestone, g.repos, g.work_done, g.closed_items, g.items, g.pass_rate, g.conclusive_runs
    from marts.milestone_groups as g
    where g.repositories > 1 and g.milestone_key = (
        select trim(regexp_replace(lower(m.milestone), '[^\\p{L}\\p{N}]+', ' ', 'g'))
        from marts.milestones as m where m.repo = ? and m.number = ?
    )
"""
_LEARNT = """
    select a.state, a.reason as accuracy, l.as_of, l.share, l.base, l.work_done_term, l.target_elapsed_term,
        l.scope_growth_term, l.pace_ratio_term, l.open_pull_requests_term, l.limit_term, l.reason
    from marts.learnt_progress_accuracy as a
    left join marts.learnt_progress as l on l.is_published and l.is_latest and l.repo = ? and l.number = ?
    where a.state <> 'off'
"""
_WORKFLOWS = Facts(
    "marts.critical_workflows",
    "f.repo || ' ' || parse_filename(f.workflow_path) || ': ' || coalesce(f.latest_outcome, 'no result')",
    "coalesce(f.latest_url, 'https://github.com/' || f.repo || '/actions')",
    "not f.is_green, f.workflow_path",
)
_PULL_REQUESTS = Facts(
    "staging.stg_pull_requests", "f.repo || '#' || f.number || ' ' || coalesce(f.title, '')", "f.html_url",
    "f.merged_at, f.number",
)  # fmt: skip
_EPISODES = Facts("intermediate.int_red_episodes", EPISODES.text, EPISODES.url, EPISODES.newest)
_ITEMS = Facts(
    "intermediate.int_milestone_item_weights",
    "f.repo || '#' || f.number || case when f.is_pull_request then ' (pull request)' else '' end",
    "coalesce(f.html_url, 'https://github.com/' || f.repo || '/issues/' || f.number)",
    "f.weight, f.number",
)


@dataclass(frozen=True, slots=True)
class MilestoneExplanation:
    """All that is said of a milestone: a row of figures, its rules, and the rows behind each."""

    row: Mapping[str, Any]
    rules: Sequence[Mapping[str, Any]]
    risks: Sequence[Mapping[str, Any]]
    """Those that are open, gravest first, then those that were."""
    inputs: Mapping[str, Sequence[Inputs]]
    """By rule; ``work`` for the share of work done, ``mttr`` for the hours from red to green."""
    group: Mapping[str, Any] | None
    ci: Mapping[str, Any] | None
    """The row of ``marts.milestone_ci``; None before its first week is over."""
    slips: Sequence[Mapping[str, Any]]
    """The moves of its 85 % date that end in the last four weeks, those of the quarter behind those of weeks."""
    learnt: Mapping[str, Any] | None
    """Learnt progress with each term, or why there is none to show; None while it is off."""
    models: Mapping[str, str]
    """The SQL files of the tables that it is read from."""

    def to_json(self) -> dict[str, Any]:
        """Return this as one JSON object."""
        rules = [
            {**rule, "inputs": [one.to_json() for one in self.inputs.get(rule["rule"], ())]} for rule in self.rules
        ]
        work = [one.to_json() for one in self.inputs["work"]]
        return {
            **self.row,
            "rules": rules,
            "risks": list(self.risks),
            "work": work,
            "group": self.group,
            "ci": self.ci,
            "slips": self.slips,
            "learnt": self.learnt,
            "models": self.models,
        }


def explain_milestone(con: "duckdb.DuckDBPyConnection", project: Project, key: MilestoneKey) -> MilestoneExplanation:
    """Return why a milestone stands where it stands."""
    place = [key.repo, key.number]
    (row,) = _rows(con, _MILESTONE, place)
    groups, learnt = _rows(con, _GROUP, place), _rows(con, _LEARNT, place)
    totals = _rows(con, _CI, place)
    files = {
        model.qualified_name: str(model.path.relative_to(project.directory.parent))
        for model in project.models
        if model.key in TARGETS
    }
    return MilestoneExplanation(
        row,
        _rows(con, _RULES, place),
        _rows(con, _RISKS, place),
        _inputs(con, row, key),
        groups[0] if groups else None,
        totals[0] if totals else None,
        _rows(con, _SLIPS, place),
        learnt[0] if learnt else None,
        files,
    )


def _inputs(con: "duckdb.DuckDBPyConnection", row: Mapping[str, Any], key: MilestoneKey) -> dict[str, Sequence[Inputs]]:
    (title,) = con.execute(
        "select m.milestone from marts.milestones as m where m.repo = ? and m.number = ?", [key.repo, key.number]
    ).fetchall()[0]
    ours = "f.repo = ? and f.milestone = ?"
    window = f"{ours} and {{created}} between ? and ?"
    within = [key.repo, title, row["window_starts_at"], row["as_of"]]
    of_runs = f"{window.format(created='f.created_at')} and f.outcome_reason <> 'service'"
    ours_red = window.format(created="f.started_at")
    latest = "f.is_latest_attempt and f.outcome"
    return {
        "pass_rate": [
            read_inputs(con, ("runs whose last attempt failed", RUNS, f"{latest} = 'fail'"), of_runs, [*within]),
            read_inputs(con, ("runs whose last attempt passed", RUNS, f"{latest} = 'pass'"), of_runs, [*within]),
            read_inputs(con, ("failed jobs", FAILURES, "true"), window.format(created="f.run_created_at"), [*within]),
        ],
        "autofix_success": [
            read_inputs(con, ("failing attempts", RUNS, "f.outcome = 'fail'"), of_runs, [*within]),
            read_inputs(
                con, ("automatic repairs", REPAIRS, "true"), window.format(created="f.run_created_at"), [*within]
            ),
        ],
        "critical_workflows_green": [
            read_inputs(con, ("critical workflows", _WORKFLOWS, "not f.is_removed"), "f.repo = ?", [key.repo])
        ],
        "docs_and_pr_merged": [
            read_inputs(
                con, ("merged pull requests", _PULL_REQUESTS, "f.merged_at is not null"), ours, [key.repo, title]
            )
        ],
        "mttr": [read_inputs(con, ("red episodes on its branches", _EPISODES, "true"), ours_red, [*within])],
        "work": [
            read_inputs(
                con,
                ("open issues and pull requests, the largest first", _ITEMS, "not f.is_closed"),
                "f.repo = ? and f.milestone_number = ?",
                [key.repo, key.number],
            )
        ],
    }


def _rows(con: "duckdb.DuckDBPyConnection", sql: str, parameters: list[Any]) -> list[dict[str, Any]]:
    cursor = con.execute(sql, parameters)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
