"""The quarterly roadmap report, as Markdown.

Reads the marts for one calendar quarter and renders ``templates/quarterly.md.j2``. Every number is a column of a mart;
the queries here choose, order and join rows, they define nothing. Milestones stand as they did when the quarter ended,
so that the text of a quarter changes only where late data change what is known of it. Sentences are made in
:mod:`.quarterly_wording`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from roadmap_pipeline.reports import coverage, diagrams, quarterly_wording, wording
from roadmap_pipeline.reports.milestone_ci import NO_PROOF, costs_line, quarter_lines, slips_of_quarter
from roadmap_pipeline.reports.own_sections import NO_SECTIONS, OwnSections
from roadmap_pipeline.reports.quarters import Quarter, parse_quarter
from roadmap_pipeline.reports.repositories import repository_facts
from roadmap_pipeline.reports.scorecard import ALONE, ALONE_NOTE, restated, scorecard
from roadmap_pipeline.reports.tables import Row, rows
from roadmap_pipeline.reports.template import render
from roadmap_pipeline.reports.weekly import NothingToReport, Report

if TYPE_CHECKING:
    import duckdb

_MOST_ROWS = 20
_TOP = 5


@dataclass(frozen=True, slots=True)
class QuarterlyReport(Report):
    """A rendered quarterly report: a row of ``derived.quarterly_reports``."""

    is_whole: bool


def quarterly_report(
    con: "duckdb.DuckDBPyConnection", quarter: str | Quarter, sections: OwnSections = NO_SECTIONS
) -> QuarterlyReport:
    """Render the report of a quarter such as ``Q4-2026`` over all repositories, with ``sections`` of one's own.

    Raises:
        ConfigurationError: Text that is no quarter.
        NothingToReport: Nothing is stored of it: it ended before the first run, or hasn't begun.
    """
    if isinstance(quarter, str):
        quarter = parse_quarter(quarter)
    return report_of(quarterly_facts(con, quarter), sections)


def report_of(facts: Mapping[str, Any], sections: OwnSections = NO_SECTIONS) -> QuarterlyReport:
    """Return the report that is rendered from facts of a quarter, and from ``sections`` of one's own."""
    quarter: Quarter = facts["quarter"]
    return QuarterlyReport(
        quarter.report_name,
        "quarterly",
        quarter.period,
        quarter.next.first_day,
        sections.arranged("quarterly", quarter.period, render("quarterly.md.j2", facts)),
        is_over=facts["is_over"],
        is_whole=facts["is_whole"],
    )


_SPAN = """
    select p.as_of, min(w.week_start) as first, max(w.week_start) as last
    from config.parameters as p
    left join marts.ci_weekly as w on w.repo = '*' and w.runs > 0
    group by p.as_of
"""

_QUARTERS = """
    select q.*,
        q.autofix_fixed + q.autofix_failed as autofix_judged,
        q.episodes_closed + q.episodes_open as episodes,
        coalesce(c.is_comparable, true) as is_comparable
    from marts.quarterly_rollup as q
    left join marts.period_coverage as c on c.repo = q.repo and c.grain = 'quarter' and c.period = q.quarter
    where q.quarter in ($last, $quarter)
    order by q.repo <> '*', q.failed_job_attempts desc, q.repo, q.quarter
"""

_WEEKS = """
    select w.*,
        w.autofix_fixed + w.autofix_failed as autofix_judged,
        w.episodes_closed + w.episodes_open as episodes,
        coalesce(c.is_comparable, true) and w.week_start >= $start and w.week_start + interval 6 day < $end
            as is_comparable
    from marts.ci_weekly as w
    left join marts.period_coverage as c on c.repo = w.repo and c.grain = 'week' and c.period = w.week
    where w.repo = '*' and w.week_start > $start - interval 7 day and w.week_start < $end
    order by w.week_start
"""
"""A week that lies in two quarters is drawn in neither."""

_MILESTONES = """
    select m.*, c.red_main_hours, c.job_attempts as ci_job_attempts, c.job_minutes, c.wasted_minutes, c.wasted_share,
        c.flaky_job_attempts, c.flaky_minutes, c.blocked_pull_requests, c.pull_request_hours_blocked, c.currency,
        c.cost, c.wasted_cost
    from marts.quarterly_milestones as m
    left join marts.milestone_ci_quarterly as c
        on c.repo = m.repo and c.number = m.number and c.quarter = m.quarter
    where m.quarter = ?
    order by m.due_date nulls last, m.repo, m.number
"""

