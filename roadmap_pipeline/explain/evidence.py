"""The rows behind a number, with their pages on GitHub: which runs failed, which jobs, which episodes.

Belongs here: choosing rows of the marts to show. They are examples of what was counted, not a second way to count it;
where a number is their number, a test holds both together.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from dbt_like_sql.runner.database import columns_of
from roadmap_pipeline.explain.figures import Figure

if TYPE_CHECKING:
    import duckdb

SHOWN_ROWS = 5


@dataclass(frozen=True, slots=True)
class Inputs:
    """Rows of one table that a number rests on: how many, and the newest of them with their pages."""

    what: str
    table: str
    rows: int
    examples: tuple[Mapping[str, Any], ...]
    """Of the newest rows ``text`` and ``url``."""

    def to_json(self) -> dict[str, Any]:
        """Return this as one JSON object."""
        return {"what": self.what, "table": self.table, "rows": self.rows, "examples": list(self.examples)}


@dataclass(frozen=True, slots=True)
class Facts:
    """A table of things that happened, and SQL over alias ``f`` that shows its rows."""

    table: str
    text: str
    url: str
    newest: str


_RUN_URL = "coalesce(f.html_url, 'https://github.com/' || f.repo || '/actions/runs/' || f.run_id)"
RUNS = Facts(
    "marts.ci_runs",
    "f.repo || ' ' || parse_filename(f.workflow_path) || ' on ' || coalesce(f.branch, '?') || ': ' || f.outcome",
    _RUN_URL,
    "f.created_at, f.run_id, f.run_attempt",
)
FAILURES = Facts(
    "marts.ci_failures",
    "f.repo || ' ' || coalesce(f.job_name, 'a job') || ': ' || f.category || coalesce(', ' || f.failed_tests[1], '')",
    _RUN_URL,
    "f.run_created_at, f.job_id",
)
JOBS = Facts(
    "marts.ci_jobs",
    "f.repo || ' ' || coalesce(f.job_name, 'a job') || ': ' || coalesce(round(f.duration_seconds)::bigint, 0) || ' s'",
    _RUN_URL,
    "coalesce(f.duration_seconds, 0), f.job_id",
)
EPISODES = Facts(
    "marts.red_episodes",
    "f.repo || ' ' || parse_filename(f.workflow_path) || ' red since ' || strftime(f.started_at, '%Y-%m-%d %H:%M')",
    "coalesce(f.first_html_url, 'https://github.com/' || f.repo || '/actions/runs/' || f.first_run_id)",
    "f.started_at, f.first_run_id",
)
REPAIRS = Facts(
    "marts.autofix_attempts",
    "f.repo || ' ' || f.mechanism || ': ' || f.outcome",
    "coalesce(f.result_html_url, 'https://github.com/' || f.repo || '/actions/runs/' || f.run_id)",
    "f.failed_at, f.run_id, f.repaired_at",
)
COMMITS = Facts(
    "marts.default_branch_commits",
    "f.repo || ' ' || left(f.head_sha, 7) || ': ' || f.state",
    "'https://github.com/' || f.repo || '/commit/' || f.head_sha",
    "f.created_at, f.head_sha",
)

Selection = tuple[str, Facts, str]
"""The rows in words, the table that holds them, and the condition that picks them."""

_LATEST = "f.is_latest_attempt"
_FAILED: Selection = ("runs whose last attempt failed", RUNS, f"{_LATEST} and f.outcome = 'fail'")
_PASSED: Selection = ("runs whose last attempt passed", RUNS, f"{_LATEST} and f.outcome = 'pass'")
_CONCLUSIVE: Selection = ("runs that passed or failed", RUNS, f"{_LATEST} and f.outcome in ('pass', 'fail')")
_FIRST_FAILED: Selection = ("first attempts that failed", RUNS, "f.is_first_attempt and f.outcome = 'fail'")
_FIRST_PASSED: Selection = ("first attempts that passed", RUNS, "f.is_first_attempt and f.outcome = 'pass'")
_FIRST: Selection = (
    "first attempts that passed or failed", RUNS, "f.is_first_attempt and f.outcome in ('pass', 'fail')",
)  # fmt: skip
_FAILED_JOBS: Selection = ("failed job attempts", FAILURES, "true")
_FIXED: Selection = ("automatic repairs that worked", REPAIRS, "f.outcome = 'fixed'")
_NOT_FIXED: Selection = ("automatic repairs that did not work", REPAIRS, "f.outcome = 'failed'")
_CLOSED: Selection = ("red episodes that ended", EPISODES, "not f.is_open")
_OPEN: Selection = ("red episodes that last", EPISODES, "f.is_open")
_LONG_JOBS: Selection = ("jobs, the longest shown", JOBS, "true")

COUNTED: Mapping[str, Selection] = {
    "runs": ("runs", RUNS, _LATEST),
    "conclusive_runs": _CONCLUSIVE,
    "passed_runs": _PASSED,
    "failed_runs": _FAILED,
    "void_runs": ("runs that neither passed nor failed", RUNS, f"{_LATEST} and f.outcome = 'void'"),
    "pending_runs": ("runs that have not ended", RUNS, f"{_LATEST} and f.outcome = 'pending'"),
    "conclusive_first_attempts": _FIRST,
    "passed_first_attempts": _FIRST_PASSED,
    "failed_job_attempts": _FAILED_JOBS,
    "total_failures": _FAILED_JOBS,
    "flaky_job_attempts": ("failed job attempts that are flaky", FAILURES, "f.is_flaky"),
    "autofix_attempts": ("automatic repairs", REPAIRS, "true"),
    "autofix_fixed": _FIXED,
    "autofix_failed": _NOT_FIXED,
    "autofix_durable": ("repairs that lasted", REPAIRS, "f.is_durable"),
    "autofix_returned": ("repairs whose failure came back", REPAIRS, "not f.is_durable"),
    "episodes_closed": _CLOSED,
    "episodes_open": _OPEN,
    **{
        f"{state}_commits": (f"{state} commits of the default branch", COMMITS, f"f.state = '{state}'")
        for state in ("red", "flaky", "green", "pending")
    },
}
"""Numbers that are the number of their rows."""

_RATES: Mapping[str, tuple[Selection, ...]] = {
    "final_pass_rate": (_FAILED, _PASSED),
    "first_attempt_pass_rate": (_FIRST_FAILED, _FIRST_PASSED),
    "autofix_success": (_FIXED, _NOT_FIXED),
    "autofix_retry": (_FIXED,),
    "autofix_repaired": (_FIXED,),
    "recovery": (_CLOSED, _OPEN),
    "average_mttr": (_CLOSED, _OPEN),
    "oldest_open": (_OPEN,),
    "episodes_red": (_OPEN, _CLOSED),
    "ci_health_score": (_FAILED, _PASSED, _FIXED, _NOT_FIXED),
    "trend": (_FAILED, _PASSED),
    "previous_": (_FAILED, _PASSED),
    "flaky_jobs": (("failed job attempts that are flaky", FAILURES, "f.is_flaky"),),
    "flake_rate": (_FAILED_JOBS,),
    "top_failure": (_FAILED_JOBS,),
    "share": (_FAILED_JOBS,),
    "pull_requests": (_FAILED_JOBS,),
    "default_branch_failure_rate": (COUNTED["red_commits"], COUNTED["green_commits"]),
    "duration": (_LONG_JOBS,),
    "queue": (_LONG_JOBS,),
    "wasted": (_LONG_JOBS,),
    "job_seconds": (_LONG_JOBS,),
    "made_green": (_LONG_JOBS,),
    "superseded": (_LONG_JOBS,),
    "timeout": (_LONG_JOBS,),
    "rerun": (_LONG_JOBS,),
}
"""By the beginning of a column's name: what to look at."""


