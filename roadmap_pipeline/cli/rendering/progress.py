"""The progress of work: bars on a terminal; elsewhere, as in the logs of CI, lines.

Belongs here: what a reporter of :mod:`roadmap_pipeline.progress` draws. Each task that did something is
one plain line when it ends, and one now and then while it takes long.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from roadmap_pipeline.progress import Reporter, Task

_SIGN_OF_LIFE_SECONDS = 30.0
"""Seconds between two lines of a long task where there are no bars; CI ends jobs that say nothing for long."""
_WORTH_A_LINE_SECONDS = 1.0
"""Seconds from which a task that found nothing to do gets a line, too."""


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
        self._last_line_at = self.started

    def advance(self, n: int = 1) -> None:
        self.count += n
        if time.monotonic() - self._last_line_at >= self._every:
            self._last_line_at = time.monotonic()
            of = f" of {self._total:,}" if self._total else ""
            self._write(f"{self.text}: {self.count:,}{of} so far")

    def describe(self, text: str) -> None:
        self.text = text

    def expect(self, total: int) -> None:
        self._total = total

    def close(self) -> None:
        seconds = time.monotonic() - self.started
        if self.count or seconds >= _WORTH_A_LINE_SECONDS:
            done = f": {self.count:,}" if self.count else ""
            self._write(f"{self.text}{done} ({seconds:.1f} s)")

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
    """Yield what draws bars on a terminal; elsewhere a line per ended task, and one each ``every_s`` seconds."""
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
