"""The commands that move data: ``run``, ``ingest``, ``build``, ``sync``, ``two-way``."""

import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from roadmap_pipeline.cli.base import CONFLICTS, DONE, FAILED, STARTED_AT, Command
from roadmap_pipeline.cli.context import (
    console,
    json_option,
    live_runtime,
    print_json,
    read_settings,
    show_progress,
    stored_settings,
)
from roadmap_pipeline.failures.display import without_controls

if TYPE_CHECKING:
    from roadmap_pipeline.pipeline.publishing import Area
    from roadmap_pipeline.sync.result import SyncResult


@click.command(cls=Command)
@json_option
def run(as_json: bool) -> None:
    """Do the main job once: ingest, build, report, publish.

    It is the Dagster job `main`, run in this process and recorded in DAGSTER_HOME: the UI shows it afterwards.
    """
    from roadmap_pipeline.orchestration.launch import run_main_job

    with live_runtime() as runtime:
        with show_progress():
            run_summary = run_main_job(runtime)
        run_summary.seconds = time.monotonic() - STARTED_AT  # starting up included
        if as_json:
            print_json(run_summary.summary())
        else:
            from roadmap_pipeline.cli.rendering.run_summary import print_run_summary

            print_run_summary(console(), runtime.settings, run_summary)
    _print_unreadable(run_summary.unreadable)
    sys.exit(
        FAILED if run_summary.unreadable else CONFLICTS if run_summary.conflicts or run_summary.mass_changes else DONE
    )


def _print_unreadable(unreadable: Mapping[str, str]) -> None:
    """Name the repositories that could not be read, each with the remedy, after all that could be done was done."""
    for why in unreadable.values():
        click.echo(without_controls(f"error: {why}"), err=True)


@click.command(cls=Command)
@click.option("--from", "folder", type=click.Path(path_type=Path), help="Read recorded API answers from a folder.")
@click.option(
    "--repository",
    "repositories",
    multiple=True,
    metavar="OWNER/NAME",
    help="Only this one of the configured repositories. May be given several times. On a lake (docs/scaling.md) several"
    " workers read at once, each its own.",
)
@json_option
def ingest(folder: Path | None, repositories: Sequence[str], as_json: bool) -> None:
    """Read GitHub (or, with --from, a folder of recorded API answers) into the raw tables."""
    from roadmap_pipeline import pipeline

    if folder is not None:
        if repositories:
            raise click.UsageError("--from reads all that the folder holds: leave --repository out")
        from roadmap_pipeline.runtime import Runtime

        with show_progress(), Runtime(read_settings()) as runtime:
            summary = pipeline.ingest_dump(runtime, folder)
    else:
        with live_runtime() as runtime, show_progress():
            summary = pipeline.ingest(runtime, repositories)
    if as_json:
        print_json(
            {
                "read": summary.read,
                "notes": list(summary.notes),
                "paused": summary.paused,
                "unreadable": summary.unreadable,
                "backfill": summary.backfill,
            }
        )
    else:
        from roadmap_pipeline.cli.rendering.stages import print_read

        print_read(console(), summary.read, summary.notes)
    _print_unreadable(summary.unreadable)
    sys.exit(FAILED if summary.unreadable else DONE)


@click.command(cls=Command)
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
@json_option
def build(select: Sequence[str], full_refresh: bool, diff: bool, as_json: bool) -> None:
    """Classify failures, bring the SQL models up to date, and publish the snapshot for readers.

    A model is skipped when nothing it reads changed, built by the rows that changed where it can be, and whole
    otherwise; the table printed says which, and why.
    """
    from roadmap_pipeline import pipeline
    from roadmap_pipeline.runtime import Runtime

    if diff:
        with show_progress(), Runtime(stored_settings()) as runtime:
            preview = pipeline.preview_build(runtime, select=select, full_refresh=full_refresh)
        if as_json:
            for row in preview.rows():
                print_json(row)
            return
        from roadmap_pipeline.cli.rendering.stages import print_differences

        print_differences(console(), preview.figures, preview.moved)
        return
    with show_progress(), Runtime(stored_settings()) as runtime:
        built = pipeline.build_all(runtime, select=select, full_refresh=full_refresh)
        pipeline.snapshot(runtime)
    if as_json:
        for row in built.rows():
            print_json(row)
        return
    from roadmap_pipeline.cli.rendering.stages import print_build

    print_build(console(), built)


