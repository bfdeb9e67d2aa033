"""Failures of requests to Notion: which may pass, and what people read of the others.

Belongs here: judging one failed attempt. Sending and repeating belong to ``client``.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from roadmap_pipeline.errors import ConfigurationError, RoadmapError
from roadmap_pipeline.http.retry import TransientError, retry_after_seconds
from roadmap_pipeline.notion.errors import AmbiguousWrite, NotFound, NotionError

if TYPE_CHECKING:
    import httpx

_BUSY = frozenset({429, 529})
"""Not carried out, to be waited out: rate limited, and service overload."""
_TRANSIENT_RETRIES = 8
_CONFLICT_RETRIES = 5
_UNSAVED_RETRIES = 2
_FIRST_CONTACT_RETRIES = 2


class RequestKind(Enum):
    """The effect that sending a request twice would have."""

    READ = "read"
    IDEMPOTENT = "idempotent write"
    CREATE = "create"


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed attempt. ``status`` is None without a response; ``sent`` False when the server never saw it."""

    message: str
    status: int | None = None
    code: str = ""
    additional: Mapping[str, Any] = field(default_factory=dict)
    retry_after: float | None = None
    sent: bool = True


class TransientFailure(TransientError):
    """A failure that may pass."""

    def __init__(self, failure: Failure, max_retries: int | None = None) -> None:
        super().__init__(
            failure.message,
            max_retries=max_retries,
            retry_after=failure.retry_after if failure.sent else None,
            is_throttled=failure.status in _BUSY,
        )
        self.failure = failure


def kind_of(method: str, path: str, body: Mapping[str, Any] | None) -> RequestKind:
    """Return what sending such a request twice would do."""
    if method == "GET" or (method == "POST" and (path == "search" or path.endswith("/query"))):
        return RequestKind.READ
    if method == "POST" or (method == "PATCH" and path.endswith("/children")):
        return RequestKind.CREATE
    if path.endswith("/markdown") and (body or {}).get("type") != "replace_content":
        return RequestKind.CREATE
    return RequestKind.IDEMPOTENT


def is_committed(failure: Failure) -> bool:
    """Return whether Notion says that it carried out the write although its response failed."""
    guidance = failure.additional.get("retry_guidance") or ()
    return failure.status == 503 and any("do not repeat" in str(line).lower() for line in guidance)


def failure_of(status: int, headers: "httpx.Headers", text: str, clean: Callable[[str], str]) -> Failure:
    """Return the failure that a refusing response tells of; ``clean`` takes secrets out of a text."""
    try:
        parsed = json.loads(text)
    except ValueError:
        parsed = None
    body: dict[str, Any] = parsed if isinstance(parsed, dict) else {}
    additional = body.get("additional_data")
    if not isinstance(additional, dict):
        additional = {}
    message, code = body.get("message"), body.get("code")
    return Failure(
        message=clean(message) if isinstance(message, str) else f"HTTP status {status}",
        status=status,
        code=code if isinstance(code, str) else "",
        additional=additional,
        # zero, or a time that is over, names no wait
        retry_after=retry_after_seconds(headers.get("retry-after"))
        or retry_after_seconds(additional.get("retry_after"))
        or None,
    )


def transient(kind: RequestKind, failure: Failure, label: str, *, has_responded: bool) -> TransientFailure:
    """Return the failure as one that may pass.

    Args:
        kind: What sending the request twice would do.
        failure: How the attempt failed.
        label: The request, for messages.
        has_responded: Whether the server ever responded to this client.

    Raises:
        AmbiguousWrite: A creating request may or may not have been carried out.
        RoadmapError: The failure won't pass.
    """
    if failure.status in _BUSY:
        if str(failure.additional.get("rate_limit_reason", "")) == "public_api_request_blocked":
            raise refusal(failure, label, "Notion blocks this integration: ask its support")
        return TransientFailure(failure)
    if not failure.sent:
        return TransientFailure(failure, _TRANSIENT_RETRIES if has_responded else _FIRST_CONTACT_RETRIES)
    is_unsaved = failure.status == 400 and "unsaved transactions" in failure.message.lower()
    if failure.status is not None and failure.status not in {409, 500, 502, 503, 504} and not is_unsaved:
        raise refusal(failure, label)
    if kind is RequestKind.CREATE:
        committed = failure.additional.get("committed_resource_id")
        raise AmbiguousWrite(
            f"Notion: {label} failed and may or may not have been carried out: {failure.message}",
            status=failure.status,
            code=failure.code,
            committed_resource_id=committed if isinstance(committed, str) else None,
        )
    if failure.status == 409:
        return TransientFailure(failure, _CONFLICT_RETRIES)
    return TransientFailure(failure, _UNSAVED_RETRIES if is_unsaved else _TRANSIENT_RETRIES)


def refusal(failure: Failure, label: str, remedy: str = "") -> RoadmapError:
    """Return the error that people read of a request that failed for good."""
    if failure.status == 401:
        return ConfigurationError(
            f"NOTION_API_KEY was refused by Notion ({failure.message}):"
            " put the current secret of the integration into NOTION_API_KEY"
        )
    if failure.status == 403 and not remedy:
        remedy = "give the integration the capabilities to read, insert and update content"
    if failure.status == 404 and not remedy:
        remedy = "it was deleted, or it must be shared with the integration"
    message = f"Notion: {label} failed"
    message += f" with {failure.status} {failure.code}".rstrip() if failure.status else ""
    message += f": {failure.message}" + (f" ({remedy})" if remedy else "")
    error_type = NotFound if failure.status == 404 else NotionError
    return error_type(message, status=failure.status, code=failure.code)


def unreachable(base_url: str, reason: str) -> ConfigurationError:
    """Return the error that people read when no connection can be made."""
    return ConfigurationError(
        f"NOTION_API_URL: no Notion API can be reached at {base_url} ({reason});"
        " check the address (root without /v1), the network and the proxy"
    )