def inputs_of(con: "duckdb.DuckDBPyConnection", figure: Figure, period: str | None) -> list[Inputs]:
    """Return the rows behind a figure of a report: those of its period (``2026-W46``, ``2026-Q4``) and its key."""
    return [read_inputs(con, one, *_condition(con, one[1], figure, period)) for one in _selections(figure.column)]


def read_inputs(
    con: "duckdb.DuckDBPyConnection", selection: Selection, condition: str, parameters: list[Any]
) -> Inputs:
    """Return the rows of a selection that meet ``condition`` (SQL over alias ``f``), the newest as examples."""
    what, facts, predicate = selection
    rows = con.execute(
        f"select count(*) over () as n, {facts.text} as text, {facts.url} as url from {facts.table} as f"  # noqa: S608
        f" where ({predicate}) and ({condition}) order by ({facts.newest}) desc limit {SHOWN_ROWS}",
        parameters,
    ).fetchall()
    examples = tuple({"text": text, "url": url} for _, text, url in rows)
    return Inputs(what, facts.table, rows[0][0] if rows else 0, examples)


def _selections(column: str) -> Iterator[Selection]:
    if column in COUNTED:
        yield COUNTED[column]
        return
    for beginning, selections in _RATES.items():
        if column.startswith(beginning):
            yield from selections
            return


def _condition(
    con: "duckdb.DuckDBPyConnection", facts: Facts, figure: Figure, period: str | None
) -> tuple[str, list[Any]]:
    """Return the condition for the rows of the period and key; a key that the facts don't have narrows nothing."""
    columns = {name for name, _ in columns_of(con, facts.table)}
    conditions, parameters = ["f.day is not null"], list[Any]()
    if period is not None:
        # By its days, which tables are stored by: whole years need not be read.
        conditions.append("f.day >= ? and f.day < ?")
        parameters += _bounds(period)
    for name, value in figure.key.items():
        if name in columns and name not in ("week", "day") and value != "*":
            conditions.append(f"f.{name} is not distinct from ?")
            parameters.append(value)
    return " and ".join(conditions), parameters


def _bounds(period: str) -> tuple[date, date]:
    """Return the first day of a week or quarter, and the day after its last."""
    year, part = int(period[:4]), int(period[6:])
    if period[5] == "W":
        monday = date.fromisocalendar(year, part, 1)
        return monday, monday + timedelta(days=7)
    return date(year, 3 * part - 2, 1), date(year + part // 4, 3 * part % 12 + 1, 1)
