"""The end of ``roadmap run``: what was read, the report in short, the roadmap, what was written, what to do next."""

import re
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding

from roadmap_pipeline.cli.rendering.reports import print_report
from roadmap_pipeline.cli.rendering.tables import plain_table, print_table

if TYPE_CHECKING:
    from roadmap_pipeline.run_summary import RunSummary
    from roadmap_pipeline.settings import Settings

_PIPE_ROW = re.compile(r"^\|(.*)\|$", re.MULTILINE)
_ITALICS = re.compile(r"\A\*(.*)\*\Z")
_SCORECARD_WIDTH = 76
_LAST_WEEK, _BARS = 2, 4
"""Positions of the scorecard's columns that a narrow console goes without."""


def print_run_summary(console: Console, settings: "Settings", run_summary: "RunSummary") -> None:
    """Print what the main job did: read, report, roadmap, written, what to do next."""
    from roadmap_pipeline.pipeline.findings import named
    from roadmap_pipeline.reports.weekly import section
    from roadmap_pipeline.sync.result import phrases

    changed = {name: count for name, count in run_summary.read.items() if count}
    read = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in changed.items())
    console.rule("[bold]Read from GitHub")
    repositories = escape(named(settings.repositories))
    console.print(f"{repositories}: {read or 'nothing new since the last run'}", highlight=False)
    for note in run_summary.notes:
        console.print(f"[yellow]note:[/] {escape(note)}", highlight=False)
    if run_summary.report_content:
        console.rule(f"[bold]{escape(run_summary.report_name or 'Report')}")
        _, _, summary = section(run_summary.report_content, None).partition("\n")
        print_report(console, summary)
        _print_scorecard(console, section(run_summary.report_content, "Scorecard"))
    console.rule("[bold]Roadmap")
    print_table(console, None, run_summary.roadmap)
    console.rule("[bold]Written")
    for place, counts in run_summary.written.items():
        console.print(f"{escape(place)}: {escape(', '.join(phrases(counts)))}", highlight=False)
    if not any(run_summary.writes.values()):
        console.print("Nothing: Notion and GitHub already said what they should.")
    for one in run_summary.notifications:
        told = {"sent": "told", "held": "held back for"}.get(one.state, "not told")
        console.print(f"{told} {escape(one.address)}: {escape(one.title)}", highlight=False)
    for conflict in run_summary.conflicts:
        console.print(f"[red]conflict:[/] {escape(str(conflict))}", highlight=False)
    if run_summary.mass_changes:
        console.print("[red]The roadmap was not written:[/] more rows than usual would lose something:")
        for line in run_summary.mass_changes:
            console.print(f"  {escape(line)}", highlight=False)
        console.print("Look at both sides; to go on nevertheless: roadmap sync --allow-mass-change")
    console.rule("[bold]Next")
    _print_next_steps(console, settings)
    console.print(f"\nDone in {run_summary.seconds:.1f} s.", highlight=False)


def _print_scorecard(console: Console, text: str) -> None:
    """Print the scorecard of a report without what the console has no room for; italics (few cases) are greyed."""
    lines = [line.strip("| ").split(" | ") for line in _PIPE_ROW.findall(text)]
    if not lines:
        return
    names, cells = lines[0], [(line + [""] * len(lines[0]))[: len(lines[0])] for line in lines[2:]]
    shown = [
        position
        for position in range(len(names))
        if console.width >= _SCORECARD_WIDTH or position not in (_LAST_WEEK, _BARS)
    ]
    table = plain_table()
    for position in shown:
        table.add_column(names[position], justify="left" if position in (0, _BARS) else "right", overflow="fold")
    for row in cells:
        table.add_row(*(_ITALICS.sub(r"[dim italic]\1[/]", escape(row[position])) for position in shown))
    console.print(table)
    for note in (line for line in text.splitlines() if line.startswith("†")):
        console.print(f" [dim]{escape(note)}[/]", highlight=False)


def _print_next_steps(console: Console, settings: "Settings") -> None:
    sandbox = ", and the sandbox's Notion and pull requests" if settings.deployment != "real" else ""
    steps = (
        ("roadmap ui", f"the Dagster UI with this run{sandbox}"),
        ("roadmap report", "the whole weekly report"),
        ('roadmap query "from marts.ci_weekly limit 5"', "the tables"),
    )
    for command, what in steps:
        console.print(Padding(f"[bold]{escape(command)}[/]", (0, 0, 0, 2)), highlight=False)
        console.print(Padding(escape(what), (0, 0, 0, 6)), highlight=False)
    if settings.deployment != "real":
        real = (
            "For the real thing set GITHUB_TOKEN, GITHUB_REPOSITORY, NOTION_API_KEY and"
            " NOTION_PARENT_PAGE_ID, and run again (README: Real credentials)."
        )
        console.print(Padding(real, (0, 0, 0, 2)), highlight=False)
