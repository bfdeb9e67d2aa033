"""The command line: ``roadmap …``.

Thin: parses, calls what the assets call (:mod:`roadmap_pipeline.pipeline`), prints. Every import beyond the light ones
is inside a command, so that ``roadmap status`` answers at once; nothing here imports Dagster.
"""

import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from roadmap_pipeline.cli.commands import (
    CONFLICTS,
    DONE,
    FAILED,
    STARTED_AT,
    WRONG_USAGE,
    CommandGroup,
    Commands,
    say_waits,
)
from roadmap_pipeline.errors import RoadmapError

if TYPE_CHECKING:
    from rich.console import Console

    from roadmap_pipeline.runtime import Workspace
    from roadmap_pipeline.settings import Settings


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--verbose", is_flag=True, help="Log requests and waits, and print the traceback of an error.")
@click.version_option(package_name="roadmap_pipeline")
@click.pass_context
def main(ctx: click.Context, verbose: bool) -> None:
    """GitHub history to CI intelligence and a living roadmap.

    Without credentials everything runs against a built-in sandbox. `roadmap doctor` says what is configured.
    """
    # Libraries log retries and requests; people asked for results. Warnings and errors still come through.
    logging.basicConfig(level=logging.INFO if verbose else logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
    if verbose:
        logging.getLogger(__package__).setLevel(logging.DEBUG)
    say_waits(ctx)
    ctx.ensure_object(dict)


_PORT = click.IntRange(0, 65535)


def _json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--json", "as_json", is_flag=True, help="Print data as JSON, one object or one row a line.")(
        command
    )


def _settings() -> "Settings":
    from roadmap_pipeline.settings import load_settings

    settings = load_settings()
    _warn(settings.warnings)
    return settings


def _warn(warnings: Sequence[str]) -> None:
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)


def _console() -> "Console":
    from rich.console import Console

    return Console()


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, default=str))


@contextmanager
def _progress() -> Iterator[None]:
    from roadmap_pipeline.cli.terminal import terminal_reporter
    from roadmap_pipeline.progress import reporting

    with terminal_reporter(sys.stderr) as reporter, reporting(reporter):
        yield


@contextmanager
def _live() -> Iterator["Workspace"]:
    """A workspace, with the built-in sandbox running when no side has credentials."""
    from roadmap_pipeline.runtime import Workspace
    from roadmap_sandbox.local import running

    configured = _settings()
    with running(configured) as settings:
        _warn(settings.warnings[len(configured.warnings) :])
        workspace = Workspace(settings)
        click.get_current_context().obj["counts"] = workspace.counts
        try:
            yield workspace
        finally:
            workspace.close()


def _at_rest() -> "Workspace":
    """A workspace for commands that ask neither side: without credentials, with the sandbox's names and clock."""
    from roadmap_pipeline.runtime import Workspace
    from roadmap_sandbox.local import at_rest

    return Workspace(at_rest(_settings()))


@main.command()
@_json_option
def run(as_json: bool) -> None:
    """Do the main job once: ingest, build, report, publish.

    It is the Dagster job `main`, run in this process and recorded in DAGSTER_HOME: the UI shows it afterwards.
    """
    from roadmap_pipeline.orchestration.launch import run_main_job

    with _live() as workspace:
        with _progress():
            outcome = run_main_job(workspace)
        outcome.seconds = time.monotonic() - STARTED_AT  # starting up included
        if as_json:
            _print_json(outcome.summary())
        else:
            from roadmap_pipeline.cli.terminal import print_outcome

            print_outcome(_console(), workspace.settings, outcome)
    _say_unreadable(outcome.unreadable)
    sys.exit(FAILED if outcome.unreadable else CONFLICTS if outcome.conflicts else DONE)


def _say_unreadable(unreadable: Mapping[str, str]) -> None:
    """Name the repositories that could not be read, each with the remedy, after all that could be done was done."""
    for why in unreadable.values():
        click.echo(f"error: {why}", err=True)


