"""The scorecard of the weekly report: one line per metric, this week against the week before, with what it rests on.

Belongs here: which columns of ``marts.ci_weekly`` are shown, in which order, and how small samples are greyed. What the
columns mean is defined in SQL.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from roadmap_pipeline.reports import format as fmt
from roadmap_pipeline.reports.tables import Row

NOT_YET = "not yet"
"""A quantile of time to green that too many open episodes keep from being known."""

ALONE = "†"
"""Beside a CI health score that is the pass rate alone; :data:`ALONE_NOTE` says so below the scorecard."""

ALONE_NOTE = f"{ALONE} No automatic repair was judged: the CI health score is the pass rate."

_Kind = Literal["rate", "score", "hours", "count"]

_SHOW: dict[_Kind, Callable[[float | None], str]] = {
    "rate": fmt.percent,
    "score": lambda value: fmt.percent(value, 0),
    "hours": fmt.hours,
    "count": fmt.count,
}
_CHANGE: dict[_Kind, Callable[[float | None, float | None], str]] = {
    "rate": fmt.points,
    "score": fmt.points,
    "hours": lambda before, after: fmt.difference(before, after, " h", 1),
    "count": fmt.difference,
}


@dataclass(frozen=True, slots=True)
class _Metric:
    """A line: its name, its column, and the columns of n (the first that is not 0; none for plain counts)."""

    name: str
    column: str
    kind: _Kind
    n: tuple[str, ...] = ()
    is_quantile_of_episodes: bool = False

    def cases(self, week: Row) -> int | None:
        if not self.n or not week:
            return None
        return next((week[column] for column in self.n if week[column]), 0)

    def cell(self, week: Row) -> str:
        value, cases = week.get(self.column), self.cases(week)
        note = f" {ALONE}" if value is not None and self.is_pass_rate_alone(week) else ""
        if not week.get("is_comparable", True):
            cases = 0  # a part of a week says as little as few cases do
        if value is None and self.cases(week) and self.is_quantile_of_episodes:
            return fmt.greyed(NOT_YET, cases)
        return fmt.greyed(_SHOW[self.kind](value) + note, cases)

    def is_pass_rate_alone(self, week: Row) -> bool:
        """Return whether a score is no mean of two rates, since no automatic repair was judged."""
        return self.kind == "score" and not week.get("autofix_judged")


_METRICS = (
    _Metric("passed first try", "first_attempt_pass_rate", "rate", ("conclusive_first_attempts",)),
    _Metric("passed in the end", "final_pass_rate", "rate", ("conclusive_runs",)),
    _Metric("runs", "runs", "count"),
    _Metric("failed runs", "failed_runs", "count"),
    _Metric("failed jobs", "failed_job_attempts", "count"),
    _Metric("to green, median", "recovery_median_hours", "hours", ("episodes",), is_quantile_of_episodes=True),
    _Metric("to green, 90 %", "recovery_p90_hours", "hours", ("episodes",), is_quantile_of_episodes=True),
    _Metric("to green, mean", "recovery_mean_hours", "hours", ("episodes_closed",)),
    _Metric("still red", "episodes_red_at_end", "count"),
    _Metric("auto-fix success", "autofix_success_rate", "rate", ("autofix_judged",)),
    _Metric("flaky jobs", "flaky_jobs", "count"),
    # Without a judged repair the score is the pass rate alone.
    _Metric("CI health score", "ci_health_score", "score", ("autofix_judged", "conclusive_runs")),
)


_FIGURES: dict[str, tuple[str, _Kind]] = {
    **{metric.column: (metric.name, metric.kind) for metric in _METRICS},
    "milestones_planned": ("milestones planned", "count"),
    "milestones_completed": ("milestones completed", "count"),
    "milestones_on_time": ("milestones completed on time", "count"),
    "milestones_with_target": ("completed milestones with a target", "count"),
    "on_time_rate": ("on time", "rate"),
    "milestones_carried": ("milestones carried over", "count"),
    "milestones_dropped": ("milestones dropped", "count"),
}
"""Name and kind of each figure that is noted when a report is published."""


def scorecard(weeks: Sequence[Row], series: Sequence[Row] | None = None) -> list[Row]:
    """Return the lines ``{metric, now, before, change, bars, n}``.

    A change is left out where either week rests on few cases.

    A week that is cut off is greyed, has no bar, and is compared with none.

    Args:
        weeks: Rows of ``marts.ci_weekly`` (or ``marts.quarterly_rollup``) of one repository, oldest first, with
            ``episodes`` (closed and open) and ``autofix_judged`` (fixed and failed) beside its columns.
        series: Rows whose bars are drawn, where these are others.
    """
    drawn = weeks if series is None else series
    now: Row = weeks[-1]
    before: Row = weeks[-2] if len(weeks) > 1 else {}
    return [
        {
            "metric": metric.name,
            "now": metric.cell(now),
            "before": metric.cell(before),
            "change": _change(metric, before, now),
            "bars": fmt.sparkline([week[metric.column] if week.get("is_comparable", True) else None for week in drawn]),
            "n": _n(metric, before, now),
        }
        for metric in _METRICS
    ]


def restated(figures: Sequence[Row]) -> list[Row]:
    """Return the rows of ``marts.restatements`` as lines ``{week, metric, published, now, change}``.

    Those of ``marts.quarterly_restatements`` may be given, too; they have no week.
    """
    lines = []
    for row in figures:
        name, kind = _FIGURES[row["figure"]]
        before, after = row["published_value"], row["present_value"]
        line = {
            "week": row.get("week"),
            "metric": name,
            "published": _SHOW[kind](before),
            "now": _SHOW[kind](after),
            "change": _CHANGE[kind](before, after),
        }
        lines.append(line)
    return lines


def _change(metric: _Metric, before: Row, now: Row) -> str:
    cases = [metric.cases(week) for week in (before, now)]
    if not all(week.get("is_comparable", True) for week in (before, now)):
        return fmt.MISSING
    if metric.is_pass_rate_alone(before) != metric.is_pass_rate_alone(now):
        return fmt.MISSING  # of different things
    if any(n is not None and n < fmt.FEW for n in cases):
        return fmt.MISSING
    return _CHANGE[metric.kind](before.get(metric.column), now[metric.column])


def _n(metric: _Metric, before: Row, now: Row) -> str:
    if not metric.n:
        return ""
    text = fmt.count(metric.cases(now))
    return f"{text} ({fmt.count(metric.cases(before))})" if before else text
