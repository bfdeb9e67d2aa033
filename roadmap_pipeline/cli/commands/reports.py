"""The commands that tell how things are: ``report``, ``quarterly``, ``status``, ``doctor``.

Nothing is stored or sent; at most a page is written to a file that a person names.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from roadmap_pipeline.cli.base import DONE, WRONG_USAGE, Command
from roadmap_pipeline.cli.context import console, json_option, live_runtime, print_json, read_settings, stored_settings
from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.failures.display import without_controls

if TYPE_CHECKING:
    from roadmap_pipeline.reports.weekly import Report

_MARKS = {"ok": "✓", "problem": "✗", "note": "·", "open": "☐"}
_SECTIONS = {"checklist": "Checklist", "optional": "If you like"}


def _page_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options ``--html`` and ``--output``."""
    for option in (
        click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="File for the HTML page."),
        click.option(
            "--html",
            "as_html",
            is_flag=True,
            help="One HTML page with charts that needs no network: to standard output, on a terminal to a file.",
        ),
    ):
        command = option(command)
    return command


@click.command(cls=Command)
@click.option("--week", help="ISO week such as 2026-W46 (default: the last complete one).")
@_page_options
@json_option
def report(week: str | None, as_html: bool, output: Path | None, as_json: bool) -> None:
    """Print the weekly report, made from the readers' snapshot. Nothing is stored or sent; `roadmap sync` does that."""
    from roadmap_pipeline import pipeline

    _require_html(output, as_html=as_html)
    if as_html:
        rendered, html = pipeline.preview_report_page(stored_settings(), week)
        _give_out(rendered, html, output, as_json=as_json)
    else:
        _print(pipeline.preview_report(stored_settings(), week), as_json=as_json)


@click.command(cls=Command)
@click.option("--quarter", help="Quarter such as Q4-2026 or 2026-Q4 (default: the one that ended last).")
@click.option("--auto-quarter", is_flag=True, help="The quarter that is under way.")
@_page_options
@json_option
def quarterly(quarter: str | None, auto_quarter: bool, as_html: bool, output: Path | None, as_json: bool) -> None:
    """Print the roadmap report of a quarter, made from the readers' snapshot. Nothing is stored or sent.

    The quarter that ended last is published by `roadmap run` and `roadmap sync`, once all of it was read.
    """
    from roadmap_pipeline import pipeline

    if quarter and auto_quarter:
        raise click.UsageError("--quarter names a quarter and --auto-quarter takes the present one: give one of them")
    _require_html(output, as_html=as_html)
    if as_html:
        rendered, html = pipeline.preview_quarter_page(stored_settings(), quarter, is_current=auto_quarter)
        _give_out(rendered, html, output, as_json=as_json)
    else:
        _print(pipeline.preview_quarter(stored_settings(), quarter, is_current=auto_quarter), as_json=as_json)


def _require_html(output: Path | None, *, as_html: bool) -> None:
    if output is not None and not as_html:
        raise click.UsageError("--output is for the HTML page: add --html, or redirect standard output")


def _print(rendered: "Report", *, as_json: bool) -> None:
    if as_json:
        print_json({"report_name": rendered.report_name, "period": rendered.period, "content": rendered.content})
    elif sys.stdout.isatty():
        from roadmap_pipeline.cli.rendering.reports import print_report

        print_report(console(), rendered.content)
    else:
        click.echo(rendered.content)


def _give_out(rendered: "Report", html: str, output: Path | None, *, as_json: bool) -> None:
    """Write the page to its file, or to standard output unless a person would see its source there."""
    if output is None and sys.stdout.isatty() and not as_json:
        output = Path(rendered.report_name).with_suffix(".html")
    if output is not None:
        try:
            output.write_text(html, encoding="utf-8")
        except OSError as error:
            raise ConfigurationError(f"--output {output}: {error.strerror}") from error
    if as_json:
        page = {"html": html} if output is None else {"file": str(output)}
        print_json({"report_name": rendered.report_name, "period": rendered.period} | page)
    elif output is None:
        click.echo(html, nl=False)
    else:
        click.echo(f"Written: {output}")


@click.command(cls=Command)
@click.option("--check", is_flag=True, help="First ask Notion whether key and databases can be used.")
@click.option("--markdown", "as_markdown", is_flag=True, help="As Markdown, such as for the summary of a workflow.")
@json_option
def status(check: bool, as_markdown: bool, as_json: bool) -> None:
    """Print how fresh the warehouse is, the latest week, and the milestones. Reads the snapshot only.

    With --check, Notion's key or databases that can't be used end it with what is wrong, and an exit code of 1 or 2.
    """
    from roadmap_pipeline.reports.status import read_status

    if as_markdown and as_json:
        raise click.UsageError("--markdown and --json: give one of them")
    if check:
        _check_notion()
    summary = read_status(read_settings().warehouse)
    if as_json:
        print_json(summary)
        return
    if as_markdown:
        from roadmap_pipeline.reports.status_page import status_page

        click.echo(status_page(summary))
        return
    from roadmap_pipeline.cli.rendering.reports import print_status

    print_status(console(), summary)


def _check_notion() -> None:
    """Say that Notion can be used, or raise the error that says why not; on standard error, apart from data."""
    from roadmap_pipeline.pipeline import look_at_notion

    with live_runtime() as runtime:
        click.echo(f"Notion: {runtime.missing('notion') or look_at_notion(runtime)}", err=True)


@click.command(cls=Command)
@json_option
def doctor(as_json: bool) -> None:
    """Check settings, credentials, both servers, clocks, schedules and the warehouse; tick off what is set up.

    Every problem says its remedy and makes the exit code 2; what is open in the checklist does not.
    """
    from roadmap_pipeline.pipeline import diagnose

    with live_runtime() as runtime:
        findings = diagnose(runtime)
    section = "checks"
    for finding in findings:
        if as_json:
            print_json(finding.to_json())
            continue
        if finding.section != section:
            section = finding.section
            click.echo(f"\n{_SECTIONS[section]}")
        click.echo(without_controls(f"{_MARKS[finding.state]} {finding.subject}: {finding.message}"))
    sys.exit(WRONG_USAGE if any(finding.state == "problem" for finding in findings) else DONE)
