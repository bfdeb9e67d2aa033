"""The rows behind what CI cost a milestone and why its date moved: episodes, jobs, failures, pull requests, items.

Belongs here: which rows show a figure of ``marts.milestone_ci…`` and ``marts.milestone_slips``, by its period.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from roadmap_pipeline.explain.evidence import EPISODES, FAILURES, JOBS, Facts, Inputs, Selection, read_inputs
from roadmap_pipeline.explain.figures import Figure

if TYPE_CHECKING:
    import duckdb

TABLES = (
    "marts.milestone_ci",
    "marts.milestone_ci_weekly",
    "marts.milestone_ci_quarterly",
    "marts.milestone_slips",
)
"""The tables whose figures are shown here."""

_BOUNDS: Mapping[str, tuple[str, str]] = {
    "marts.milestone_ci": ("f.since_day", "f.until_day + 1"),
    "marts.milestone_ci_weekly": ("f.week_start", "f.week_start + 7"),
    "marts.milestone_ci_quarterly": (
        "make_date(cast(f.quarter[:4] as integer), 3 * cast(f.quarter[7:] as integer) - 2, 1)",
        "make_date(cast(f.quarter[:4] as integer), 3 * cast(f.quarter[7:] as integer) - 2, 1) + interval 3 month",
    ),
    "marts.milestone_slips": ("f.from_day", "f.to_day"),
}
"""By table: the first day of a row, and the one after its last, as SQL over alias ``f``."""

_WASTED_JOBS = Facts(
    "intermediate.int_job_times",
    "f.repo || ' ' || f.job_base_name || ': ' || f.bucket || ', ' || coalesce(f.seconds, 0) || ' s'",
    "'https://github.com/' || f.repo || '/actions/runs/' || f.run_id",
    "coalesce(f.seconds, 0), f.job_id",
)
_BLOCKED_DAYS = Facts(
    "intermediate.int_blocked_days",
    "f.repo || '#' || f.pull_request_number || ' on ' || f.day || ': ' || f.blocked_seconds || ' s'",
    "'https://github.com/' || f.repo || '/pull/' || f.pull_request_number",
    "f.day, f.pull_request_number",
)
_CHANGES = Facts(
    "intermediate.int_milestone_changes",
    "f.repo || '#' || f.item_number || ' ' || f.change || ' on ' || strftime(f.changed_at, '%Y-%m-%d')",
    "'https://github.com/' || f.repo || '/issues/' || f.item_number",
    "f.changed_at, f.item_number",
)

_RED: Selection = ("red episodes of critical workflows", EPISODES, "true")
_JOBS: Selection = ("jobs of its runs, the longest shown", JOBS, "not f.is_carried_over")
_WASTED: Selection = ("jobs that were wasted, the longest shown", _WASTED_JOBS, "f.bucket is not null")
_FLAKY: Selection = ("failed job attempts that are flaky", FAILURES, "f.is_flaky")
_BLOCKED: Selection = ("pull requests held up, by day", _BLOCKED_DAYS, "true")
_ITEMS: Selection = ("items added, removed, closed and reopened", _CHANGES, "true")

_SELECTIONS: Mapping[str, tuple[Selection, ...]] = {
    "red_": (_RED,),
    "wasted_": (_WASTED,),
    "flaky_": (_FLAKY,),
    "blocked_": (_BLOCKED,),
    "pull_request_hours_blocked": (_BLOCKED,),
    "job_": (_JOBS,),
    "billed_": (_JOBS,),
    "unpriced_": (_JOBS,),
    "cost": (_JOBS,),
    "scope_": (_ITEMS,),
    "items_": (_ITEMS,),
    "pace_": (_ITEMS,),
    "moved_": (_RED, _ITEMS),
    "unexplained_": (_RED, _ITEMS),
}
"""By the beginning of a column's name: the rows to look at."""

_CONDITIONS: Mapping[str, str] = {
    EPISODES.table: (
        "f.repo = $repo and f.started_at < $until and coalesce(f.ended_at > $since, true) and exists ("
        "from marts.critical_workflows as c where c.repo = f.repo and c.workflow_path = f.workflow_path)"
    ),
    _BLOCKED_DAYS.table: "f.repo = $repo and f.number = $number and f.day >= $since and f.day < $until",
    _CHANGES.table: ("f.repo = $repo and f.number = $number and f.changed_at >= $since and f.changed_at < $until"),
}
_OF_MILESTONE = "f.repo = $repo and f.milestone = $milestone and f.day >= $since and f.day < $until"


def inputs_of_ci(con: "duckdb.DuckDBPyConnection", figure: Figure) -> list[Inputs]:
    """Return the rows behind a figure of one of :data:`TABLES`; none where the row is gone."""
    since, until = _BOUNDS[figure.table]
    condition, parameters = figure.where()
    found = con.execute(
        f"select f.repo, f.number, f.milestone, {since}, {until} from {figure.table} as f where {condition}",  # noqa: S608
        parameters,
    ).fetchall()
    if not found:
        return []
    names = ("repo", "number", "milestone", "since", "until")
    return list(_read(con, figure.column, dict(zip(names, found[0], strict=True))))


def _read(con: "duckdb.DuckDBPyConnection", column: str, values: Mapping[str, Any]) -> Iterator[Inputs]:
    selections = next((each for start, each in _SELECTIONS.items() if column.startswith(start)), ())
    for selection in selections:
        condition = _CONDITIONS.get(selection[1].table, _OF_MILESTONE)
        yield read_inputs(con, selection, *_by_position(condition, values))


def _by_position(condition: str, values: Mapping[str, Any]) -> tuple[str, list[str | int | date]]:
    """Return a condition with parameters by position in place of those by name."""
    parameters = []
    words = condition.split("$")
    text = words[0]
    for word in words[1:]:
        name = next(name for name in sorted(values, key=len, reverse=True) if word.startswith(name))
        parameters.append(values[name])
        text += f"?{word.removeprefix(name)}"
    return text, parameters
