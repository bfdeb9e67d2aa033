"""Reports and the status, as they are read on a terminal."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape

from roadmap_pipeline.cli.rendering.tables import print_table
from roadmap_pipeline.failures.display import as_plain
from roadmap_pipeline.reports import format as fmt

_AT_EACH_END = 10
"""Repositories with most and with fewest runs that the status shows where there are more."""
_DIAGRAM = re.compile(r"^```mermaid\n.*?^```\n?", re.MULTILINE | re.DOTALL)


def print_report(console: Console, content: str) -> None:
    """Print a report's Markdown, or a part of it. Diagrams are left out: a terminal would show their source."""
    from rich.markdown import Markdown

    console.print(Markdown(_DIAGRAM.sub("", content)))


def print_status(console: Console, status: Mapping[str, Any]) -> None:
    """Print what `roadmap status` found in the snapshot."""
    as_of = f"as of {status['as_of']} UTC" if status["as_of"] else "not built yet"
    console.print(f"[bold]Warehouse[/] {escape(status['warehouse'])}, {as_of}", highlight=False)
    week = status["latest_week"]
    if week:
        passed = fmt.with_n(fmt.percent(week["final_pass_rate"]), week["conclusive_runs"]).strip("*")
        top = f", top cause: {fmt.cause(week['top_failure_category'])}" if week["top_failure_category"] else ""
        console.print(
            f"[bold]{week['week']}[/] {fmt.several(week['runs'], 'run')}, {passed} passed in the end,"
            f" {fmt.several(week['failed_job_attempts'], 'failed job')}{top}",
            highlight=False,
        )
        if week["rests_on"]:
            console.print(f"[yellow]note:[/] {escape(week['rests_on'])}", highlight=False)
    milestones = [
        {
            "milestone": row["title"],
            "target": row["target_date"],
            "status": row["status"],
            "progress": fmt.percent(row["progress"], 0),
            "done": fmt.percent(row["work_done"], 0),
            "pass rate": fmt.percent(row["workflow_pass_rate"]),
            "n": row["conclusive_runs"],
            "trend": row["trend"],
        }
        for row in status["milestones"]
    ]
    print_table(console, "Milestones", milestones)
    risks = [{"milestone": row["title"], "risks": row["risk"]} for row in status["milestones"] if row["open_risks"]]
    if risks:
        print_table(console, "Risks", risks)
    _print_repositories(console, status["repositories"])
    for one in status["unread"]:
        console.print(f"[yellow]not read:[/] {escape(one['text'])}", highlight=False)
    for one in status["dropped"]:
        console.print(f"[bold]dropped[/] by retention so far: {escape(one['text'])}", highlight=False)
    _print_sync(console, status["sync"])


def _print_repositories(console: Console, repositories: Sequence[Mapping[str, Any]]) -> None:
    """Print the repositories; of very many those with most and with fewest runs, and what is left to read of some."""
    most = 2 * _AT_EACH_END
    shown, left_out = list(repositories), len(repositories) - most
    if left_out > 0:
        ranked = sorted(shown, key=lambda row: (-row["runs"], row["repo"]))
        shown = ranked[:_AT_EACH_END] + ranked[-_AT_EACH_END:]
    rows = [
        {
            "repository": row["repo"],
            "runs": fmt.count(row["runs"]),
            "newest run (UTC)": f"{row['newest_run']:%Y-%m-%d %H:%M}",
            "last read (UTC)": row["last_read"],
        }
        for row in shown
    ]
    print_table(console, "Repositories", rows)
    if left_out > 0:
        others = fmt.several(left_out, "other repository")
        console.print(f"Those with most and with fewest runs; {others}: roadmap status --json", highlight=False)
    missing = [sentence for row in repositories if (sentence := _still_to_read(row))]
    for sentence in missing[:most]:
        console.print(f"[yellow]still to read:[/] {escape(sentence)}", highlight=False)
    if len(missing) > most:
        others = fmt.several(len(missing) - most, "other repository")
        console.print(f"[yellow]still to read:[/] {others}: roadmap status --json", highlight=False)


def _print_sync(console: Console, sync: Mapping[str, Any]) -> None:
    """Print how Notion and GitHub stand to each other: what is not in step, and how reliably writes arrived."""
    reliability = sync["reliability"]
    if sync["last_verified_at"] is None and reliability is None:
        console.print("[bold]Sync[/] nothing was published yet", highlight=False)
        return
    parts = [f"last verified {sync['last_verified_at']} UTC" if sync["last_verified_at"] else "never verified"]
    if reliability and reliability["scheduled"]:
        share = fmt.percent(reliability["reliability"])
        parts.append(f"{share} of {fmt.several(reliability['scheduled'], 'write')} of 30 days arrived")
    if reliability and reliability["lag_p50_seconds"] is not None:
        lag, late = fmt.seconds(reliability["lag_p50_seconds"]), fmt.seconds(reliability["lag_p95_seconds"])
        parts.append(f"within {lag} (p95 {late})")
    if reliability and reliability["oldest_unsynced_at"]:
        parts.append(f"oldest that has not arrived: {reliability['oldest_unsynced_at']} UTC")
    console.print(f"[bold]Sync[/] {', '.join(parts)}", highlight=False)
    rows = [
        {"milestone": row["title"], "state": row["state"], "since (UTC)": row["since"], "note": row["note"]}
        for row in sync["rows"]
    ]
    if rows:
        print_table(console, "Not in step", rows)
    conflicts = [
        {
            "milestone": row["title"],
            "field": row["field"],
            "GitHub": _value(row["github"]),
            "Notion": _value(row["notion"]),
            "since (UTC)": row["since"],
        }
        for row in sync["conflicts"]
    ]
    if conflicts:
        print_table(console, "Conflicts", conflicts)
    for row in sync["trashed"]:
        console.print(
            f"[yellow]in Notion's trash:[/] {escape(as_plain(row['title'] or '', 100))} of {escape(row['repo'] or '')},"
            f" since {row['since']} UTC; roadmap sync --restore TITLE brings it back",
            highlight=False,
        )


def _value(value: Any) -> str:
    return "nothing" if value is None else str(value)


def _still_to_read(row: Mapping[str, Any]) -> str:
    """Return what is missing of a repository, in words: the list of runs before a time, and runs without jobs."""
    missing = [f"runs before {row['listed_from']:%Y-%m-%d %H:%M}"] if row.get("listed_from") else []
    if row.get("due_runs"):
        missing.append(f"jobs of {fmt.several(row['due_runs'], 'run')}")
    if not missing:
        return ""
    complete = [f"complete from {row['complete_from']} on"] if row["complete_from"] else []
    if row.get("weeks"):
        complete.append(f"{row['complete_weeks']:,} of {row['weeks']:,} weeks complete")
    how_far = f" ({'; '.join(complete)})" if complete else ""
    return f"{' and '.join(missing)} of {row['repo']}{how_far}"
