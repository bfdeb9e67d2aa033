"""The weekly CI intelligence report, as Markdown.

Reads the marts for one ISO week and renders ``templates/weekly.md.j2``. Every number is a column of a mart, or how many
of its rows are meant; the queries here choose, order and join rows, they define nothing. What the text depends on is in
the data alone: rendering the same tables twice gives the same bytes, so that an unchanged report is not written again.
Sentences are made in :mod:`.wording`, the scorecard in :mod:`.scorecard`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from roadmap_pipeline.errors import ConfigurationError, RoadmapError
from roadmap_pipeline.reports import coverage, diagrams, wording
from roadmap_pipeline.reports import format as fmt
from roadmap_pipeline.reports.milestone_ci import NO_PROOF, costs_line, slips_of_week
from roadmap_pipeline.reports.next_steps import next_steps
from roadmap_pipeline.reports.own_sections import NO_SECTIONS, OwnSections
from roadmap_pipeline.reports.repositories import repository_facts
from roadmap_pipeline.reports.scorecard import ALONE, ALONE_NOTE, restated, scorecard
from roadmap_pipeline.reports.sync_status import sync_lines
from roadmap_pipeline.reports.tables import Row, rows
from roadmap_pipeline.reports.template import render

if TYPE_CHECKING:
    import duckdb

SPARK_WEEKS = 12
_TOP = 5
_MOST_ROWS = 12
"""Rows of a table; what is left out is counted below it."""


@dataclass(frozen=True, slots=True)
class Report:
    """A rendered report: a row of ``derived.reports``."""

    report_name: str
    kind: str
    period: str
    report_date: date
    content: str
    is_over: bool

    def row(self) -> Row:
        """Return the row of ``derived.reports``."""
        return asdict(self)


class NothingToReport(RoadmapError):
    """The warehouse holds nothing of the week: it lies before the first run, or hasn't begun."""


def weekly_report(con: "duckdb.DuckDBPyConnection", week: str, sections: OwnSections = NO_SECTIONS) -> Report:
    """Render the report of an ISO week such as ``2026-W46`` over all repositories, with ``sections`` of one's own.

    Raises:
        ConfigurationError: Text that is no week.
        NothingToReport: The warehouse has no row for it (nothing ran by then, or it was not built yet).
    """
    return report_of(weekly_facts(con, week), sections)


def weekly_facts(con: "duckdb.DuckDBPyConnection", week: str) -> dict[str, Any]:
    """Return what the report of a week is rendered from, and its charts; raises as :func:`weekly_report` does."""
    try:
        monday = fmt.monday_of(week)
    except ValueError:
        raise ConfigurationError(f"--week: {week!r} is not an ISO week such as 2026-W46") from None
    return _facts(con, week, monday)


def report_of(facts: Mapping[str, Any], sections: OwnSections = NO_SECTIONS) -> Report:
    """Return the report that is rendered from facts of a week, and from ``sections`` of one's own."""
    week = facts["week"]
    return Report(
        f"ci-report-{week}.md",
        "weekly",
        week,
        fmt.monday_of(week) + timedelta(days=7),
        sections.arranged("weekly", week, render("weekly.md.j2", facts)),
        is_over=facts["is_over"],
    )


def section(content: str, heading: str | None) -> str:
    """Return the part of a report under ``## heading``; None: what stands before the first.

    Empty when there is none.
    """
    parts = ("\n" + content).split("\n## ")
    if heading is None:
        return parts[0].strip()
    for part in parts[1:]:
        title, _, text = part.partition("\n")
        if title.strip() == heading:
            return text.strip()
    return ""


_WEEKLY = """
    select w.*,
        w.autofix_fixed + w.autofix_failed as autofix_judged,
        w.episodes_closed + w.episodes_open as episodes,
        coalesce(c.is_comparable, true) as is_comparable
    from marts.ci_weekly as w
    left join marts.period_coverage as c on c.repo = w.repo and c.grain = 'week' and c.period = w.week
    where w.week_start between ? and ?
    order by w.repo <> '*', w.failed_job_attempts desc, w.repo, w.week_start
"""

_COUNTS = (
    "runs",
    "conclusive_runs",
    "void_runs",
    "pending_runs",
    "failed_runs",
    "failed_job_attempts",
    "conclusive_first_attempts",
    "autofix_attempts",
    "autofix_judged",
    "episodes",
    "episodes_closed",
    "episodes_open",
    "episodes_red_at_end",
    "flaky_jobs",
    "job_seconds",
    "made_green_seconds",
    "superseded_seconds",
    "timeout_seconds",
    "rerun_seconds",
)
_FIGURES = (
    "first_attempt_pass_rate",
    "final_pass_rate",
    "final_pass_rate_delta",
    "recovery_mean_hours",
    "recovery_median_hours",
    "recovery_p90_hours",
    "autofix_success_rate",
    "ci_health_score",
)
"""Columns of a week in which nothing ran: none of the first, no value for the second."""

