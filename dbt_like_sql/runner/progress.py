"""The two things that long work asks of whoever called it: to be shown, and whether to go on.

Belongs here: their types, and what does nothing. Drawing bars and noticing signals is the callers' business.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Task(Protocol):
    """A piece of work under way."""

    def advance(self, n: int = 1) -> None:
        """Count ``n`` more units as done."""

    def describe(self, text: str) -> None:
        """Replace the text that tells what is being worked on."""


class StartTask(Protocol):
    """Announces a piece of work of ``total`` units, which is over when the block is left."""

    def __call__(self, text: str, total: int) -> AbstractContextManager[Task]:
        """Start a task called ``text``."""


SafePoint = Callable[[], None]
"""Called where stopping costs nothing; raises whatever is to end the work."""


class _Silent:
    def advance(self, n: int = 1) -> None:
        pass

    def describe(self, text: str) -> None:
        pass


@contextmanager
def silent(text: str, total: int) -> Iterator[Task]:  # noqa: ARG001
    """Show nothing."""
    yield _Silent()


def go_on() -> None:
    """Never stop."""
