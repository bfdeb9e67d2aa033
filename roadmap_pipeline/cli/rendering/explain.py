"""The answers of ``roadmap explain`` for people: points, lineage, rows with their pages, and what would change."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from rich.console import Console
from rich.markup import escape

from roadmap_pipeline.cli.rendering.tables import print_table
from roadmap_pipeline.explain.answers import Answer, Difference, FigureExplanation, Overview
from roadmap_pipeline.explain.evidence import Inputs
from roadmap_pipeline.explain.figures import GIVEN
from roadmap_pipeline.explain.lineage import Step
from roadmap_pipeline.explain.milestone import MilestoneExplanation
from roadmap_pipeline.failures.display import as_plain
from roadmap_pipeline.reports import format as fmt

_SHOWN_LEVELS = 5
_SHOWN_EXAMPLES = 3
_QUANTILES = {"p50_date": "50 %", "p85_date": "85 %"}
_SHARES = ("rate", "progress", "share", "work_done", "success", "score")


def print_answer(console: Console, answer: Answer) -> None:
    """Print one answer."""
    explanation = answer.explanation
    if isinstance(explanation, MilestoneExplanation):
        _print_milestone(console, explanation)
    elif isinstance(explanation, FigureExplanation):
        _print_figure(console, explanation)
    else:
        _print_overview(console, explanation)
    if answer.differences is not None:
        _print_differences(console, answer.differences)


def _print_milestone(console: Console, explained: MilestoneExplanation) -> None:
    row = explained.row
    target = f", target {row['target_date']}" if row["target_date"] else ""
    work = fmt.percent(row["work_done"], 0)
    _line(
        console,
        f"[bold]{_text(row['milestone'])}[/] ({_text(row['repo'])}): {fmt.percent(row['progress'], 0)} progress,"
        f" {work} of the work done, {row['status']}{target}",
    )
    rules = [
        {
            "rule": rule["rule"].replace("_", " "),
            "points": f"{rule['points']} of {rule['points_possible']}",
            "why": as_plain(rule["reason"], 200),
            "next": as_plain(rule["next_step"] or "", 200),
        }
        for rule in explained.rules
    ]
    print_table(console, f"Points, of runs in the last {row['window_days']} days", rules)
    for rule in explained.rules:
        _print_inputs(console, rule["rule"].replace("_", " "), explained.inputs.get(rule["rule"], ()))
    _line(
        console,
        f"[bold]work[/] {row['work_reason']}; {row['items_per_week']:g} closed a week over four weeks, in the last"
        f" 28 days {row['items_added_28d']} added and {row['items_removed_28d']} taken out",
    )
    _print_inputs(console, "", explained.inputs["work"])
    if row["forecast"]:
        dates = [f"{share} by {row[name]}" for name, share in _QUANTILES.items() if row[name]]
        if row["probability_on_time"] is not None:
            dates.append(f"on time {fmt.percent(row['probability_on_time'], 0)}")
        _line(console, f"[bold]forecast[/] {_text(': '.join(filter(None, [', '.join(dates), row['forecast']])))}")
    _print_risks(console, explained.risks)
    _print_ci(console, explained)
    if explained.learnt:
        learnt = "; ".join(filter(None, (explained.learnt["reason"], explained.learnt["accuracy"])))
        _line(console, f"[bold]learnt[/] {_text(learnt)}")
    if explained.group:
        _print_group(console, explained.group)
    _line(console, f"[dim]SQL: {', '.join(explained.models.values())}[/]")


def _print_ci(console: Console, explained: MilestoneExplanation) -> None:
    """Print what CI cost the milestone in its whole weeks, and why its 85 % date moved of late."""
    row = explained.ci
    if row:
        parts = [
            f"default branch red {fmt.hours(row['red_main_hours'])}",
            f"{row['wasted_minutes']:,.0f} of {row['job_minutes']:,.0f} job minutes wasted",
            f"{row['flaky_minutes']:,.0f} in flaky failures",
            f"{fmt.several(row['blocked_pull_requests'], 'pull request')} held up by others' failures for"
            f" {fmt.hours(row['pull_request_hours_blocked'])}",
        ]
        if row["currency"]:
            parts.append(f"cost {row['cost']:,.2f} {row['currency']}, {row['wasted_cost']:,.2f} of it wasted")
        span = f"{row['since_day']} to {row['until_day']}"
        _line(console, f"[bold]CI[/] {span}: {_text(', '.join(parts))} [dim](marts.milestone_ci)[/]")
    for slip in explained.slips:
        when = slip["week"] or slip["quarter"]
        _line(
            console,
            f"[bold]{when}[/] {_text(slip['sentence'])} ({slip['p85_before']} → {slip['p85_after']})"
            " [dim](marts.milestone_slips; association, no proof)[/]",
        )


def _print_risks(console: Console, risks: Sequence[Mapping[str, Any]]) -> None:
    """Print the open risks with cause, evidence, whom to ask and what clears them; the others by name."""
    shown = [risk for risk in risks if risk["is_open"] and not risk["is_covered"]]
    for risk in shown:
        before = "" if risk["is_since_known"] else " or before"
        ask = f"Ask {risk['owner']} ({risk['owner_basis'].replace('_', ' ')})." if risk["owner"] else ""
        sentences = " ".join(
            _text(one) for one in (risk["cause"], ask, f"What clears it: {risk['clears_when']}") if one
        )
        head = f"[bold]risk[/] {_text(risk['label'])} ({risk['severity']}) since {risk['since']}{before}"
        _line(console, f"{head}: {sentences}")
        for address in risk["evidence_urls"] or []:
            _line(console, f"    {_text(address or '')}")
    if not shown:
        _line(console, "[bold]risk[/] none")
    if past := [f"{risk['label']} {risk['since']} to {risk['cleared_on']}" for risk in risks if not risk["is_open"]]:
        _line(console, f"  before: {_text('; '.join(past))}")


def _print_group(console: Console, group: Mapping[str, Any]) -> None:
    rate = fmt.with_n(fmt.percent(group["pass_rate"]), group["conclusive_runs"]).strip("*")
    _line(
        console,
        f"[bold]together[/] with {', '.join(map(_text, group['repos']))}: {fmt.percent(group['work_done'], 0)} of the"
        f" work done ({group['closed_items']} of {group['items']} items), pass rate {rate}",
    )


def _print_figure(console: Console, explained: FigureExplanation) -> None:
    figure = explained.figure
    known = ("repo", *GIVEN[explained.subject.kind])
    rest = [str(value) for name, value in figure.key.items() if name not in known and value is not None]
    repo = figure.key.get("repo")
    place = "all repositories" if repo == "*" else repo or ""
    of = ", ".join(filter(None, (explained.subject.name, place, *rest)))
    _line(console, f"[bold]{figure.column}[/] of {_text(of)}: [bold]{_text(_value(figure.column, figure.value))}[/]")
    if explained.description:
        _line(console, escape(explained.description.strip()))
    _line(console, "\n[bold]How it is computed[/]")
    _print_steps(console, explained.steps)
    if explained.inputs:
        _line(console, "\n[bold]Rows behind it[/]")
        _print_inputs(console, "", explained.inputs)


def _print_steps(console: Console, steps: Sequence[Step]) -> None:
    for step in steps:
        if step.level > _SHOWN_LEVELS:
            continue
        columns = f".{', '.join(step.columns)}" if step.columns else " (its rows)"
        file = f"  [dim]{step.file}[/]" if step.file else ""
        _line(console, f"{'  ' * step.level}{'← ' if step.level else ''}{step.table}{escape(columns)}{file}")
    left_out = sum(step.level > _SHOWN_LEVELS for step in steps)
    if left_out:
        _line(console, f"[dim]… and {fmt.several(left_out, 'more table')} (--json names all)[/]")


def _print_inputs(console: Console, name: str, inputs: Sequence[Inputs]) -> None:
    if name and inputs:
        _line(console, f"[bold]{name}[/]")
    for one in inputs:
        _line(console, f"  {one.what}: {one.rows:,} [dim]({one.table})[/]")
        # What passed is in nobody's way: its number is enough.
        shown = () if one.what.endswith(("passed", "passed or failed")) else one.examples[:_SHOWN_EXAMPLES]
        for example in shown:
            _line(console, f"    {_text(example['text'])}  {_text(example['url'] or '')}")
        if shown and one.rows > len(shown):
            _line(console, f"    [dim]… and {one.rows - len(shown):,} more[/]")


def _print_overview(console: Console, overview: Overview) -> None:
    rows = [
        {"metric": one.column, "value": _value(one.column, one.value), "means": description.strip()}
        for one, description in overview.figures
    ]
    print_table(console, f"{overview.subject.name}: ask about one of", rows)


def _print_differences(console: Console, differences: Sequence[Difference]) -> None:
    if not differences:
        _line(console, "[bold]What if[/] nothing would change")
        return
    rows = [
        {"what": one.what, "now": _value(one.what, one.before), "then": _value(one.what, one.after)}
        for one in differences
    ]
    print_table(console, "What if", rows)


def _value(name: str, value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, float):
        is_share = any(part in name for part in _SHARES) and "delta" not in name and 0 <= value <= 1
        return f"{fmt.percent(value, 1)} ({value:.6g})" if is_share else f"{value:,.6g}"
    if isinstance(value, bool) or not isinstance(value, int):
        return as_plain(str(value), 200) if not isinstance(value, date | datetime) else str(value)
    return f"{value:,}"


def _text(text: str) -> str:
    return escape(as_plain(text, 300))


def _line(console: Console, text: str) -> None:
    console.print(text, highlight=False, soft_wrap=True)
