"""The beginning and the end of every command of ``roadmap``: it stops when asked to, and fails in one line.

Belongs here: click's classes with the exit codes of the contract. The commands themselves are in ``commands``.
"""

import logging
import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any, NoReturn

import click

from roadmap_pipeline import interruption
from roadmap_pipeline.errors import EXPECTED_ERRORS, ConfigurationError, RoadmapError, in_one_line

DONE, FAILED, WRONG_USAGE, CONFLICTS = 0, 1, 2, 3

STARTED_AT = time.monotonic()
"""The time at which the program began, as near as it can tell."""

_KEPT = {
    "run": "what was done is kept, and the next run goes on from there",
    "ingest": "what was read is kept, and the next ingest goes on from there",
    "build": "the models that were built are kept, the others are as they were; the next build goes on from there",
    "sync": "what was written is noted, and the next sync goes on from there",
    "two-way": "what was written is noted, and the next sync goes on from there",
    "notify": "what was sent is noted, and is not sent again",
    "setup-notion": "what was made is noted; the same command goes on from there",
}


class Command(click.Command):
    """A command that ends within seconds when it is asked to, and says what it kept."""

    def invoke(self, ctx: click.Context) -> Any:
        """Invoke the command as click does, in a thread of its own."""
        with interruption.notify_last(lambda: click.echo(_interrupted(ctx), err=True)):
            return interruption.stoppable(partial(super().invoke, ctx))


class CommandGroup(click.Group):
    """A group of commands under one name."""

    command_class = Command


class OwnProcess(click.Command):
    """A command that ends the process at once when it is the process's own."""

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> Any:
        """Run as click does, and end the process at once when it is the process's own command."""
        try:
            return super().main(args, *rest, **extra)
        except SystemExit as end:
            if args is None and (end.code is None or isinstance(end.code, int)):
                _leave(end.code or DONE)
            raise


class Commands(OwnProcess, CommandGroup):
    """The root group: errors become one line each and the exit codes of the contract; --verbose may stand anywhere."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse as click does, with --verbose moved to the front."""
        words = args[: args.index("--")] if "--" in args else args
        if "--verbose" in words:
            args = ["--verbose", *(word for word in words if word != "--verbose"), *args[len(words) :]]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Invoke as click does, and end the program with what people should know of an error."""
        try:
            return super().invoke(ctx)
        except ConfigurationError as error:
            _fail(ctx, error.problems, WRONG_USAGE)
        except EXPECTED_ERRORS as error:
            _print_failing_rows(error)
            _fail(ctx, [str(error)], error.exit_code if isinstance(error, RoadmapError) else FAILED)
        except KeyboardInterrupt:
            click.echo(_interrupted(ctx), err=True)
            _fail(ctx, [], interruption.EXIT_CODE)
        except (click.exceptions.Exit, click.ClickException, click.Abort):
            raise
        except Exception as error:
            line = in_one_line(error)
            if line is None:
                raise
            _fail(ctx, [line], FAILED)


def _fail(ctx: click.Context, problems: Sequence[str], exit_code: int) -> NoReturn:
    for problem in problems:
        click.echo(f"error: {problem}", err=True)
    if ctx.params.get("verbose"):
        import traceback

        click.echo(traceback.format_exc(), err=True)
    ctx.exit(exit_code)


def _print_failing_rows(error: Exception) -> None:
    """Print the rows that break a model's tests, as small tables above the line."""
    from roadmap_pipeline.warehouse.models import ModelTestFailed

    if isinstance(error, ModelTestFailed):
        from rich.console import Console

        from roadmap_pipeline.cli.rendering.tables import print_table

        for test in error.tests:
            if test.sample:
                print_table(Console(stderr=True), f"{test.name}: {test.failing_rows:,} rows, e.g.", test.sample)


def _interrupted(ctx: click.Context) -> str:
    """Return one line: what a command that was stopped leaves behind."""
    counts = ctx.obj["counts"]() if ctx.obj and "counts" in ctx.obj else ""
    kept = _KEPT.get(str(ctx.invoked_subcommand or ctx.info_name), "nothing was changed")
    return f"interrupted: {kept}{f' ({counts})' if counts else ''}"


def _leave(code: int) -> NoReturn:
    """End the process. Everything is closed by now; freeing a million objects of the sandbox would take seconds."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # nobody reads it any more
            stream.flush()
    os._exit(code)


class _WaitPrinter(logging.Handler):
    """A handler that prints what is waited for: nobody should wonder why nothing happens."""

    def emit(self, record: logging.LogRecord) -> None:
        click.echo(f"waiting: {record.getMessage()}", err=True)


def show_waits(ctx: click.Context) -> None:
    """Let people see at once what a command waits for, as long as ``ctx`` is open."""
    handler = _WaitPrinter(logging.WARNING)
    interruption.waits.addHandler(handler)
    interruption.waits.setLevel(logging.WARNING)
    interruption.waits.propagate = False
    ctx.call_on_close(lambda: interruption.waits.removeHandler(handler))


_LOUD_LIBRARIES = ("httpx", "httpcore", "urllib3", "markdown_it", "asyncio", "sqlfluff")
"""Those that log each request or step, of which our own loggers tell."""


def log_to_stderr(ctx: click.Context, *, verbose: bool) -> None:
    """Print the log on standard error as long as ``ctx`` is open: errors, and with ``verbose`` each request.

    Libraries log retries and requests; people asked for results.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    levels: dict[str | None, int] = {None: logging.INFO if verbose else logging.ERROR}
    if verbose:
        levels["roadmap_pipeline"] = logging.DEBUG
        levels.update(dict.fromkeys(_LOUD_LIBRARIES, logging.WARNING))
    before = {name: logging.getLogger(name).level for name in levels}
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    logging.getLogger().addHandler(handler)

    def close() -> None:
        logging.getLogger().removeHandler(handler)
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)

    ctx.call_on_close(close)