@main.command()
@click.option("--from", "folder", type=click.Path(path_type=Path), help="Read recorded API answers from a folder.")
@_json_option
def ingest(folder: Path | None, as_json: bool) -> None:
    """Read GitHub (or, with --from, a folder of recorded API answers) into the raw tables."""
    from roadmap_pipeline import pipeline

    if folder is not None:
        with _progress():
            from roadmap_pipeline.runtime import Workspace

            summary = pipeline.ingest_dump(Workspace(_settings()), folder)
    else:
        with _live() as workspace, _progress():
            summary = pipeline.ingest(workspace)
    if as_json:
        _print_json(
            {
                "read": summary.read,
                "notes": list(summary.notes),
                "paused": summary.paused,
                "unreadable": summary.unreadable,
            }
        )
    else:
        from roadmap_pipeline.cli.terminal import print_read

        print_read(_console(), summary.read, summary.notes)
    _say_unreadable(summary.unreadable)
    sys.exit(FAILED if summary.unreadable else DONE)


@main.command()
@click.option(
    "--select",
    "-s",
    multiple=True,
    metavar="MODELS",
    help="Only these, as dbt writes it: marts.ci_weekly+ (and what reads it), +marts.ci_weekly (and what it reads),"
    " marts (a folder), state:modified+ (what changed since it was built). May be given several times.",
)
@click.option("--full-refresh", is_flag=True, help="Build everything selected whole, also what did not change.")
@click.option(
    "--diff",
    is_flag=True,
    help="Print which failures would get another cause and which published numbers would change, and write nothing.",
)
@_json_option
def build(select: Sequence[str], full_refresh: bool, diff: bool, as_json: bool) -> None:
    """Classify failures, bring the SQL models up to date, and publish the snapshot for readers.

    A model is skipped when nothing it reads changed, built by the rows that changed where it can be, and whole
    otherwise; the table printed says which, and why.
    """
    from roadmap_pipeline import pipeline

    workspace = _at_rest()
    if diff:
        with _progress():
            preview = pipeline.build_differences(workspace, select=select, full_refresh=full_refresh)
        if as_json:
            for row in preview.rows():
                _print_json(row)
            return
        from roadmap_pipeline.cli.terminal import print_differences

        print_differences(_console(), preview.figures, preview.moved)
        return
    with _progress():
        built = pipeline.build_all(workspace, select=select, full_refresh=full_refresh)
        pipeline.snapshot(workspace)
    if as_json:
        for row in built.rows():
            _print_json(row)
        return
    from roadmap_pipeline.cli.terminal import print_build

    print_build(_console(), built)


@main.command()
@click.option("--week", help="ISO week such as 2026-W46 (default: the last complete one).")
@_json_option
def report(week: str | None, as_json: bool) -> None:
    """Print the weekly report, made from the readers' snapshot. Nothing is stored or sent; `roadmap sync` does that."""
    from roadmap_pipeline import pipeline

    rendered = pipeline.look_at_report(_at_rest().settings, week)
    if as_json:
        _print_json({"report_name": rendered.report_name, "period": rendered.period, "content": rendered.content})
        return
    if sys.stdout.isatty():
        from roadmap_pipeline.cli.terminal import print_report

        print_report(_console(), rendered.content)
    else:
        click.echo(rendered.content)


@main.command()
@click.option("--milestone", help="Only this milestone's row (default: ROADMAP_MILESTONE, else all).")
@click.option("--week", help="Publish the report of this ISO week, too: one that has ended, such as 2026-W40.")
@click.option("--dry-run", is_flag=True, help="Print what would be written, write nothing.")
@_json_option
def sync(milestone: str | None, week: str | None, dry_run: bool, as_json: bool) -> None:
    """Bring Notion and the pull-request comments to what was built: the latest report and all comments are rendered
    first. Nothing is written to repositories that aren't configured (any more)."""
    from roadmap_pipeline import pipeline

    with _live() as workspace, _progress():
        narrowed = milestone or workspace.settings.milestone
        result = pipeline.sync(workspace, milestone=narrowed, week=week, dry_run=dry_run, render=True)
    if as_json:
        _print_json(result.to_json())
    else:
        from roadmap_pipeline.cli.terminal import print_sync

        print_sync(_console(), result)
    sys.exit(FAILED if result.failed else CONFLICTS if result.plan.conflicts else DONE)


