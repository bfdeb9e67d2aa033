"""The results of the stages, one by one: what an ingest and a build brought."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from roadmap_pipeline.cli.rendering.failures import print_moved
from roadmap_pipeline.cli.rendering.tables import print_table
from roadmap_pipeline.reports import format as fmt

if TYPE_CHECKING:
    from roadmap_pipeline.failures.reclassification import Moved
    from roadmap_pipeline.pipeline import BuildResult
    from roadmap_pipeline.warehouse.models import Difference


def print_read(console: Console, read: Mapping[str, int], notes: Sequence[str]) -> None:
    """Print what an ingest brought: new or changed rows by table."""
    print_table(
        console, "Read: new or changed rows", [{"table": name, "rows": f"{count:,}"} for name, count in read.items()]
    )
    for note in notes:
        console.print(f"[yellow]note:[/] {escape(note)}", highlight=False)


def print_build(console: Console, built: "BuildResult") -> None:
    """Print what a build made: rows and failed checks by model."""
    rows = [
        {
            "model": row["model"],
            "build": row["build"],
            "rows": "" if row["rows"] is None else f"{row['rows']:,}",
            "changed": "" if row["changed"] is None else f"{row['changed']:,}",
            "seconds": row["seconds"],
            "why": row["reason"],
            "warnings": ", ".join(row["warnings"]),
        }
        for row in built.rows()
        if row["build"] != "skipped"
    ]
    if rows:
        print_table(console, "Built", rows)
    if skipped := sum(row["build"] == "skipped" for row in built.rows()):
        console.print(f"Up to date: {skipped} of {len(built.models)} models; nothing that concerns them changed.")
    for note in built.notes:
        console.print(f"[yellow]note:[/] {escape(note)}")


def print_differences(console: Console, differences: "Sequence[Difference]", moved: "Sequence[Moved]") -> None:
    """Print which failures would get another cause, and which published numbers would change, table by table."""
    from roadmap_pipeline.warehouse.models import COMPARED_TABLES

    weeks = _causes_by_week(differences)
    if weeks:
        console.print("[bold]Failed jobs by cause and week[/]")
        for week, causes in weeks.items():
            console.print(f"  {week}: {', '.join(causes)}", highlight=False)
    if moved:
        print_moved(console, moved)
    if not differences:
        console.print("No published number would change.")
        return
    for table, key in COMPARED_TABLES.items():
        rows = [
            {**dict(zip(key, one.row, strict=True)), "column": one.column, "now": one.before, "would be": one.after}
            for one in differences
            if one.table == table
        ]
        if rows:
            print_table(console, table, [{name: _short(value) for name, value in row.items()} for row in rows])


def _causes_by_week(differences: "Sequence[Difference]") -> dict[str, list[str]]:
    """Return ``{"2026-W44": ["test 12 → 9", …]}`` over all repositories."""
    weeks: dict[str, list[str]] = {}
    for one in differences:
        if (one.table, one.column) == ("marts.failure_categories_weekly", "failed_job_attempts") and one.row[1] == "*":
            week, _, category = one.row
            weeks.setdefault(week, []).append(f"{fmt.cause(category)} {one.before or 0:,} → {one.after or 0:,}")
    return weeks


def _short(value: object) -> str:
    """Return a value in one line of a table."""
    if isinstance(value, float):
        value = round(value, 4)
    text = "–" if value is None else str(value).replace("\n", " ")
    return text if len(text) <= 60 else f"{text[:59]}…"
