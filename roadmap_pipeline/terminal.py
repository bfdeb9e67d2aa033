"""What the command line draws with Rich: progress bars, tables, the outcome of a run.

Presentation only: everything printed here comes ready from the stages or the warehouse. On a terminal progress is drawn
as bars; elsewhere each task is one plain line when it ends.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from roadmap_pipeline.progress import Reporter, Task
from roadmap_pipeline.reports import format as fmt

if TYPE_CHECKING:
    from roadmap_pipeline.outcome import Outcome
    from roadmap_pipeline.sandbox.local import Served
    from roadmap_pipeline.settings import Settings
    from roadmap_pipeline.stages import Built
    from roadmap_pipeline.sync.run import SyncResult

_SHOWN_ROWS = 500


class _BarTask:
    def __init__(self, progress: Progress, task_id: TaskID) -> None:
        self._progress, self._id = progress, task_id

    def advance(self, n: int = 1) -> None:
        self._progress.advance(self._id, n)

    def describe(self, text: str) -> None:
        self._progress.update(self._id, description=escape(text))

    def close(self) -> None:
        self._progress.remove_task(self._id)


class _Bars:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def start(self, text: str, total: int | None) -> Task:
        return _BarTask(self._progress, self._progress.add_task(escape(text), total=total))

    def finish(self, task: Task) -> None:
        if isinstance(task, _BarTask):
            task.close()


class _LineTask:
    def __init__(self, text: str) -> None:
        self.text, self.count, self.started = text, 0, time.monotonic()

    def advance(self, n: int = 1) -> None:
        self.count += n

    def describe(self, text: str) -> None:
        self.text = text


class _Lines:
    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def start(self, text: str, total: int | None) -> Task:  # noqa: ARG002
        return _LineTask(text)

    def finish(self, task: Task) -> None:
        if isinstance(task, _LineTask):
            done = f" {task.count:,}" if task.count else ""
            self._stream.write(f"{task.text}:{done} ({time.monotonic() - task.started:.1f} s)\n")
            self._stream.flush()


@contextmanager
def terminal_reporter(stream: TextIO) -> Iterator[Reporter]:
    """Bars on a terminal, a line per ended task elsewhere."""
    if not stream.isatty():
        yield _Lines(stream)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(file=stream), transient=True) as progress:
        yield _Bars(progress)


def print_table(
    console: Console, title: str | None, rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None
) -> None:
    """A table of rows as dictionaries; says so when there are none, and how many more there are than shown."""
    names = list(columns or (rows[0] if rows else ()))
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    for name in names:
        numeric = all(isinstance(row[name], int | float | None) for row in rows)
        table.add_column(escape(str(name)), justify="right" if numeric and rows else "left", overflow="fold")
    for row in rows[:_SHOWN_ROWS]:
        table.add_row(*("" if row[name] is None else escape(str(row[name])) for name in names))
    if names:
        console.print(table)
    if not rows:
        console.print("no rows")
    elif len(rows) > _SHOWN_ROWS:
        console.print(f"… and {len(rows) - _SHOWN_ROWS:,} more rows; --json prints them all")


def print_read(console: Console, read: Mapping[str, int], notes: Sequence[str]) -> None:
    """What an ingest brought: new or changed rows by table."""
    print_table(
        console, "Read: new or changed rows", [{"table": name, "rows": f"{count:,}"} for name, count in read.items()]
    )
    for note in notes:
        console.print(f"[yellow]note:[/] {escape(note)}")


def print_build(console: Console, built: "Built") -> None:
    """What a build made: rows and failed checks by model."""
    rows = [{**row, "rows": f"{row['rows']:,}", "warnings": ", ".join(row["warnings"])} for row in built.rows()]
    print_table(console, "Built", rows)
    for note in built.notes:
        console.print(f"[yellow]note:[/] {escape(note)}")


def print_sync(console: Console, result: "SyncResult") -> None:
    """A plan, and when it was carried out what became of it."""
    plan = result.plan
    if not plan.changes:
        console.print("Nothing to write: Notion and GitHub already say what they should.")
    else:
        console.print(f"[bold]{'Would write' if result.dry_run else 'Wrote'}[/]")
        for change in plan.changes:
            for position, line in enumerate(change.lines()):
                if position == 0 or result.dry_run:
                    console.print(f"  {escape(line)}", highlight=False)
    _print_notes(console, result)


def _print_notes(console: Console, result: "SyncResult") -> None:
    for note in result.plan.notes:
        console.print(f"[yellow]note:[/] {escape(note)}")
    for title, reason in result.refused:
        console.print(f"[yellow]skipped:[/] {escape(title)}: {escape(reason)}")
    for title, reason in result.failed:
        console.print(f"[red]failed:[/] {escape(title)}: {escape(reason)}")
    for conflict in result.plan.conflicts:
        console.print(f"[red]conflict:[/] {escape(str(conflict))}")


def print_outcome(console: Console, settings: "Settings", outcome: "Outcome") -> None:
    """The main job's outcome: read, report, roadmap, written, what to do next."""
    from rich.markdown import Markdown

    from roadmap_pipeline.reports.weekly import section

    changed = {name: count for name, count in outcome.read.items() if count}
    read = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in changed.items())
    console.rule("[bold]Read from GitHub")
    console.print(f"{', '.join(settings.repositories)}: {read or 'nothing new since the last run'}", highlight=False)
    for note in outcome.notes:
        console.print(f"[yellow]note:[/] {escape(note)}")
    if outcome.report_content:
        console.rule(f"[bold]{escape(outcome.report_name or 'Report')}")
        for heading in (None, "Scorecard"):
            console.print(Markdown(section(outcome.report_content, heading)))
    console.rule("[bold]Roadmap")
    print_table(console, None, outcome.roadmap)
    console.rule("[bold]Written")
    for place, lines in outcome.written.items():
        console.print(f"{escape(place)}: {escape(', '.join(lines))}", highlight=False)
    if not any(outcome.writes.values()):
        console.print("Nothing: Notion and GitHub already said what they should.")
    for conflict in outcome.conflicts:
        console.print(f"[red]conflict:[/] {escape(str(conflict))}")
    console.rule("[bold]Next")
    for step in outcome.next_steps(settings):
        console.print(f"  {escape(step)}", highlight=False)
    console.print(f"\nDone in {outcome.seconds:.1f} s.", highlight=False)