@main.command()
@_json_option
def status(as_json: bool) -> None:
    """How fresh the warehouse is, the latest week, and the milestones. Reads the snapshot only."""
    from roadmap_pipeline.reports.status import read_status

    found = read_status(_settings().warehouse)
    if as_json:
        _print_json(found)
        return
    from roadmap_pipeline.cli.terminal import print_status

    print_status(_console(), found)


@main.command()
@click.argument("files", nargs=-1, required=True)
@_json_option
def classify(files: Sequence[str], as_json: bool) -> None:
    """Say why the job of each log FILE failed (plain or .gz; - reads standard input).

    With --json, one object a file: it names the tests that failed, each with its line and assertion, and says what the
    failure is known by (known_by: tests, cause, or no more than its job). A file that can't be read is named, and the
    others are judged all the same.
    """
    from roadmap_pipeline.failures.display import without_controls
    from roadmap_pipeline.failures.files import classify_file
    from roadmap_pipeline.failures.rules.own_rules import classifier_with
    from roadmap_pipeline.settings import load_rules_file

    classifier = classifier_with(load_rules_file())
    unread: list[RoadmapError] = []
    for name in files:
        try:
            verdict = classify_file(name, classifier)
        except RoadmapError as error:
            unread.append(error)
            continue
        if as_json:
            _print_json(verdict)
        elif verdict["category"] is None:
            click.echo(f"{name}: shows no failure")
        else:
            place = f", line {verdict['line']}" if verdict["line"] else ""
            click.echo(f"{name}: {verdict['category']} ({verdict['rule_id'] or 'no rule'}{place})")
            if verdict["evidence"]:
                click.echo(f"    {without_controls(verdict['evidence'])}")
    unread.sort(key=lambda one: one.exit_code)
    for one in unread[:-1]:
        click.echo(f"error: {one}", err=True)
    if unread:
        raise unread[-1]


@main.group(cls=CommandGroup)
def failures() -> None:
    """Teach the rules: what no rule knows, and what a new rule would hit. Reads the snapshot only."""


_passing_option = click.option(
    "--passing",
    "passing",
    multiple=True,
    metavar="LOG",
    help="Log of a job that passed (plain or .gz), which must not be hit; may be given several times.",
)


@failures.command("unknown")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1), help="How many kinds of failure.")
@_passing_option
@_json_option
def failures_unknown(limit: int, passing: Sequence[str], as_json: bool) -> None:
    """List the failures no rule knows, those that hit most people first, each with a drafted pattern.

    The draft is the line that proves the failure with wildcards for what differs between runs; below it stands in which
    stored logs it is found. A pattern found in failures of a known cause, or in a passing log, is too loose.
    """
    from roadmap_pipeline.reports.unknown import unknown_failures, unknown_share
    from roadmap_pipeline.warehouse.query import open_published

    with open_published(_settings().warehouse) as con, _progress():
        share = unknown_share(con)
        found = unknown_failures(con, limit=limit, passing=passing)
    if as_json:
        for row in found:
            _print_json(row)
        return
    from roadmap_pipeline.cli.terminal import print_unknown

    print_unknown(_console(), share, found)


@failures.command("test-rule")
@click.argument("pattern", required=False)
@click.option("--rules", type=click.Path(path_type=Path), help="Try a rules file instead: which failures would move.")
@_passing_option
@_json_option
def failures_test_rule(pattern: str | None, rules: Path | None, passing: Sequence[str], as_json: bool) -> None:
    """Try a PATTERN (or a rules file) on the stored logs of failed jobs. Nothing is changed.

    A PATTERN is RE2's and matches within a line; put it in quotes. With --rules the failures that would get another
    cause are counted by week, as `roadmap build` would judge them with that file.
    """
    from roadmap_pipeline.failures.back_test import try_patterns, try_rules
    from roadmap_pipeline.warehouse.query import open_published

    if (pattern is None) == (rules is None):
        raise click.UsageError("give a PATTERN or --rules FILE, one of them")
    with open_published(_settings().warehouse) as con, _progress():
        hits = try_patterns(con, [pattern], passing)[0] if pattern is not None else None
        moved = try_rules(con, rules, passing) if rules is not None else []
    if as_json:
        for one in moved if hits is None else [hits]:
            _print_json(one.to_json())
        return
    from roadmap_pipeline.cli.terminal import print_hits, print_moved

    if hits is not None:
        print_hits(_console(), hits.to_json())
    else:
        print_moved(_console(), moved)