_CATEGORIES = """
    -- What failed in one of both weeks only belongs to the change, too.
    select coalesce(now.category, before.category) as category, now.share,
        coalesce(now.failed_job_attempts, 0) as failed_job_attempts,
        coalesce(before.failed_job_attempts, 0) as before,
        coalesce(now.pull_requests, 0) as pull_requests,
        coalesce(now.flaky_job_attempts, 0) as flaky_job_attempts
    from (select * from marts.failure_categories_weekly as c where c.repo = '*' and c.week = $week) as now
    full join (select * from marts.failure_categories_weekly as c where c.repo = '*' and c.week = $last) as before
        on before.category = now.category
    order by now.category_rank nulls last, before.category_rank, coalesce(now.category, before.category)
"""

_GROUPS = """
    select g.*, g.first_seen_at >= $monday as is_new, strftime(g.first_seen_at, '%Y-%m-%d') as first_seen,
        o.test, o.tests, o.workflow_path, o.is_consequence, o.minutes_lost, o.owner, o.owner_basis, o.owner_url
    from marts.failure_groups_weekly as g
    join marts.failure_owners_weekly as o on o.repo = g.repo and o.week = g.week and o.fingerprint = g.fingerprint
    where g.week = $week and o.week = $week
    order by g.pull_requests desc, g.failed_job_attempts desc, g.failed_runs desc, g.repo, g.fingerprint
"""

_GONE = """
    select g.*, o.test, o.tests
    from marts.failure_groups_weekly as g
    join marts.failure_owners_weekly as o on o.repo = g.repo and o.week = g.week and o.fingerprint = g.fingerprint
    anti join marts.failure_groups_weekly as now
        on now.repo = g.repo and now.fingerprint = g.fingerprint and now.week = $week
    where g.week = $last and o.week = $last
    order by g.pull_requests desc, g.failed_job_attempts desc, g.failed_runs desc, g.repo, g.fingerprint
"""

_VERDICTS = """
    select v.verdict, count(*) as failed_job_attempts
    from marts.ci_verdicts as v
    where v.week = ?
    group by v.verdict
"""

_FLAKY = """
    select f.repo, f.job_name, f.flaky_commits, f.commits, f.flake_rate, f.wilson_lower_bound, f.pull_requests,
        f.example_url, strftime(f.last_flaky_at, '%Y-%m-%d') as last_flake, c.flaky_job_attempts, c.minutes_lost,
        c.test, c.owner, c.owner_basis, c.owner_url
    from marts.flaky_jobs as f
    left join marts.flaky_job_costs as c
        on c.repo = f.repo and c.workflow_path = f.workflow_path and c.job_name = f.job_name
    where f.status = 'flaky' and f.flake_rank is not null
    order by f.flake_rank
    limit ?
"""

_WORKFLOWS = """
    select h.repo, parse_filename(h.workflow_path) as workflow, h.runs, h.conclusive_runs, h.final_pass_rate,
        h.failed_job_attempts, h.duration_p50_seconds, h.duration_p95_seconds, h.queue_p95_seconds
    from marts.workflow_health as h
    where h.week = ? and h.runs > 0
    order by h.failed_job_attempts desc, h.duration_p95_seconds desc nulls last, h.repo, h.workflow_path
"""

_EPISODES = """
    select e.repo, e.workflow_path, parse_filename(e.workflow_path) as workflow,
        strftime(e.started_at, '%Y-%m-%d %H:%M') as since,
        -- As it stood when the week ended, so that the text does not change with the day it is read.
        date_diff('minute', e.started_at, least(e.ended_at, $end, p.as_of)) / 60.0 as hours,
        e.ended_at is null or e.ended_at >= $end as is_red,
        e.closed_by, e.first_head_sha, e.first_html_url, coalesce(a.author, c.owner) as owner,
        case when a.author is not null then a.html_url else c.html_url end as owner_url,
        case when a.author is not null then 'suspect_change' when c.owner is not null then 'code_owner' end
            as owner_basis
    from marts.red_episodes as e
    cross join config.parameters as p
    left join intermediate.int_change_authors as a on a.repo = e.repo and a.head_sha = e.first_head_sha
    left join intermediate.int_code_owners as c on c.repo = e.repo and c.file = e.workflow_path
    where e.started_at < $end and (e.ended_at is null or e.ended_at >= $start)
    order by is_red desc, e.started_at, e.repo, workflow, e.first_run_id
"""