def print_status(console: Console, status: Mapping[str, Any]) -> None:
    """What `roadmap status` found in the snapshot."""
    console.print(f"[bold]Warehouse[/] {escape(status['warehouse'])}, as of {status['as_of']} UTC", highlight=False)
    week = status["latest_week"]
    if week:
        console.print(
            f"[bold]{week['week']}[/] {fmt.count(week['runs'])} runs, "
            f"{fmt.percent(week['final_pass_rate'])} passed in the end, "
            f"{fmt.count(week['failed_job_attempts'])} failed jobs, top category {week['top_failure_category']}",
            highlight=False,
        )
    milestones = [
        row
        | {"progress": fmt.percent(row["progress"], 0), "workflow_pass_rate": fmt.percent(row["workflow_pass_rate"])}
        for row in status["milestones"]
    ]
    print_table(console, "Milestones", milestones)
    print_table(console, "Repositories", status["repositories"])


def print_sandbox(console: Console, served: "Served") -> None:
    """Where the sandbox answers, and the environment to use."""
    console.print("[bold]The sandbox is up[/] (Ctrl+C ends it). Use it from another shell with:\n")
    for name, value in served.environment.items():
        console.print(f"  export {name}={value}", highlight=False, soft_wrap=True)
    console.print(f"\nIts Notion as people would see it: {served.environment['NOTION_API_URL']}/", highlight=False)
    if served.replay_report:
        print_table(console, "Replayed", served.replay_report)