@main.command("setup-notion")
@click.option("--show-schema", is_flag=True, help="Print the databases and their properties (the default).")
@click.option("--create-databases", is_flag=True, help="Create what is missing under NOTION_PARENT_PAGE_ID.")
@_json_option
def setup_notion(show_schema: bool, create_databases: bool, as_json: bool) -> None:
    """Show the schema of the two Notion databases, or create them."""
    if show_schema and create_databases:
        raise click.UsageError("--show-schema and --create-databases exclude each other")
    if create_databases:
        from roadmap_pipeline import pipeline

        with _live() as workspace:
            result = pipeline.setup_notion(workspace)
        if as_json:
            _print_json(result.to_json())
            return
        from roadmap_pipeline.cli.terminal import print_sync

        print_sync(_console(), result)
        return
    from roadmap_pipeline.notion.schema import show_schema as schema_rows

    if as_json:
        for row in schema_rows():
            _print_json(row)
        return
    from roadmap_pipeline.cli.terminal import print_table

    for database in dict.fromkeys(row["database"] for row in schema_rows()):
        found = [
            {
                name: ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
                for name, value in row.items()
            }
            for row in (
                {k: v for k, v in row.items() if k != "database"}
                for row in schema_rows()
                if row["database"] == database
            )
        ]
        print_table(_console(), database, found)


@main.command()
@_json_option
def doctor(as_json: bool) -> None:
    """Check settings, credentials, both servers and the warehouse; say what is wrong and what to do."""
    from roadmap_pipeline.pipeline import diagnose

    with _live() as workspace:
        findings = diagnose(workspace)
    for finding in findings:
        if as_json:
            _print_json(finding.to_json())
        else:
            mark = {"ok": "✓", "problem": "✗", "note": "·"}[finding.state]
            click.echo(f"{mark} {finding.subject}: {finding.message}")
    sys.exit(WRONG_USAGE if any(finding.state == "problem" for finding in findings) else DONE)


@main.command()
@click.argument("sql", required=False)
@click.option(
    "--file", "-f", "file", type=click.Path(path_type=Path), help="Read the SQL from FILE (-: standard input)."
)
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, with a header.")
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path),
    help="Write to FILE: CSV or JSON lines, as its ending says (.csv, .json, .jsonl, .ndjson) or an option.",
)
@_json_option
def query(sql: str | None, file: Path | None, as_csv: bool, output: Path | None, as_json: bool) -> None:
    """Run SQL on the readers' snapshot and print the rows. SQL may also come from --file or standard input.

    `show tables` lists what there is. Into a pipe every row goes, each on one line.
    """
    from roadmap_pipeline.cli.query_output import format_for, lines, read_query, write_lines
    from roadmap_pipeline.failures.display import without_controls
    from roadmap_pipeline.warehouse.query import run_query

    format_name = format_for(as_csv=as_csv, as_json=as_json, output=output)
    result = run_query(_settings().warehouse, read_query(sql, file))
    if output is not None:
        write_lines(output, lines(result, format_name))
        click.echo(f"{len(result.rows):,} {'row' if len(result.rows) == 1 else 'rows'} written to {output}")
    elif format_name is not None or not sys.stdout.isatty():
        # Into a pipe values go as they are; click would take colours out of them.
        shown = without_controls if sys.stdout.isatty() else str
        for line in lines(result, format_name):
            click.echo(shown(line), color=True)
    else:
        from roadmap_pipeline.cli.terminal import print_table

        rows = [dict(zip(result.columns, row, strict=True)) for row in result.rows]
        print_table(_console(), None, rows, result.columns)


