"""Creating something in Notion exactly once although the response may get lost.

Belongs here: what is peculiar to Notion: the id that it may name with a lost response, and lists that lag.
"""

from collections.abc import Callable
from typing import Any

from roadmap_pipeline.http import ambiguous_writes
from roadmap_pipeline.http import errors as http_errors
from roadmap_pipeline.notion.client import AmbiguousWrite, NotionClient

_ATTEMPTS = 8


def create_once(
    client: NotionClient,
    create: Callable[[], dict[str, Any]],
    look_up: Callable[[str | None], dict[str, Any] | None],
) -> tuple[dict[str, Any], bool]:
    """Create an object, or adopt it when a lost response hid that it was created.

    It is created again only after it was not found, both at once and after the time by which Notion's lists may lag.

    Args:
        client: The client that creates it.
        create: Creates the object and returns it.
        look_up: Returns the object by the id that Notion named, or (None) by its key; None when there is none.

    Returns:
        The object, and whether it was adopted.

    Raises:
        AmbiguousWrite: The outcome stays unknown for too many attempts.
    """

    def find(error: http_errors.AmbiguousWrite) -> dict[str, Any] | None:
        created = look_up(error.committed_resource_id if isinstance(error, AmbiguousWrite) else None)
        if created is None and client.consistency_s > 0:
            client.wait_until_consistent()
            created = look_up(None)
        return created

    return ambiguous_writes.create_once(create, find, attempts=_ATTEMPTS)
