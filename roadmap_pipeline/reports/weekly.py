"""The weekly CI intelligence report, as Markdown.

Reads the marts for one ISO week and renders ``templates/weekly.md.j2``. Every number is a column of a mart; the queries
here choose, order and join rows, they define nothing. What the text depends on is in the data alone: rendering the same
tables twice gives the same bytes, so that an unchanged report is not written again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from roadmap_pipeline.errors import ConfigurationError, RoadmapError
from roadmap_pipeline.reports import format as fmt
from roadmap_pipeline.reports.tables import Row, rows

if TYPE_CHECKING:
    import duckdb

SPARK_WEEKS = 12
_TOP = 5


@dataclass(frozen=True, slots=True)
class Report:
    """A rendered report: a row of ``derived.reports``."""

    report_name: str
    kind: str
    period: str
    report_date: date
    content: str


def weekly_report(con: "duckdb.DuckDBPyConnection", week: str) -> Report:
    """Render the report of an ISO week such as ``2026-W46`` over all repositories.

    Raises :class:`ConfigurationError` for text that is no week, :class:`RoadmapError` when the warehouse has no row for
    it (nothing ran by then, or it was not built yet).
    """
    try:
        monday = fmt.monday_of(week)
    except ValueError:
        raise ConfigurationError(f"--week: {week!r} is not an ISO week such as 2026-W46") from None
    facts = _facts(con, week, monday)
    return Report(f"ci-report-{week}.md", "weekly", week, monday + timedelta(days=7), _render(facts))


def section(content: str, heading: str | None) -> str:
    """The part of a report under ``## heading``; None: what stands before the first. Empty when there is none."""
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
        w.episodes_closed + w.episodes_open as episodes
    from marts.ci_weekly as w
    where w.week_start between ? and ?
    order by w.repo <> '*', w.repo, w.week_start
"""

_CATEGORIES = """
    select now.category, now.failed_job_attempts, now.share, now.pull_requests,
        coalesce(before.failed_job_attempts, 0) as before
    from marts.failure_categories_weekly as now
    left join marts.failure_categories_weekly as before
        on before.repo = now.repo and before.category = now.category and before.week = ?
    where now.repo = '*' and now.week = ?
    order by now.failed_job_attempts desc, now.category
"""

_GROUPS = """
    select g.*, g.first_seen_at >= ? as is_new, strftime(g.first_seen_at, '%Y-%m-%d') as first_seen
    from marts.failure_groups_weekly as g
    where g.week = ?
    order by g.pull_requests desc, g.failed_job_attempts desc, g.fingerprint
    limit ?
"""

_FLAKY = """
    select f.repo, f.job_name, f.flaky_commits, f.commits, f.flake_rate, f.wilson_lower_bound,
        strftime(f.last_flaky_at, '%Y-%m-%d') as last_flake
    from marts.flaky_jobs as f
    where f.status = 'flaky' and f.flake_rank is not null
    order by f.flake_rank
    limit ?
"""

_MILESTONES = """
    select k.milestone, k.repo, m.due_date, k.progress, k.status, k.pass_rate, k.conclusive_runs, k.trend
    from marts.milestone_metrics as k
    join marts.milestones as m on m.repo = k.repo and m.number = k.number
    where m.state = 'open'
    order by m.due_date nulls last, k.repo, k.number
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
        (select max(v.ruleset_version) from derived.failure_verdicts as v) as ruleset
"""

_EPISODES = """
    select e.repo, parse_filename(e.workflow_path) as workflow, strftime(e.started_at, '%Y-%m-%d %H:%M') as since,
        -- As it stood when the week ended, so that the text does not change with the day it is read.
        date_diff('minute', e.started_at, least(e.ended_at, $end)) / 60.0 as hours,
        case when e.ended_at < $end then e.closed_by end as closed_by
    from marts.red_episodes as e
    where e.started_at < $end and (e.ended_at is null or e.ended_at >= $start)
    order by closed_by is not null, e.started_at, e.repo, workflow
"""

_REPAIRS = """
    select a.mechanism, count(*) as attempts,
        count(*) filter (where a.outcome = 'fixed') as fixed,
        count(*) filter (where a.outcome = 'failed') as failed,
        count(*) filter (where a.outcome = 'superseded_by_human') as superseded,
        count(*) filter (where a.outcome in ('pending', 'unverified')) as undecided
    from marts.autofix_attempts as a
    where a.week = ?
    group by a.mechanism
    order by a.mechanism