_CATEGORIES = """
    -- What failed in one of both quarters only belongs to the change, too.
    select coalesce(now.category, before.category) as category, now.share, before.share as share_before,
        coalesce(now.failed_job_attempts, 0) as failed_job_attempts,
        coalesce(before.failed_job_attempts, 0) as before,
        coalesce(now.pull_requests, 0) as pull_requests
    from (select * from marts.failure_categories_quarterly as c where c.repo = '*' and c.quarter = $quarter) as now
    full join (
        select * from marts.failure_categories_quarterly as c where c.repo = '*' and c.quarter = $last
    ) as before
        on before.category = now.category
    order by failed_job_attempts desc, before desc, category
"""

_RECOVERY = "select c.* from marts.recovery_curve_quarterly as c where c.quarter = ? order by c.hours"

_BALANCE = "select b.* from marts.quarterly_balance as b where b.quarter = ?"

_COSTS = "select c.* from marts.ci_costs_quarterly as c where c.repo = '*' and c.quarter in ($last, $quarter)"

_FIGURES = "select f.figure, f.value from marts.quarterly_figures as f where f.quarter = ?"

_FORECASTS = """
    select f.level, f.forecasts, f.milestones, f.met, f.coverage, f.coverage_low, f.coverage_high, f.bias_days
    from marts.forecast_accuracy_quarterly as f
    where f.quarter = ?
    order by f.level
"""

_RED_AT_END = """
    select e.repo, parse_filename(e.workflow_path) as workflow, e.first_html_url,
        strftime(e.started_at, '%Y-%m-%d') as since,
        date_diff('minute', e.started_at, least(p.as_of, $end)) / 60.0 as hours
    from marts.red_episodes as e
    cross join config.parameters as p
    where e.started_at < $end and (e.ended_at is null or e.ended_at >= least(p.as_of, $end))
    order by e.started_at, e.repo, workflow
"""

_OTHER_RISKS = """
    -- Dates, scope and red branches are told of as they stood at the quarter's end, from the figures themselves.
    select m.notion_title, r.label, e.since, e.is_since_known
    from intermediate.int_milestone_risk_episodes as e
    join marts.milestones as m on m.repo = e.repo and m.number = e.number
    join marts.milestone_risks as r on r.repo = e.repo and r.number = e.number and r.risk = e.risk
    where e.level = 'met' and e.risk in ('blocked', 'slipping', 'stalled', 'target_moved')
        and e.since < $end and (e.over_on is null or e.over_on > $end)
        and (m.closed_at is null or m.closed_at >= $end)
    order by r.position, m.due_date nulls last, e.repo, e.number
"""

_RESTATED = """
    select r.figure, r.published_value, r.present_value
    from marts.quarterly_restatements as r
    where r.quarter = ?
    order by r.figure
"""

_COVERAGE = """
    select c.period, c.is_comparable, c.is_complete, c.reason, c.first_whole_day, c.last_whole_day
    from marts.period_coverage as c
    where c.repo = '*' and c.grain = 'quarter' and c.period in ($last, $quarter)
    order by c.period
"""