_WASTE = """
    select w.repo, parse_filename(w.workflow_path) as workflow, w.job_base_name, w.wasted_seconds
    from marts.waste_weekly as w
    where w.week = ? and w.job_base_name <> '*' and w.wasted_seconds > 0
    order by w.wasted_seconds desc, w.repo, w.workflow_path, w.job_base_name
    limit 1
"""

_COSTS = """
    select c.*, parse_filename(c.workflow_path) as workflow
    from marts.ci_costs_weekly as c
    where c.week in ($last, $week) and (c.repo = '*' or c.workflow_path <> '*')
    order by c.repo <> '*', c.cost desc, c.repo, c.workflow_path
"""

_REPAIRS = """
    select a.mechanism, a.outcome, a.repaired_by, a.repo, parse_filename(a.workflow_path) as workflow,
        a.result_html_url
    from marts.autofix_attempts as a
    where a.week = ?
    order by a.failed_at desc, a.repo, a.run_id, a.run_attempt, a.repaired_at, a.repair_sha
"""

_MILESTONES = """
    select m.notion_title, m.repo, m.due_date, m.due_date < $end as is_overdue, k.progress, o.work_done, k.status,
        k.pass_rate, k.conclusive_runs, k.trend, p.next_step, m.html_url, r.worst_label as risk, r.worst_severity,
        r.worst_since, w.is_since_known, w.cause as risk_cause, w.clears_when, w.owner, w.owner_basis
    from marts.milestone_metrics as k
    join marts.milestone_work as o on o.repo = k.repo and o.number = k.number
    join marts.milestones as m on m.repo = k.repo and m.number = k.number
    left join (
        select n.repo, n.number, n.next_step
        from marts.milestone_progress as n
        where n.next_step is not null
        qualify row_number() over (partition by n.repo, n.number order by n.points_possible desc, n.rule) = 1
    ) as p on p.repo = k.repo and p.number = k.number
    left join marts.milestone_risk_summary as r on r.repo = k.repo and r.number = k.number
    left join marts.milestone_risks as w on w.repo = k.repo and w.number = k.number and w.risk = r.worst_risk
    where m.state = 'open'
    order by m.due_date nulls last, k.repo, k.number
"""

_RESTATED = """
    select r.week, r.figure, r.published_value, r.present_value
    from marts.restatements as r
    where r.repo = '*' and r.week between $first and $week
    order by r.week desc, r.figure
"""

_QUALITY = """
    select
        (select count(*) from marts.ci_runs as r where r.week = $week) as attempts,
        (select count(*) from marts.ci_jobs as j where j.week = $week) as jobs,
        (select count(*) from marts.ci_failures as f where f.week = $week) as failures,
        (
            select count(*) from marts.ci_failures as f
            left join raw.job_logs as l on l.job_id = f.job_id
            where f.week = $week and l.state is distinct from 'stored'
        ) as without_log,
        (select max(f.ruleset_version) from marts.ci_failures as f where f.week = $week) as ruleset,
        (select p.window_days from config.parameters as p) as window_days
"""