@main.command()
def docs() -> None:
    """Print the data dictionary: every table and column with its meaning, as Markdown (docs/tables.md)."""
    from roadmap_pipeline.warehouse.dictionary import data_dictionary
    from roadmap_pipeline.warehouse.models import project

    click.echo(data_dictionary(project()), nl=False)


@main.command("export-dbt")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@_json_option
def export_dbt(directory: Path, as_json: bool) -> None:
    """Write the SQL models with their tests as a dbt project into DIR: a new, an empty, or an earlier export's folder.

    Then, in DIR: pip install -r requirements.txt && dbt build
    """
    from roadmap_pipeline import pipeline

    with _progress():
        exported = pipeline.export_dbt(_settings(), directory)
    if as_json:
        _print_json(exported)
        return
    click.echo(
        f"{exported['directory']}: {exported['models']} models, {exported['data_tests']} data tests,"
        f" {exported['unit_tests']} unit tests, {exported['singular_tests']} tests across models\n"
        "Now, in that folder: pip install -r requirements.txt && dbt build"
    )


@main.command("export-parquet")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--schema",
    "schemas",
    multiple=True,
    metavar="NAME",
    help="Schema to export, may be repeated (default: marts and publish; others are staging, raw, derived, config).",
)
@_json_option
def export_parquet(directory: Path, schemas: Sequence[str], as_json: bool) -> None:
    """Write the readers' snapshot as Parquet files DIR/SCHEMA/TABLE.parquet.

    DIR is new, empty, or an earlier export, which is replaced at once when everything is written.
    """
    from roadmap_pipeline.warehouse.parquet_export import DEFAULT_SCHEMAS, export_tables

    with _progress():
        exported = export_tables(_settings().warehouse, directory, schemas or DEFAULT_SCHEMAS)
    if as_json:
        for table in exported:
            _print_json({"table": table.name, "rows": table.rows, "file": str(table.path)})
        return
    from roadmap_pipeline.cli.terminal import print_table

    rows = [{"file": str(table.path.relative_to(directory)), "rows": f"{table.rows:,}"} for table in exported]
    print_table(_console(), f"Written to {directory}", rows)


@main.command(cls=click.Command)  # lasts until it is interrupted
@click.option("--replay", type=click.Path(path_type=Path), help="Serve recorded API answers of this folder instead.")
@click.option("--port", default=0, type=_PORT, help="Port of the simulated GitHub (default: a free one).")
@_json_option
def sandbox(replay: Path | None, port: int, as_json: bool) -> None:
    """Serve the simulated GitHub and Notion until interrupted; prints the environment to use."""
    from roadmap_sandbox.local import serve

    with serve(_settings(), replay=replay, github_port=port) as served:
        if as_json:
            _print_json({"env": served.environment, "replay": served.replay_report})
        else:
            from roadmap_pipeline.cli.terminal import print_sandbox

            print_sandbox(_console(), served)
        sys.stdout.flush()
        served.wait()


@main.command(cls=click.Command)  # lasts until it is interrupted
@click.option(
    "--port",
    default=3000,
    show_default=True,
    type=_PORT,
    help="Port of the Dagster UI; the next free one if it is taken.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address it listens on.")
def ui(port: int, host: str) -> None:
    """Open the Dagster UI on the instance that `roadmap run` records in, with schedules and sensors at hand."""
    from roadmap_pipeline.orchestration.launch import free_port, serve_ui

    wanted, port = port, free_port(host, port)
    if wanted not in (0, port):
        click.echo(f"Port {wanted} is taken; this is the next free one: {port}")
    with _live() as workspace:
        settings = workspace.settings
        if settings.uses_sandbox:
            click.echo(f"The sandbox's Notion: {settings.notion_api_url}/")
            click.echo(f"The sandbox's GitHub: {settings.github_api_url}/web")
        click.echo(f"Dagster UI: http://{host}:{port} (Ctrl+C ends it)")
        sys.exit(serve_ui(settings, host, port, dict(os.environ)))


if __name__ == "__main__":
    main()