_ALLOW_MASS_CHANGE = click.option(
    "--allow-mass-change",
    is_flag=True,
    help="Go on although more rows than usual would be emptied, closed or retitled, or were put in the trash.",
)


@click.command(cls=Command)
@click.option(
    "--milestone",
    help="Write only what concerns this milestone (default: ROADMAP_MILESTONE, else the one that the git branch checked"
    " out names, else all).",
)
@click.option("--all", "all_milestones", is_flag=True, help="All milestones, whatever the variable and the branch say.")
@click.option("--week", help="Publish the report of this ISO week, too: one that has ended, such as 2026-W40.")
@click.option(
    "--restore", multiple=True, metavar="TITLE", help="Take the row of this title out of Notion's trash. Repeatable."
)
@_ALLOW_MASS_CHANGE
@click.option(
    "--only",
    multiple=True,
    type=click.Choice(["reports", "roadmap", "comments"]),
    help="Only the rows of reports, the roadmap with its tracking issues, or the pull-request comments. Repeatable.",
)
@click.option("--dry-run", is_flag=True, help="Print what would be written, write nothing.")
@json_option
def sync(
    milestone: str | None,
    all_milestones: bool,
    week: str | None,
    restore: Sequence[str],
    allow_mass_change: bool,
    only: "Sequence[Area]",
    dry_run: bool,
    as_json: bool,
) -> None:
    """Bring Notion and GitHub in step, and to what was built.

    The latest report and all comments are rendered first. Titles, target dates and status that people edited on one
    side go to the other; edits on both sides are a conflict, which nobody overwrites (exit code 3). Nothing is written
    to repositories that aren't configured (any more). Whoever ROADMAP_NOTIFY_URLS names is told of changed risks.
    """
    from roadmap_pipeline import pipeline
    from roadmap_pipeline.sync.roadmap_planning import Selection

    if milestone and all_milestones:
        raise click.UsageError("give --milestone or --all, one of them")
    if milestone and only and "roadmap" not in only:
        raise click.UsageError("--milestone is for the roadmap: add --only roadmap")
    parts = pipeline.parts_of(only)
    with live_runtime() as runtime, show_progress():
        all_milestones = all_milestones or (bool(only) and "roadmap" not in only)
        wanted = None if all_milestones else milestone or runtime.settings.milestone
        checked_out = None if wanted or all_milestones else pipeline.milestone_checked_out(runtime, Path.cwd())
        if checked_out is not None:
            wanted = checked_out.milestone
            said = f"only {wanted}, which the branch {checked_out.branch} names (--all for all)"
            click.echo(without_controls(said), err=True)
        selection = Selection(wanted, frozenset(restore), allow_mass_change)
        result = pipeline.sync(runtime, parts, selection=selection, week=week, dry_run=dry_run, render=True)
        told = [] if dry_run or only else pipeline.notify(runtime)
    for note in pipeline.notes_of(told):
        click.echo(without_controls(f"note: {note}"), err=True)
    _end(result, as_json=as_json)


@click.command("two-way", cls=Command)
@_ALLOW_MASS_CHANGE
@click.option("--dry-run", is_flag=True, help="Print what would be written, write nothing.")
@json_option
def two_way(allow_mass_change: bool, dry_run: bool, as_json: bool) -> None:
    """Bring titles, target dates and status of rows and milestones in step; reads both sides afresh.

    Needs no earlier ingest. Milestones without a row get one; rows that people add get a milestone where
    `two_way.create_milestones` says so. Edits of one side go to the other; edits of both are a conflict, which is shown
    on both sides until the values are equal or a person chooses (exit code 3).
    """
    from roadmap_pipeline import pipeline

    with live_runtime() as runtime, show_progress():
        result = pipeline.two_way(runtime, allow_mass_change=allow_mass_change, dry_run=dry_run)
    _end(result, as_json=as_json)


def _end(result: "SyncResult", *, as_json: bool) -> None:
    """Print a plan and what became of it, and exit with its code."""
    if as_json:
        print_json(result.to_json())
    else:
        from roadmap_pipeline.cli.rendering.sync import print_sync

        print_sync(console(), result)
    is_done = not (result.failed or result.moved)
    sys.exit(FAILED if not is_done else CONFLICTS if result.plan.needs_a_person else DONE)