def _facts(con: "duckdb.DuckDBPyConnection", week: str, monday: date) -> dict[str, Any]:
    next_monday = monday + timedelta(days=7)
    covered = coverage.coverage_of_week(con, week)
    weekly = rows(con, _WEEKLY, [monday - timedelta(weeks=SPARK_WEEKS - 1), monday])
    total, as_of = _without_gaps(con, [row for row in weekly if row["repo"] == "*"], week, monday, covered)
    last = fmt.week_of(monday - timedelta(days=7))
    now: Row = total[-1]
    before: Row = total[-2] if len(total) > 1 else {}
    episodes = rows(con, _EPISODES, {"start": monday, "end": next_monday})
    categories = rows(con, _CATEGORIES, {"week": week, "last": last})
    groups = rows(con, _GROUPS, {"week": week, "monday": monday})
    # What is kept as of now only is another week's world once the following week has ended, too.
    is_past = next_monday + timedelta(days=7) <= as_of
    flaky = [] if is_past else rows(con, _FLAKY, [_TOP])
    milestones = [] if is_past else rows(con, _MILESTONES, {"end": next_monday})
    is_unread = not now["runs"] and coverage.is_unread(covered)
    return {
        "week": week,
        "monday": monday.isoformat(),
        "sunday": (next_monday - timedelta(days=1)).isoformat(),
        "top": _TOP,
        "most": _MOST_ROWS,
        "now": now,
        "before": before,
        "rests_on": coverage.rests_on(covered, monday),
        "not_compared": coverage.not_compared_of(con, [last, week]),
        "is_compared": bool(before) and before["is_comparable"] and now["is_comparable"],
        "is_over": now["is_over"],
        "headline": "" if is_unread else wording.headline(now, before, episodes, categories),
        "scorecard": (lines := scorecard(total)),
        "scorecard_note": ALONE_NOTE if any(ALONE in line["now"] + line["before"] for line in lines) else "",
        "weeks": len(total),
        "total": total,
        "chart": diagrams.pass_rates(total),
        **repository_facts(con, weekly, "week", week),
        "workflows": rows(con, _WORKFLOWS, [week]),
        **_cost_and_moves(con, now, last, is_past=is_past),
        "trend": wording.trend(now),
        "new": [row for row in groups if row["is_new"]],
        "gone": rows(con, _GONE, {"week": week, "last": last}),
        "categories": categories,
        "category_chart": diagrams.causes(categories),
        "recognised": wording.recognised(categories, now["failed_job_attempts"]),
        "verdicts": wording.verdicts(rows(con, _VERDICTS, [week]), now["failed_job_attempts"]),
        "groups": groups,
        "flaky": flaky,
        "episodes": episodes,
        "repairs": rows(con, _REPAIRS, [week]),
        "repaired": wording.repairs(now) if now["autofix_attempts"] else "",
        "milestones": milestones,
        "restated": restated(rows(con, _RESTATED, {"first": total[0]["week"], "week": week})),
        "is_past": is_past,
        "quiet": "" if is_unread else wording.quiet(now, episodes, flaky, None if is_past else milestones),
        "next_steps": next_steps(episodes, groups, flaky, milestones),
        "quality": [
            *wording.quality(rows(con, _QUALITY, {"week": week})[0], now, is_past=is_past),
            *coverage.unread_lines(coverage.unread(con)),
            *([] if is_past else sync_lines(con)),
        ],
    }


def _cost_and_moves(con: "duckdb.DuckDBPyConnection", now: Row, last: str, *, is_past: bool) -> dict[str, Any]:
    """Return what CI wasted and cost in the week (empty where no price is configured), and how milestones moved."""
    week = now["week"]
    costs = rows(con, _COSTS, {"week": week, "last": last})
    of_all = {row["week"]: row for row in costs if row["repo"] == "*"}
    most = next((row for row in costs if row["repo"] != "*" and row["week"] == week), None)
    return {
        "waste": wording.waste(now, rows(con, _WASTE, [week])),
        "cost": costs_line(of_all.get(week), of_all.get(last), most, "marts.ci_costs_weekly"),
        "slips": [] if is_past else slips_of_week(con, week),
        "no_proof": NO_PROOF,
    }


def _without_gaps(
    con: "duckdb.DuckDBPyConnection", total: Sequence[Row], week: str, monday: date, covered: Sequence[Row]
) -> tuple[list[Row], date]:
    """Return the weeks of the sparklines up to ``monday``, oldest first; those without a row, with nothing in them.

    Beside them the day that stands for today.

    Raises:
        NothingToReport: A week that has not begun, or before the first run unless its runs are still to be read.
    """
    ((as_of, first),) = con.execute(
        "select p.as_of, (select min(w.week_start) from marts.ci_weekly as w) from config.parameters as p"
    ).fetchall()
    is_before = first is not None and monday < first and not coverage.is_unread(covered)
    if monday > as_of.date() or is_before:
        raise NothingToReport(
            f"there is nothing to report on {week}: the warehouse holds the weeks from"
            f" {fmt.week_of(first or monday)} to {fmt.week_of(as_of.date())}; `roadmap ingest` reads more"
        )
    known = {row["week_start"]: row for row in total}
    start = min(monday, max(first or monday, monday - timedelta(weeks=SPARK_WEEKS - 1)))
    starts = [start + timedelta(weeks=number) for number in range((monday - start).days // 7 + 1)]
    today: date = as_of.date()
    return [
        (known.get(at) or _week_without_runs(at)) | {"is_over": at + timedelta(days=7) <= today} for at in starts
    ], today


def _week_without_runs(monday: date) -> Row:
    return {
        **dict.fromkeys(_COUNTS, 0),
        **dict.fromkeys(_FIGURES),
        "repo": "*",
        "week": fmt.week_of(monday),
        "week_start": monday,
        "is_comparable": True,
    }
