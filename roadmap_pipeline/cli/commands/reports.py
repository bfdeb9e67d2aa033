"""The commands that tell how things are: ``report``, ``status``, ``doctor``. Nothing is written."""

import sys

import click

from roadmap_pipeline.cli.base import DONE, WRONG_USAGE, Command
from roadmap_pipeline.cli.context import console, json_option, live_runtime, print_json, read_settings, stored_settings


@click.command(cls=Command)
@click.option("--week", help="ISO week such as 2026-W46 (default: the last complete one).")
@json_option
def report(week: str | None, as_json: bool) -> None:
    """Print the weekly report, made from the readers' snapshot. Nothing is stored or sent; `roadmap sync` does that."""
    from roadmap_pipeline import pipeline

    rendered = pipeline.preview_report(stored_settings(), week)
    if as_json:
        print_json({"report_name": rendered.report_name, "period": rendered.period, "content": rendered.content})
        return
    if sys.stdout.isatty():
        from roadmap_pipeline.cli.rendering.reports import print_report

        print_report(console(), rendered.content)
    else:
        click.echo(rendered.content)


@click.command(cls=Command)
@json_option
def status(as_json: bool) -> None:
    """Print how fresh the warehouse is, the latest week, and the milestones. Reads the snapshot only."""
    from roadmap_pipeline.reports.status import read_status

    summary = read_status(read_settings().warehouse)
    if as_json:
        print_json(summary)
        return
    from roadmap_pipeline.cli.rendering.reports import print_status

    print_status(console(), summary)


@click.command(cls=Command)
@json_option
def doctor(as_json: bool) -> None:
    """Check settings, credentials, both servers and the warehouse; say what is wrong and what to do."""
    from roadmap_pipeline.pipeline import diagnose

    with live_runtime() as runtime:
        findings = diagnose(runtime)
    for finding in findings:
        if as_json:
            print_json(finding.to_json())
        else:
            mark = {"ok": "✓", "problem": "✗", "note": "·"}[finding.state]
            click.echo(f"{mark} {finding.subject}: {finding.message}")
    sys.exit(WRONG_USAGE if any(finding.state == "problem" for finding in findings) else DONE)
