"""What the command line draws with Rich: progress bars, tables, the outcome of a run.

Presentation only: everything printed here comes ready from the stages or the warehouse. On a terminal progress is drawn
as bars; elsewhere (logs of CI) each task is one plain line when it ends, and one now and then while it takes long.
What is printed fits 80 columns, or the width there is: a table that doesn't is printed as one block a row.
"""

import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from roadmap_pipeline.failures.display import as_plain, without_controls
from roadmap_pipeline.progress import Reporter, Task
from roadmap_pipeline.reports import format as fmt

if TYPE_CHECKING:
    from roadmap_pipeline.failures.reclassification import Moved
    from roadmap_pipeline.pipeline import Built
    from roadmap_pipeline.run_summary import Outcome
    from roadmap_pipeline.settings import Settings
    from roadmap_pipeline.sync.run import SyncResult
    from roadmap_pipeline.warehouse.models import Difference
    from roadmap_sandbox.local import Served

_SHOWN_ROWS = 500
_SIGN_OF_LIFE_SECONDS = 30.0
"""How often a long task says how far it is where there are no bars; CI ends jobs that say nothing for long."""

_LONGEST_WORD = 24
"""Characters of a cell that stay together at most when a table is fitted into the console."""

_DIAGRAM = re.compile(r"^```mermaid\n.*?^```\n?", re.MULTILINE | re.DOTALL)
_PIPE_ROW = re.compile(r"^\|(.*)\|$", re.MULTILINE)
_ITALICS = re.compile(r"\A\*(.*)\*\Z")
_SCORECARD_WIDTH = 76
_LAST_WEEK, _BARS = 2, 4
"""Positions of the scorecard's columns that a narrow console goes without."""
_NUMBER = re.compile(r"[<>−+-]? ?[\d,]+(\.\d+)?( %| s)?|–|")


class _BarTask:
    def __init__(self, progress: Progress, task_id: TaskID) -> None:
        self._progress, self._id = progress, task_id

    def advance(self, n: int = 1) -> None:
        self._progress.advance(self._id, n)

    def describe(self, text: str) -> None:
        self._progress.update(self._id, description=escape(text))

    def expect(self, total: int) -> None:
        self._progress.update(self._id, total=total)

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
    def __init__(self, stream: TextIO, text: str, total: int | None, every_s: float) -> None:
        self.text, self.count, self.started = text, 0, time.monotonic()
        self._stream, self._total, self._every = stream, total, every_s
        self._said = self.started

    def advance(self, n: int = 1) -> None:
        self.count += n
        if time.monotonic() - self._said >= self._every:
            self._said = time.monotonic()
            of = f" of {self._total:,}" if self._total else ""
            self._write(f"{self.text}: {self.count:,}{of} so far")

    def describe(self, text: str) -> None:
        self.text = text

    def expect(self, total: int) -> None:
        self._total = total

    def close(self) -> None:
        done = f": {self.count:,}" if self.count else ""
        self._write(f"{self.text}{done} ({time.monotonic() - self.started:.1f} s)")

    def _write(self, line: str) -> None:
        self._stream.write(f"{line}\n")
        self._stream.flush()


class _Lines:
    def __init__(self, stream: TextIO, every_s: float) -> None:
        self._stream, self._every = stream, every_s

    def start(self, text: str, total: int | None) -> Task:
        return _LineTask(self._stream, text, total, self._every)

    def finish(self, task: Task) -> None:
        if isinstance(task, _LineTask):
            task.close()


