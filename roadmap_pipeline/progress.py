"""Telling whoever is watching how far long work is.

Work calls :func:`task`; who watches (a terminal, a Dagster run, nobody) sets the reporter with :func:`reporting`.
Nothing here draws: the bars live in ``cli.rendering``.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

LONG_S = 10.0
"""Seconds after which a task among very many is shown."""


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


class _Late:
    """A task that its reporter hears of once it takes long, if ever."""

    def __init__(self, reporter: Reporter, text: str, total: int | None, after_s: float) -> None:
        self._reporter = reporter
        self._text = text
        self._total = total
        self._count = 0
        self._shown_at = time.monotonic() + after_s
        self._shown: Task | None = None

    def advance(self, n: int = 1) -> None:
        self._count += n
        if self._shown is not None:
            self._shown.advance(n)
        elif time.monotonic() >= self._shown_at:
            self._shown = self._reporter.start(self._text, self._total)
            self._shown.advance(self._count)

    def describe(self, text: str) -> None:
        self._text = text
        if self._shown is not None:
            self._shown.describe(text)

    def expect(self, total: int) -> None:
        self._total = total
        if self._shown is not None:
            self._shown.expect(total)

    def finish(self) -> None:
        if self._shown is not None:
            self._reporter.finish(self._shown)


class _LongTasksOnly:
    def __init__(self, reporter: Reporter, after_s: float) -> None:
        self._reporter = reporter
        self._after_s = after_s

    def start(self, text: str, total: int | None) -> Task:
        return _Late(self._reporter, text, total, self._after_s)

    def finish(self, task: Task) -> None:
        if isinstance(task, _Late):
            task.finish()


@contextmanager
def long_tasks_only(after_s: float = LONG_S) -> Iterator[None]:
    """Show of the tasks started inside only those that take longer than ``after_s`` seconds.

    Of thousands of short ones side by side nobody can see how far the whole is.
    """
    with reporting(_LongTasksOnly(_reporter.get(_SILENT), after_s)):
        yield
