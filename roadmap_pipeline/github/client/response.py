"""Responses of GitHub, and what they mean before anybody looks at the data.

Belongs here: the response itself, and telling refusals, limits and broken bodies from data. What is done about them
belongs to ``client``, pages of lists to ``paging``.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from roadmap_pipeline.github.lenient_json import read_json
from roadmap_pipeline.http.retry import retry_after_seconds

_ERROR_KEYS = {"message", "documentation_url", "status", "errors"}


@dataclass(frozen=True, slots=True)
class Response:
    """A response: ``data`` is the parsed JSON (None for 304 and empty ones), header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    data: Any
    sent_at: float = 0.0
    """The time at which the request went out (:func:`time.monotonic`)."""
    holes: Sequence[int] = ()
    """Places in its list, in order, before which an item is missing that GitHub failed to give even alone."""

    @property
    def unchanged(self) -> bool:
        """True when a conditional request found nothing new (304)."""
        return self.status == 304

    @property
    def etag(self) -> str | None:
        """The entity tag to send with the next request."""
        return self.headers.get("etag")

    @property
    def has_next(self) -> bool:
        """The word of GitHub that a further page follows."""
        return 'rel="next"' in self.headers.get("link", "")

    @property
    def total_count(self) -> int | None:
        """The number of items that GitHub counts in the whole list, where it tells."""
        count = self.data.get("total_count") if isinstance(self.data, dict) else None
        return count if isinstance(count, int) else None

    def items(self, key: str | None) -> list[Any] | None:
        """Return the items of a page, in an envelope under ``key``; None when there is no such list."""
        items = self.data.get(key) if key and isinstance(self.data, dict) else None if key else self.data
        return items if isinstance(items, list) else None


@dataclass(frozen=True, slots=True)
class RateLimitRefusal:
    """A refusal for the rate: why, and the seconds after which to try again (None: GitHub names no time)."""

    reason: str
    seconds: float | None


def rate_limit_refusal(response: Response) -> RateLimitRefusal | None:
    """Return what a refusal for the rate asks for; None when the response is no such refusal.

    By GitHub's rules: Retry-After first, then the reset of a used-up quota.
    """
    from roadmap_pipeline.github.client import connection

    if response.status not in {403, 429}:
        return None
    message = error_message(response)
    reason = f"GitHub answered {response.status} {message}".strip()
    headers = response.headers
    retry_after = retry_after_seconds(headers.get("retry-after"), lambda: server_time(headers))
    if retry_after is not None:
        return RateLimitRefusal(reason, retry_after)
    if connection.is_primary_limit(message) or headers.get("x-ratelimit-remaining") == "0":
        reset = headers.get("x-ratelimit-reset", "")
        seconds = max(0.0, float(reset) - server_time(headers)) + 1 if reset.isdigit() else None
        return RateLimitRefusal(reason, seconds)
    is_refusal = response.status == 429 or connection.is_secondary_limit(message)
    return RateLimitRefusal(reason, None) if is_refusal else None


def holds_error(response: Response) -> bool:
    """Return whether a response of 200 holds an error instead of what was requested."""
    data = response.data
    return response.status == 200 and isinstance(data, dict) and "message" in data and data.keys() <= _ERROR_KEYS


def error_message(response: Response) -> str:
    """Return GitHub's words, with what it says about single fields, without secrets: a proxy may echo the request."""
    from roadmap_pipeline.failures.logs.redaction import redact

    if not isinstance(response.data, dict):
        return ""
    details = [
        str(error.get("message") or f"{error.get('field')}: {error.get('code')}")
        if isinstance(error, dict)
        else str(error)
        for error in response.data.get("errors") or []
    ]
    return redact(" – ".join([str(response.data.get("message", "")), *details])).text


def parse_body(content: bytes) -> Any:
    """Return the JSON value of a body; None when it holds none."""
    try:
        return read_json(content)
    except ValueError:
        return None


def server_time(headers: Mapping[str, str]) -> float:
    """Return the server's clock (Unix seconds) where it tells, so that a wrong clock here doesn't prolong waits."""
    date = headers.get("date")
    return parsedate_to_datetime(date).timestamp() if date else time.time()
