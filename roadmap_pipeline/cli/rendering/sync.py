"""The plan of a sync as a table, and what became of it.

Belongs here: printing. What the states mean is decided in :mod:`roadmap_pipeline.sync`.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from roadmap_pipeline.cli.rendering.tables import print_table
from roadmap_pipeline.sync.plan import Change, shorten

if TYPE_CHECKING:
    from roadmap_pipeline.sync.result import SyncResult

_SHOWN = 60


def print_sync(console: Console, result: "SyncResult") -> None:
    """Print a plan, and when it was carried out what became of it."""
    plan = result.plan
    if plan.mass_changes:
        console.print("[red]Nothing was written:[/] more rows than usual would lose something.")
        for line in plan.mass_changes:
            console.print(f"  {escape(line)}", highlight=False)
        console.print("Look at both sides; to go on nevertheless, add --allow-mass-change.")
    elif result.dry_run and plan.changes:
        print_table(console, "Would write", [row for change in plan.changes for row in _rows(change)])
    elif result.done:
        console.print("[bold]Wrote[/]")
        for change in result.done:
            console.print(f"  {escape(next(change.lines()))}", highlight=False)
    elif not (plan.conflicts or plan.notes or result.notes or result.failed or result.refused or result.pause):
        console.print("Nothing to write: Notion and GitHub already say what they should.")
    else:
        console.print("Nothing to write.")
    _print_notes(console, result)


def _rows(change: Change) -> Iterator[dict[str, Any]]:
    """Yield a line of the plan's table for each field."""
    head = {"to": change.target, "write": change.kind.replace("_", " "), "title": change.title}
    if not change.fields:
        yield {**head, "field": "", "now": "", "then": ""}
    for field in change.fields:
        yield {**head, "field": field.field, "now": _short(field.before), "then": _short(field.after)}
        head = dict.fromkeys(head, "")


def _short(value: Any) -> str:
    text = "–" if value is None else " ".join(str(shorten(value)).split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _print_notes(console: Console, result: "SyncResult") -> None:
    for note in dict.fromkeys((*result.plan.notes, *result.notes)):
        console.print(f"[yellow]note:[/] {escape(note)}")
    if result.pause:
        console.print(f"[yellow]note:[/] {escape(result.pause)}")
    for title, reason in result.refused:
        console.print(f"[yellow]skipped:[/] {escape(title)}: {escape(reason)}")
    for title, reason in (*result.failed, *result.moved):
        console.print(f"[red]failed:[/] {escape(title)}: {escape(reason)}")
    for conflict in result.plan.conflicts:
        console.print(f"[red]conflict:[/] {escape(str(conflict))}")
