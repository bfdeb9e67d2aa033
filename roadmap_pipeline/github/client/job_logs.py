"""Downloading the log of a job, which GitHub keeps elsewhere.

Belongs here: following the address that GitHub gives, which is valid for a minute, without ever showing it. What is
kept of a log belongs to ``ingest.logs``.
"""

import logging
import time
from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from roadmap_pipeline.github.client.errors import GitHubError
from roadmap_pipeline.http.errors import DroppedError, UnreachableError
from roadmap_pipeline.http.retry import TransientError

if TYPE_CHECKING:
    from roadmap_pipeline.github.client.response import Response

_REDIRECTS = frozenset({301, 302, 303, 307, 308})

logger = logging.getLogger("roadmap_pipeline.github.requests")


class LogState(StrEnum):
    """The reason why a job's log can't be read."""

    EXPIRED = "expired"
    MISSING = "missing"


LOG_STATES = {404: LogState.MISSING, 410: LogState.EXPIRED}


class DownloadFailed(TransientError):
    """The log could not be downloaded from its address; ``status`` is 0 when there was no response."""

    def __init__(self, reason: str, status: int, max_retries: int) -> None:
        super().__init__(reason, max_retries=max_retries)
        self.status = status


def log_address(response: "Response", url: str, base_url: str) -> str | None:
    """Return the address that a response to a request for a log names; None when it names none of a log.

    Args:
        response: What GitHub responded.
        url: The address that was requested.
        base_url: The REST root: another address there is that of a renamed repository.
    """
    if response.status not in _REDIRECTS or "location" not in response.headers:
        return None
    address = urljoin(url, response.headers["location"])
    is_elsewhere = urlsplit(address).netloc != urlsplit(base_url).netloc
    return address if response.status == 302 or is_elsewhere else None


def download(path: str, address: str, max_retries: int) -> Iterator[bytes] | LogState:
    """Return the log at ``address`` in chunks, or why there is none.

    Args:
        path: What GitHub was asked for, for logs and errors: the address itself lets anybody read the log.
        address: Where the log lies.
        max_retries: How often it may be requested again.

    Raises:
        DownloadFailed: It can't be downloaded from there, and perhaps from a new address.
    """
    from roadmap_pipeline.github.client import connection

    started = time.monotonic()
    try:
        status, chunks = connection.open_stream(address)
    except (DroppedError, UnreachableError) as error:
        raise DownloadFailed(str(error), 0, max_retries) from None
    milliseconds = 1000 * (time.monotonic() - started)
    logger.debug("GET %s, where it leads: %d in %.0f ms", path, status, milliseconds)
    if status == 200:
        return _checked(path, chunks)
    for _ in chunks:  # read to the end, so that the connection is closed properly
        pass
    if status in LOG_STATES:
        return LOG_STATES[status]
    raise DownloadFailed(str(status), status, max_retries)  # 403: the address has run out; 5xx: passes


def _checked(path: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield from chunks
    except DroppedError as error:
        raise GitHubError(f"{path}: the connection broke while the log was read") from error