"""


def _facts(con: "duckdb.DuckDBPyConnection", week: str, monday: date) -> dict[str, Any]:
    next_monday = monday + timedelta(days=7)
    weekly = rows(con, _WEEKLY, [monday - timedelta(weeks=SPARK_WEEKS - 1), monday])
    total = [row for row in weekly if row["repo"] == "*"]
    if not total or total[-1]["week"] != week:
        raise RoadmapError(
            f"there is nothing to report on {week}: no run of that week is in the warehouse;"
            " `roadmap ingest` reads them, `roadmap build` counts them"
        )
    repositories = [row for row in weekly if row["repo"] != "*" and row["week"] == week]
    episodes = rows(con, _EPISODES, {"start": monday, "end": next_monday})
    categories = rows(con, _CATEGORIES, [fmt.week_of(monday - timedelta(days=7)), week])
    groups = rows(con, _GROUPS, [monday, week, _TOP])
    now, before = total[-1], total[-2] if len(total) > 1 else {}
    return {
        "week": week,
        "monday": monday.isoformat(),
        "sunday": (next_monday - timedelta(days=1)).isoformat(),
        "headline": _headline(now, before, episodes, categories),
        "scorecard": _scorecard(total),
        "chart": _chart(total),
        "repositories": repositories,
        "categories": categories,
        "recognised": _recognised(categories),
        "groups": groups,
        "flaky": rows(con, _FLAKY, [_TOP]),
        "episodes": episodes,
        "repairs": rows(con, _REPAIRS, [week]),
        "milestones": rows(con, _MILESTONES),
        "next_steps": _next_steps(episodes, groups, rows(con, _FLAKY, [1])),
        "quality": _quality(rows(con, _QUALITY, {"week": week})[0], now),
    }


def _headline(now: Row, before: Row, episodes: Sequence[Row], categories: Sequence[Row]) -> str:
    """At most three sentences, by rule: how many passed, what is red, what failed most."""
    change = fmt.points(before.get("final_pass_rate"), now["final_pass_rate"])
    if now["final_pass_rate"] is None:
        sentences = ["No run came to a verdict."]
    else:
        against = "" if change == fmt.MISSING else f" ({change})"
        sentences = [
            f"**{fmt.percent(now['final_pass_rate'])} of {now['conclusive_runs']:,} runs passed in the end**{against},"
            f" {fmt.percent(now['first_attempt_pass_rate'])} at the first attempt."
        ]
    still_red = [row for row in episodes if row["closed_by"] is None]
    if still_red:
        oldest = max(still_red, key=lambda row: row["hours"])
        one = len(still_red) == 1
        sentences.append(
            f"{'One default branch is' if one else f'{len(still_red)} workflows on default branches are'} still red,"
            f" {'' if one else 'the longest '}for {fmt.hours(oldest['hours'])}:"
            f" `{oldest['workflow']}` of {oldest['repo']}."
        )
    if categories:
        top = categories[0]
        sentences.append(
            f"Most failures: {top['category'].replace('_', ' ')},"
            f" {top['failed_job_attempts']:,} of {now['failed_job_attempts']:,} failed jobs."
        )
    return " ".join(sentences)


def _scorecard(total: Sequence[Row]) -> list[Row]:
    """One row per metric: this week, last week, the difference, twelve weeks as bars, and n."""
    now: Row = total[-1]
    before: Row = total[-2] if len(total) > 1 else {}

    def line(metric: str, column: str, show: Any, change: Any, n: str | None = None) -> Row:
        few = n is not None and 0 < (now[n] or 0) < fmt.FEW
        return {
            "metric": metric,
            "now": f"*{show(now[column])}*" if few else show(now[column]),
            "before": show(before.get(column)),
            "change": change(before.get(column), now[column]),
            "spark": fmt.sparkline([row[column] for row in total]),
            "n": _n(now[n]) if n else "",
        }

    def counted(old: float | None, new: float | None) -> str:
        return fmt.difference(old, new)

    def hours_changed(old: float | None, new: float | None) -> str:
        return fmt.difference(old, new, " h", 1)

    return [
        line(
            "passed at the first attempt",
            "first_attempt_pass_rate",
            fmt.percent,
            fmt.points,
            "conclusive_first_attempts",
        ),
        line("passed in the end", "final_pass_rate", fmt.percent, fmt.points, "conclusive_runs"),
        line("runs", "runs", fmt.count, counted),
        line("failed runs", "failed_runs", fmt.count, counted),
        line("failed job attempts", "failed_job_attempts", fmt.count, counted),
        line("time to green, median", "recovery_median_hours", fmt.hours, hours_changed, "episodes"),
        line("time to green, 90 %", "recovery_p90_hours", fmt.hours, hours_changed, "episodes"),
        line("time to green, mean of closed", "recovery_mean_hours", fmt.hours, hours_changed, "episodes_closed"),
        line("red and not yet green", "episodes_open", fmt.count, counted),
        line("auto-fix success", "autofix_success_rate", fmt.percent, fmt.points, "autofix_judged"),
        line("flaky jobs", "flaky_jobs", fmt.count, counted),
        line("CI health score", "ci_health_score", lambda value: fmt.percent(value, 0), fmt.points, "autofix_judged"),
    ]


def _n(value: int | None) -> str:
    if value is None:
        return ""
    return f"*{value} (few)*" if value < fmt.FEW else f"{value:,}"


def _chart(total: Sequence[Row]) -> dict[str, Any]:
    shown = [row for row in total if row["final_pass_rate"] is not None]
    rates = [round(100 * row["final_pass_rate"], 1) for row in shown]
    return {
        "weeks": [f'"{row["week"][5:]}"' for row in shown],
        "rates": rates,
        # The axis starts at a round ten below the worst week: differences stay visible.
        "low": int(min(rates, default=0) // 10 * 10),
    }


def _recognised(categories: Sequence[Row]) -> str:
    unknown = sum(row["share"] or 0 for row in categories if row["category"] == "unknown")
    return f"The cause was recognised for {fmt.percent(1 - unknown, 0)} of the failed jobs."


def _quality(facts: Row, now: Row) -> str:
    text = (
        f"{now['runs']:,} runs ({facts['attempts']:,} attempts, {facts['jobs']:,} jobs) were created in this week;"
        f" {now['void_runs']:,} were void (cancelled, skipped) and are in no rate."
    )
    if facts["failures"]:
        text += (
            f" {facts['without_log']:,} of {facts['failures']:,} failed jobs have no log (expired, or never written)."
            f" Causes by rule set {facts['ruleset']}."
        )
    return text + (
        " Rates are of runs with a verdict; a re-run restates the week its run was created in. Times are UTC."
        " Each number is a column of `marts.ci_weekly` or its neighbours: `roadmap query` shows them."
    )


def _next_steps(episodes: Sequence[Row], groups: Sequence[Row], flaky: Sequence[Row]) -> list[str]:
    """At most three, each naming what it would bring."""
    from roadmap_pipeline.failures.display import as_code

    steps = [
        f"Turn `{row['workflow']}` of {row['repo']} green: it has been red for {fmt.hours(row['hours'])},"
        " and every pull request is judged against it."
        for row in episodes
        if row["closed_by"] is None
    ][:1]
    for row in groups[:1]:
        hit = (
            _several(row["pull_requests"], "pull request")
            if row["pull_requests"]
            else _several(row["failed_runs"], "run")
        )
        steps.append(
            f"Look at {row['category'].replace('_', ' ')} in {as_code(row['job_base_name'], 60)} of {row['repo']}:"
            f" the same failure hit {hit} this week."
        )
    for row in flaky:
        steps.append(
            f"Mend or quarantine {as_code(row['job_name'], 60)} of {row['repo']}: it was flaky on"
            f" {row['flaky_commits']} of {row['commits']} commits."
        )
    return steps


def _several(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _render(facts: dict[str, Any]) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from roadmap_pipeline.failures.display import as_code, escape_markdown

    # Markdown, not HTML: what strangers wrote is neutralised by the filters `code` and `text`.
    environment = Environment(  # noqa: S701
        loader=PackageLoader("roadmap_pipeline.reports"), undefined=StrictUndefined, keep_trailing_newline=True
    )
    environment.filters.update(
        count=fmt.count,
        percent=fmt.percent,
        hours=fmt.hours,
        with_n=fmt.with_n,
        code=as_code,
        text=escape_markdown,
        words=lambda name: name.replace("_", " "),
    )
    environment.globals["difference"] = fmt.difference
    return environment.get_template("weekly.md.j2").render(facts)
