"""Telling whoever is watching how far long work is.

Work calls :func:`task`; who watches (a terminal, a Dagster run, nobody) sets the reporter with :func:`reporting`.
Nothing here draws: the bars live in ``cli.rendering``.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol


class Task(Protocol):
    """One piece of work under way."""

    def advance(self, n: int = 1) -> None:
        """Count ``n`` more units as done."""

    def describe(self, text: str) -> None:
        """Replace the text shown beside the bar."""

    def expect(self, total: int) -> None:
        """Set how many units there are, once that is known."""


class Reporter(Protocol):
    """A place where tasks are shown."""

    def start(self, text: str, total: int | None) -> Task:
        """Show a new task of ``total`` units (None: unknown)."""

    def finish(self, task: Task) -> None:
        """End the task, well or not."""


class _Silent:
    def start(self, text: str, total: int | None) -> Task:  # noqa: ARG002
        return self

    def finish(self, task: Task) -> None:
        pass

    def advance(self, n: int = 1) -> None:
        pass

    def describe(self, text: str) -> None:
        pass

    def expect(self, total: int) -> None:
        pass


_SILENT = _Silent()
_reporter: ContextVar[Reporter] = ContextVar("reporter")


@contextmanager
def reporting(reporter: Reporter) -> Iterator[None]:
    """Send the tasks started inside to ``reporter``."""
    token = _reporter.set(reporter)
    try:
        yield
    finally:
        _reporter.reset(token)


@contextmanager
def task(text: str, total: int | None = None) -> Iterator[Task]:
    """Begin a piece of work: ``with task("Reading runs of acme/payments", total=40) as t: t.advance()``."""
    reporter: Reporter = _reporter.get(_SILENT)
    started = reporter.start(text, total)
    try:
        yield started
    finally:
        reporter.finish(started)