def quarterly_facts(con: "duckdb.DuckDBPyConnection", quarter: Quarter) -> dict[str, Any]:
    """Return what the template is rendered from.

    Raises:
        NothingToReport: Nothing is stored of the quarter.
    """
    as_of = _require_stored(con, quarter)
    both = {"quarter": quarter.period, "last": quarter.previous.period}
    span = {"start": quarter.first_day, "end": quarter.next.first_day}
    figures = rows(con, _QUARTERS, both)
    total = {row["quarter"]: row for row in figures if row["repo"] == "*"}
    now, before = total[quarter.period], total.get(quarter.previous.period)
    is_over = quarter.next.first_day <= as_of
    until = quarter.last_day if is_over else as_of
    weeks = rows(con, _WEEKS, span)
    covered = {row["period"]: row for row in rows(con, _COVERAGE, both)}
    milestones = rows(con, _MILESTONES, [quarter.period])
    counts = {row["figure"]: row["value"] for row in rows(con, _FIGURES, [quarter.period])}
    categories = rows(con, _CATEGORIES, both)
    red = rows(con, _RED_AT_END, {"end": quarter.next.first_day})
    lines = scorecard([row for row in (before, now) if row], weeks)
    risks = quarterly_wording.risks(milestones, red, categories, quarter, until, is_over=is_over)
    risks += _other_risks(con, min(quarter.next.first_day, as_of))
    return {
        "quarter": quarter,
        "until": until.isoformat(),
        "most": _MOST_ROWS,
        "is_over": is_over,
        "is_whole": _is_whole(covered.get(quarter.period)),
        "now": now,
        "before": before,
        "is_compared": before is not None and before["is_comparable"] and now["is_comparable"],
        "outcome": quarterly_wording.outcome(counts, milestones, is_over=is_over),
        "passed": quarterly_wording.passed(now, before),
        "not_compared": [text for row in covered.values() if (text := coverage.not_compared(row))],
        **repository_facts(con, figures, "quarter", quarter.period),
        "timeline": diagrams.timeline(milestones, until),
        "milestones": milestones,
        "milestone_outcomes": quarterly_wording.OUTCOMES if is_over else quarterly_wording.OUTCOMES_SO_FAR,
        "slips": quarterly_wording.slips(milestones, until),
        **_cost_and_moves(con, both, milestones, now),
        "forecasts": quarterly_wording.forecasts(rows(con, _FORECASTS, [quarter.period]), milestones),
        "scorecard": lines,
        "scorecard_note": ALONE_NOTE if any(ALONE in line["now"] + line["before"] for line in lines) else "",
        "weeks": weeks,
        "chart": diagrams.pass_rates(weeks),
        "categories": categories,
        "category_chart": diagrams.causes(categories),
        "recovery": quarterly_wording.recovery(rows(con, _RECOVERY, [quarter.period])),
        "balance": (balance := rows(con, _BALANCE, [quarter.period])[0]),
        "repaired": wording.repairs(now) if now["autofix_attempts"] else "",
        "value": quarterly_wording.value(now, balance),
        "risks": risks[:_TOP],
        "more_risks": len(risks[_TOP:]),
        "decisions": quarterly_wording.decisions(milestones, red, is_over=is_over),
        "restated": restated(rows(con, _RESTATED, [quarter.period])),
        "quality": [*quarterly_wording.definitions(now), *coverage.unread_lines(coverage.unread(con))],
    }


def _cost_and_moves(
    con: "duckdb.DuckDBPyConnection", both: Mapping[str, str], milestones: Sequence[Row], now: Row
) -> dict[str, Any]:
    """Return what CI wasted and cost in the quarter and each of its milestones, and how their dates moved."""
    costs = {row["quarter"]: row for row in rows(con, _COSTS, both)}
    return {
        "waste": wording.waste(now, []),
        "cost": costs_line(costs.get(both["quarter"]), costs.get(both["last"]), None, "marts.ci_costs_quarterly"),
        "milestone_ci": quarter_lines(milestones),
        "moves": slips_of_quarter(con, both["quarter"]),
        "no_proof": NO_PROOF,
    }


def _other_risks(con: "duckdb.DuckDBPyConnection", end: date) -> list[str]:
    return quarterly_wording.other_risks(rows(con, _OTHER_RISKS, {"end": end}))


def _is_whole(coverage_row: Row | None) -> bool:
    """Return whether nothing of a quarter is still to be read; what GitHub refuses may never come."""
    return coverage_row is not None and (coverage_row["is_complete"] or coverage_row["reason"] == "refused")


def _require_stored(con: "duckdb.DuckDBPyConnection", quarter: Quarter) -> date:
    """Return the day that stands for today.

    Raises:
        NothingToReport: The quarter has not begun, or ended before the first run that is stored.
    """
    (span,) = rows(con, _SPAN)
    as_of: date = span["as_of"].date()
    first = span["first"]
    if first is None:
        raise NothingToReport(
            f"there is nothing to report on {quarter.label}: the warehouse holds no run yet; `roadmap run` reads them"
        )
    is_stored = con.execute(
        "select 1 from marts.quarterly_rollup as q where q.repo = '*' and q.quarter = ?", [quarter.period]
    ).fetchone()
    if quarter.first_day > as_of or not is_stored:
        end = span["last"] + timedelta(days=6)
        raise NothingToReport(
            f"there is nothing to report on {quarter.label}: the warehouse holds runs from {first} to"
            f" {min(end, as_of)}; `roadmap ingest` reads more"
        )
    return as_of
