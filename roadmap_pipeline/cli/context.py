"""The common needs of commands: the settings, a runtime, progress, and printing of data."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from roadmap_pipeline.runtime import Runtime
    from roadmap_pipeline.settings import Settings


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print data as JSON, one object or one row a line.")(
        command
    )


def read_settings() -> "Settings":
    """Return the settings, with their warnings printed."""
    from roadmap_pipeline.settings import load_settings

    settings = load_settings()
    _warn(settings.warnings)
    return settings


def _warn(warnings: Sequence[str]) -> None:
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)


def console() -> "Console":
    """Return the console that people read: titles of strangers print, and steer nothing."""
    from rich.console import Console

    from roadmap_pipeline.failures.display import without_controls

    class PlainConsole(Console):
        """A console that leaves control characters out of every text; its own colours are no part of texts."""

        def render_str(self, text: str, **options: Any) -> "Text":
            return super().render_str(without_controls(text), **options)

    return PlainConsole()


def print_json(value: Any) -> None:
    """Print one object on one line."""
    click.echo(json.dumps(value, ensure_ascii=False, default=str))


@contextmanager
def show_progress() -> Iterator[None]:
    """Show the tasks started inside on standard error."""
    from roadmap_pipeline.cli.rendering.progress import terminal_reporter
    from roadmap_pipeline.progress import reporting

    with terminal_reporter(sys.stderr) as reporter, reporting(reporter):
        yield


@contextmanager
def live_runtime() -> Iterator["Runtime"]:
    """Yield a runtime, with the built-in sandbox running when no side has credentials."""
    from roadmap_pipeline.cli.report_pages import report_pages
    from roadmap_pipeline.pipeline.repository_discovery import discover
    from roadmap_pipeline.runtime import Runtime
    from roadmap_pipeline.sandbox import running

    configured = read_settings()
    with running(configured, report_pages()) as settings, Runtime(settings) as runtime:
        _warn(settings.warnings[len(configured.warnings) :])
        click.get_current_context().obj["counts"] = runtime.counts
        discover(runtime)
        yield runtime


def stored_settings() -> "Settings":
    """Return the settings for commands that ask neither side: without credentials the sandbox's names and clock."""
    from roadmap_pipeline.pipeline.repository_discovery import with_remembered
    from roadmap_pipeline.sandbox import at_rest

    return with_remembered(at_rest(read_settings()))
