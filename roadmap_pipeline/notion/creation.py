"""Creating something exactly once although the answer may get lost."""

from collections.abc import Callable
from typing import Any

from roadmap_pipeline.notion.transport import AmbiguousWrite, NotionClient

_ATTEMPTS = 8


def create_once(
    client: NotionClient,
    create: Callable[[], dict[str, Any]],
    look_up: Callable[[str | None], dict[str, Any] | None],
) -> tuple[dict[str, Any], bool]:
    """Create an object, or adopt it when a lost answer hid that it was created. Gives it, and whether it was adopted.

    ``look_up`` finds the object by the id that Notion named, or (None) by its key. It is created again only after it
    was not found, both at once and after the time by which Notion's lists may lag. Raises AmbiguousWrite when the
    outcome stays open for too many attempts.
    """
    remaining = _ATTEMPTS
    while True:
        remaining -= 1
        try:
            return create(), False
        except AmbiguousWrite as error:
            found = look_up(error.committed_resource_id)
            if found is None and client.consistency_s > 0:
                client.wait_until_consistent()
                found = look_up(None)
            if found is not None:
                return found, True
            if remaining == 0:
                raise