@contextmanager
def terminal_reporter(stream: TextIO, *, every_s: float = _SIGN_OF_LIFE_SECONDS) -> Iterator[Reporter]:
    """Bars on a terminal; elsewhere a line per ended task, and one every ``every_s`` seconds while it advances."""
    if not stream.isatty():
        yield _Lines(stream, every_s)
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
    """A table of rows as dictionaries; says so when there are none, and how many more there are than shown.

    One block a row, a line a column, where the table would be wider than the console.
    """
    names = [str(name) for name in (columns or (rows[0] if rows else ()))]
    shown = rows[:_SHOWN_ROWS]
    cells = [["" if row[name] is None else without_controls(str(row[name])) for name in names] for row in shown]
    if cells and _narrowest(names, cells) > console.width:
        _print_blocks(console, title, names, cells)
    elif names and _narrowest(names, cells) > console.width:
        console.print(f"[bold]columns:[/] {escape(', '.join(names))}", highlight=False)
    elif names:
        table = _table(title)
        for position, name in enumerate(names):
            is_number = bool(cells) and all(_NUMBER.fullmatch(row[position]) for row in cells)
            table.add_column(escape(name), justify="right" if is_number else "left", overflow="fold")
        for row in cells:
            table.add_row(*map(escape, row))
        console.print(table)
    if not rows:
        console.print("no rows")
    elif len(rows) > _SHOWN_ROWS:
        console.print(f"… and {len(rows) - _SHOWN_ROWS:,} more rows; --json prints them all")


def _table(title: str | None = None) -> Table:
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        header_style="bold",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )


def _narrowest(names: Sequence[str], cells: Sequence[Sequence[str]]) -> int:
    """Columns of the console that a table needs without breaking words."""

    def longest(texts: Iterable[str]) -> int:
        return min(max((cell_len(word) for text in texts for word in text.split()), default=0), _LONGEST_WORD)

    return sum(longest((name, *(row[position] for row in cells))) + 2 for position, name in enumerate(names))


