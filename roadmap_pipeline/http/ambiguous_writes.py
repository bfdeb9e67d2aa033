"""Writing exactly once although the response may get lost.

Belongs here: what becomes of an :class:`~roadmap_pipeline.http.errors.AmbiguousWrite`. Looking an object up belongs to
those who know it.
"""

from collections.abc import Callable
from typing import TypeVar

from roadmap_pipeline.http.errors import AmbiguousWrite

T = TypeVar("T")


def create_once(
    create: Callable[[], T], look_up: Callable[[AmbiguousWrite], T | None], *, attempts: int
) -> tuple[T, bool]:
    """Create an object, or adopt it when a lost response hid that it was created.

    It is created again only after it was not found.

    Args:
        create: Creates the object and returns it.
        look_up: Returns the object that an ambiguous write may have created; None when it surely did not. Where an
            API's lists lag, it waits for them.
        attempts: How often it is created at most, where it is never found.

    Returns:
        The object, and whether it was adopted.

    Raises:
        AmbiguousWrite: The outcome stays unknown for too many attempts.
    """
    for remaining in reversed(range(attempts)):
        try:
            return create(), False
        except AmbiguousWrite as error:
            adopted = look_up(error)
            if adopted is not None:
                return adopted, True
            if not remaining:
                raise
    raise ValueError("attempts must be positive")


def repeat_until_certain(write: Callable[[], T], *, attempts: int) -> T:
    """Return the response to a write that may be carried out several times, sent again while its outcome is unknown.

    Raises:
        AmbiguousWrite: The outcome stays unknown for too many attempts.
    """
    for remaining in reversed(range(attempts)):
        try:
            return write()
        except AmbiguousWrite:
            if not remaining:
                raise
    raise ValueError("attempts must be positive")