def _print_blocks(console: Console, title: str | None, names: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    if title:
        console.print(f"[bold]{escape(title)}[/]")
    for number, row in enumerate(cells, 1):
        console.rule(f"row {number}", align="left", style="dim")
        block = Table.grid(padding=(0, 2))
        block.add_column(style="bold", overflow="fold")
        block.add_column(overflow="fold")
        for name, value in zip(names, row, strict=True):
            block.add_row(escape(name), escape(value))
        console.print(block)


def print_read(console: Console, read: Mapping[str, int], notes: Sequence[str]) -> None:
    """What an ingest brought: new or changed rows by table."""
    print_table(
        console, "Read: new or changed rows", [{"table": name, "rows": f"{count:,}"} for name, count in read.items()]
    )
    for note in notes:
        console.print(f"[yellow]note:[/] {escape(note)}", highlight=False)


def print_build(console: Console, built: "Built") -> None:
    """What a build made: rows and failed checks by model."""
    rows = [
        {
            "model": row["model"],
            "build": row["build"],
            "rows": f"{row['rows']:,}",
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


def print_differences(console: Console, found: "Sequence[Difference]", moved: "Sequence[Moved]") -> None:
    """Which published numbers a build would change, table by table; first which failures get another cause."""
    from roadmap_pipeline.warehouse.models import COMPARED_TABLES

    weeks = _causes_by_week(found)
    if weeks:
        console.print("[bold]Failed jobs by cause and week[/]")
        for week, causes in weeks.items():
            console.print(f"  {week}: {', '.join(causes)}", highlight=False)
    if moved:
        print_moved(console, moved)
    if not found:
        console.print("No published number would change.")
        return
    for table, key in COMPARED_TABLES.items():
        rows = [
            {**dict(zip(key, one.row, strict=True)), "column": one.column, "now": one.before, "would be": one.after}
            for one in found
            if one.table == table
        ]
        if rows:
            print_table(console, table, [{name: _short(value) for name, value in row.items()} for row in rows])


def _causes_by_week(found: "Sequence[Difference]") -> dict[str, list[str]]:
    """``{"2026-W44": ["test 12 → 9", …]}`` over all repositories."""
    weeks: dict[str, list[str]] = {}
    for one in found:
        if (one.table, one.column) == ("marts.failure_categories_weekly", "failed_job_attempts") and one.row[1] == "*":
            week, _, category = one.row
            weeks.setdefault(week, []).append(f"{fmt.cause(category)} {one.before or 0:,} → {one.after or 0:,}")
    return weeks


def print_unknown(console: Console, share: Mapping[str, int], found: Sequence[Mapping[str, Any]]) -> None:
    """The failures that no rule knows, each with a draft and where that is found."""
    if not share["failures"]:
        console.print("No job failed: there is nothing to know.")
        return
    if not share["unknown"]:
        console.print(f"Every cause is known: {_all_of(share['failures'])}.", highlight=False)
        return
    console.print(
        f"{share['unknown']:,} of {fmt.several(share['failures'], 'failed job')} without a known cause,"
        f" {fmt.several(share['groups'], 'kind')} of failure. By people hit:",
        highlight=False,
    )
    for number, row in enumerate(found, 1):
        hit = [fmt.several(row[name], noun) for name, noun in _HURT if row[name]]
        people = [f"{row['people']:,} {'person' if row['people'] == 1 else 'people'}"] if row["people"] else []
        job = f"{as_plain(row['job'] or 'a job', 60)} of {row['repo']}"
        console.print(f"\n{number}. {', '.join((*people, *hit))} · {escape(job)}", highlight=False, style="bold")
        _indented(console, f"{row['first_seen']} to {row['last_seen']}{', new' if row['is_new'] else ''}")
        _indented(console, as_plain(row["evidence"] or "", 300) or "(nothing to see of why)")
        if row["example_url"]:
            _indented(console, as_plain(row["example_url"], 300))
        if not row["is_told"]:
            _indented(console, "No log: no rule will tell this one.")
        elif row["draft"] is None:
            _indented(console, "No pattern drafted: too little text in the line.")
        else:
            _indented(console, f"pattern: {as_plain(row['draft']['pattern'], 500)}")
            _indented(console, _where_found(row["draft"]))
    if share["groups"] > len(found):
        console.print(f"\n… and {share['groups'] - len(found):,} more; --limit shows more, --json all they hold")
    console.print("\nTry one, then make it a rule (docs/configuration.md, Rules of one's own):")
    console.print(Padding("roadmap failures test-rule 'PATTERN' --passing LOG", (0, 0, 0, 3)), highlight=False)


_HURT = (("pull_requests", "pull request"), ("failed_job_attempts", "failed job"))


def _all_of(failures: int) -> str:
    return "that of the only failed job" if failures == 1 else f"those of all {failures:,} failed jobs"


def _indented(console: Console, text: str) -> None:
    console.print(Padding(escape(text), (0, 0, 0, 3)), highlight=False)


def _where_found(hits: Mapping[str, Any]) -> str:
    """Where a pattern is found, in words; what speaks against it last."""
    known = {category: number for category, number in hits["hits"].items() if category != "unknown"}
    causes = ", ".join(f"{fmt.cause(category)} {number:,}" for category, number in known.items())
    text = (
        f"found in {hits['hits_unknown']:,} unknown and {hits['hits_elsewhere']:,} other of"
        f" {fmt.several(hits['failing_logs'], 'failing log')}{f' ({causes})' if causes else ''}"
    )
    if hits["passing_logs"]:
        text += f", in {len(hits['hits_passing']):,} of {fmt.several(hits['passing_logs'], 'passing log')}"
    if hits["comparable_logs"]:
        said, of = hits["hits_said_by_passing"], fmt.several(hits["comparable_logs"], "job")
        text += f"; passing runs say that line, too, in {said:,} of {of} whose passing log is known"
    too_loose = "; too loose: it hits passing logs" if hits["hits_passing"] or hits["hits_said_by_passing"] else ""
    return f"{text}{too_loose}"


def print_hits(console: Console, hits: Mapping[str, Any]) -> None:
    """Where a pattern is found, with examples; what is recognised already stands last."""
    text = _where_found(hits)
    console.print(f"{text[:1].upper()}{text[1:]}", highlight=False)
    examples = sorted(hits["examples"], key=lambda one: (one["category"] != "unknown", one["category"]))
    rows = [
        {"cause now": fmt.cause(one["category"]), "job": f"{one['job']} of {one['repo']}", "line": one["line"]}
        for one in examples
    ]
    if rows:
        print_table(console, None, rows)
    for file in hits["hits_passing"]:
        console.print(f"[red]passing log hit:[/] {escape(file)}", highlight=False)


def print_moved(console: Console, moved: "Sequence[Moved]") -> None:
    """Which failures would get another cause, rule or group, by week."""
    if not moved:
        console.print("No stored failure would get another cause.")
        return
    rows = [
        {
            "week": one.week,
            "now": "(it passed)" if one.before is None else fmt.cause(one.before),
            "would be": fmt.cause(one.after),
            "rule": one.rule_id,
            "failures": one.failures,
            "groups": f"{one.groups_before} → {one.groups_after}",
            "example": one.example,
        }
        for one in moved
    ]
    print_table(console, "Failures that would get another cause or group", rows)


def _short(value: object) -> str:
    """A value in one line of a table."""
    if isinstance(value, float):
        value = round(value, 4)
    text = "–" if value is None else str(value).replace("\n", " ")
    return text if len(text) <= 60 else f"{text[:59]}…"


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
    if result.pause:
        console.print(f"[yellow]note:[/] {escape(result.pause)}")
    for title, reason in result.refused:
        console.print(f"[yellow]skipped:[/] {escape(title)}: {escape(reason)}")
    for title, reason in result.failed:
        console.print(f"[red]failed:[/] {escape(title)}: {escape(reason)}")
    for conflict in result.plan.conflicts:
        console.print(f"[red]conflict:[/] {escape(str(conflict))}")


def print_report(console: Console, content: str) -> None:
    """A report's Markdown, or a part of it. Diagrams are left out: a terminal would show their source."""
    from rich.markdown import Markdown

    console.print(Markdown(_DIAGRAM.sub("", content)))


def print_outcome(console: Console, settings: "Settings", outcome: "Outcome") -> None:
    """The main job's outcome: read, report, roadmap, written, what to do next."""
    from roadmap_pipeline.reports.weekly import section

    changed = {name: count for name, count in outcome.read.items() if count}
    read = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in changed.items())
    console.rule("[bold]Read from GitHub")
    repositories = escape(", ".join(settings.repositories))
    console.print(f"{repositories}: {read or 'nothing new since the last run'}", highlight=False)
    for note in outcome.notes:
        console.print(f"[yellow]note:[/] {escape(note)}", highlight=False)
    if outcome.report_content:
        console.rule(f"[bold]{escape(outcome.report_name or 'Report')}")
        _, _, summary = section(outcome.report_content, None).partition("\n")
        print_report(console, summary)
        _print_scorecard(console, section(outcome.report_content, "Scorecard"))
    console.rule("[bold]Roadmap")
    print_table(console, None, outcome.roadmap)
    console.rule("[bold]Written")
    for place, lines in outcome.written.items():
        console.print(f"{escape(place)}: {escape(', '.join(lines))}", highlight=False)
    if not any(outcome.writes.values()):
        console.print("Nothing: Notion and GitHub already said what they should.")
    for conflict in outcome.conflicts:
        console.print(f"[red]conflict:[/] {escape(str(conflict))}", highlight=False)
    console.rule("[bold]Next")
    _print_next_steps(console, settings)
    console.print(f"\nDone in {outcome.seconds:.1f} s.", highlight=False)


def _print_scorecard(console: Console, text: str) -> None:
    """The scorecard of a report, without what a narrow console has no room for; italics (few cases) are greyed."""
    lines = [line.strip("| ").split(" | ") for line in _PIPE_ROW.findall(text)]
    if not lines:
        return
    names, cells = lines[0], [(line + [""] * len(lines[0]))[: len(lines[0])] for line in lines[2:]]
    shown = [
        position
        for position in range(len(names))
        if console.width >= _SCORECARD_WIDTH or position not in (_LAST_WEEK, _BARS)
    ]
    table = _table()
    for position in shown:
        table.add_column(names[position], justify="left" if position in (0, _BARS) else "right", overflow="fold")
    for row in cells:
        table.add_row(*(_ITALICS.sub(r"[dim italic]\1[/]", escape(row[position])) for position in shown))
    console.print(table)
    for note in (line for line in text.splitlines() if line.startswith("†")):
        console.print(f" [dim]{escape(note)}[/]", highlight=False)


def _print_next_steps(console: Console, settings: "Settings") -> None:
    sandbox = ", and the sandbox's Notion and pull requests" if settings.uses_sandbox else ""
    steps = (
        ("roadmap ui", f"the Dagster UI with this run{sandbox}"),
        ("roadmap report", "the whole weekly report"),
        ('roadmap query "from marts.ci_weekly limit 5"', "the tables"),
    )
    for command, what in steps:
        console.print(Padding(f"[bold]{escape(command)}[/]", (0, 0, 0, 2)), highlight=False)
        console.print(Padding(escape(what), (0, 0, 0, 6)), highlight=False)
    if settings.uses_sandbox:
        real = (
            "For the real thing set GITHUB_TOKEN, GITHUB_REPOSITORY, NOTION_API_KEY and"
            " NOTION_PARENT_PAGE_ID, and run again (README: Real credentials)."
        )
        console.print(Padding(real, (0, 0, 0, 2)), highlight=False)


def print_status(console: Console, status: Mapping[str, Any]) -> None:
    """What `roadmap status` found in the snapshot."""
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
            "pass rate": fmt.percent(row["workflow_pass_rate"]),
            "n": row["conclusive_runs"],
            "trend": row["trend"],
        }
        for row in status["milestones"]
    ]
    print_table(console, "Milestones", milestones)
    repositories = [
        {
            "repository": row["repo"],
            "runs": fmt.count(row["runs"]),
            "newest run (UTC)": f"{row['newest_run']:%Y-%m-%d %H:%M}",
            "last read (UTC)": row["last_read"],
        }
        for row in status["repositories"]
    ]
    print_table(console, "Repositories", repositories)
    for row in status["repositories"]:
        if missing := _still_to_read(row):
            console.print(f"[yellow]still to read:[/] {escape(missing)}", highlight=False)
    for one in status["unread"]:
        console.print(f"[yellow]not read:[/] {escape(one['text'])}", highlight=False)


def _still_to_read(row: Mapping[str, Any]) -> str:
    """What is missing of a repository, in words: the list of runs before a time, and runs without jobs."""
    missing = [f"runs before {row['listed_from']:%Y-%m-%d %H:%M}"] if row.get("listed_from") else []
    if row.get("due_runs"):
        missing.append(f"jobs of {fmt.several(row['due_runs'], 'run')}")
    if not missing:
        return ""
    complete = f" (complete from {row['complete_from']} on)" if row["complete_from"] else ""
    return f"{' and '.join(missing)} of {row['repo']}{complete}"


def print_sandbox(console: Console, served: "Served") -> None:
    """Where the sandbox answers, and the environment to use."""
    console.print("[bold]The sandbox is up[/] (Ctrl+C ends it). Use it from another shell with:\n")
    for name, value in served.environment.items():
        console.print(f"  export {name}={value}", highlight=False, soft_wrap=True)
    console.print(f"\nIts Notion as people would see it: {served.environment['NOTION_API_URL']}/", highlight=False)
    console.print(f"Its pull requests and comments: {served.environment['GITHUB_API_URL']}/web", highlight=False)
    if served.replay_report:
        print_table(console, "Replayed", served.replay_report)
