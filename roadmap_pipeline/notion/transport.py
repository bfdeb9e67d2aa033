"""Requests to Notion's API: pacing, waiting, retrying, paging, and errors that name the remedy.

Belongs here: what holds for every request. What the requests mean (databases, rows, Markdown) does not.
``notion-client`` builds and sends each request with its own retry off, because that one repeats neither a query
answered 503 nor a lost connection, and knows no pacing.
"""

import json
import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from enum import Enum
from math import ceil
from typing import TYPE_CHECKING, Any, Self

from roadmap_pipeline import interruption
from roadmap_pipeline.errors import ConfigurationError, RoadmapError

if TYPE_CHECKING:
    import httpx

NOTION_VERSION = "2026-03-11"
"""The API version that every request pins: data sources, views, ``in_trash`` and page Markdown as used here."""

PAGE_SIZE = 100
"""Most objects that Notion puts into one page of a list."""

_BUSY = frozenset({429, 529})
"""Not carried out, to be waited out: rate limited, and service overload."""
_BURST_SECONDS = 4
_TRANSIENT_RETRIES = 8
_CONFLICT_RETRIES = 5
_UNSAVED_RETRIES = 2
_FIRST_CONTACT_RETRIES = 2
_SCAN_RESTARTS = 3
_LONGEST_BACKOFF_S = 30.0
_BACKOFF_S = 0.5
_QUICK_BACKOFF_S = 0.02
_CONSISTENCY_S = 10.0

_log = logging.getLogger(__name__)


class NotionError(RoadmapError):
    """Notion refused a request, or answered something else than was asked for.

    ``status`` is the HTTP status (None without an answer), ``code`` Notion's error code or a word of ours.
    """

    def __init__(self, message: str, *, status: int | None = None, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class NotFound(NotionError):
    """404: deleted for good, or not shared with the integration; Notion does not tell which."""


class AmbiguousWrite(NotionError):
    """A creating request failed in a way that leaves open whether it was carried out; it was not repeated.

    Look the object up, by ``committed_resource_id`` where Notion gave it, else by key, before creating it again.
    """

    def __init__(
        self, message: str, *, status: int | None = None, code: str = "", committed_resource_id: str | None = None
    ) -> None:
        super().__init__(message, status=status, code=code)
        self.committed_resource_id = committed_resource_id


class IncompleteRead(NotionError):
    """A list could not be read to its end; whatever depends on completeness (absence above all) must not go on."""


class _Kind(Enum):
    READ = "read"
    IDEMPOTENT = "idempotent write"
    CREATE = "create"


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why one attempt failed. ``status`` is None without an answer; ``sent`` False when the server never saw it."""

    message: str
    status: int | None = None
    code: str = ""
    additional: Mapping[str, Any] = field(default_factory=dict)
    retry_after: float | None = None
    sent: bool = True


class TokenBucket:
    """Lets at most ``burst + rate * t`` requests begin within any ``t`` seconds. Safe between threads.

    ``rate`` is in requests per second; the bucket starts full. ``clock`` and ``sleep`` are in seconds.
    """

    def __init__(
        self,
        rate: float,
        burst: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = interruption.sleep,
    ) -> None:
        self._rate = rate
        self._burst = float(burst)
        self._tokens = float(burst)
        self._clock = clock
        self._sleep = sleep
        self._filled_at = clock()
        self._lock = threading.Lock()

    def take(self) -> None:
        """Wait until one more request may begin."""
        with self._lock:
            now = self._clock()
            self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
            self._filled_at = now
            # Going below zero reserves a later place, so threads that wait together still come out one by one.
            self._tokens -= 1
            wait = max(0.0, -self._tokens / self._rate)
        if wait > 0:
            self._sleep(wait)


class NotionClient:
    """One connection to Notion. Safe between threads; close it, or use it in a ``with`` statement.

    ``base_url`` is the root without ``/v1``. ``requests_per_second`` None switches pacing off: for servers that answer
    at once, like the sandbox. ``time_limit_s`` bounds one request with all its waits; ``backoff_s`` is the first wait
    after a transient failure (it doubles; default 0.5, without pacing 0.02); ``consistency_s`` is how long queries may
    lag behind writes, so the wait after which something not found counts as absent (default 10, without pacing 0).
    ``transport`` replaces the network. ``requests`` counts the attempts that went out, ``writes`` those among them that
    could change something.
    """

    def __init__(
        self,
        api_key: str,
        *,
        base_url: str = "https://api.notion.com",
        requests_per_second: float | None = 2.5,
        transport: "httpx.BaseTransport | None" = None,
        time_limit_s: float = 900.0,
        backoff_s: float | None = None,
        consistency_s: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = interruption.sleep,
    ) -> None:
        import httpx
        from notion_client import Client

        self.requests = 0
        self.writes = 0
        self.base_url = base_url.rstrip("/")
        self.consistency_s = (
            (_CONSISTENCY_S if requests_per_second else 0.0) if consistency_s is None else consistency_s
        )
        self._api_key = api_key
        self._time_limit_s = time_limit_s
        self._backoff_s = (_BACKOFF_S if requests_per_second else _QUICK_BACKOFF_S) if backoff_s is None else backoff_s
        self._clock = clock
        self._sleep = sleep
        self._bucket = (
            None
            if requests_per_second is None
            else TokenBucket(
                requests_per_second, max(1, ceil(requests_per_second * _BURST_SECONDS)), clock=clock, sleep=sleep
            )
        )
        self._counting = threading.Lock()
        self._answered = False
        self._jitter = random.Random()  # noqa: S311
        try:
            host = httpx.URL(self.base_url).host
            # A proxy from the environment must not get between us and a server on this machine.
            self._http = httpx.Client(transport=transport, trust_env=host not in {"127.0.0.1", "localhost", "::1"})
            self._sdk = Client(
                auth=api_key,
                client=self._http,
                base_url=self.base_url,
                notion_version=NOTION_VERSION,
                retry=False,
                # Own logger: the SDK would print to the terminal, and repeat each failure that is handled here.
                logger=logging.getLogger(f"{__name__}.sdk"),
                log_level=logging.CRITICAL,
            )
        except httpx.InvalidURL as error:
            raise self._unreachable(str(error)) from None

    def __repr__(self) -> str:
        return f"NotionClient(base_url={self.base_url!r}, requests={self.requests}, writes={self.writes})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def wait_until_consistent(self) -> None:
        """Wait as long as Notion's queries may lag behind its writes."""
        if self.consistency_s > 0:
            self._sleep(self.consistency_s)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Send one request and give the answer's object; ``path`` is below ``/v1/`` without leading slash.

        Reads and idempotent writes (PATCH, DELETE) are repeated on conflicts, 5xx and lost connections; creating
        requests only when the server surely did not carry them out (429, 529, no connection). An idempotent write
        that Notion reports as committed is read back instead.

        Raises ConfigurationError (key refused, server unreachable), AmbiguousWrite, NotFound, NotionError.
        """
        method = method.upper()
        kind = _kind(method, path, body)
        deadline = self._clock() + self._time_limit_s
        retries = throttled = 0
        while True:
            outcome = self._attempt(method, path, query, body, writing=kind is not _Kind.READ)
            if not isinstance(outcome, _Failure):
                return outcome
            if kind is _Kind.IDEMPOTENT and method == "PATCH" and _committed(outcome):
                return self.request("GET", path)
            busy = outcome.status in _BUSY
            wait = self._wait(kind, outcome, throttled if busy else retries, what=f"{method} /v1/{path}")
            if self._clock() + wait > deadline:
                raise NotionError(
                    f"Notion: {method} /v1/{path} was given up after {retries + throttled + 1} attempts:"
                    f" {outcome.message} (waiting {wait:.0f} s more would exceed the limit of"
                    f" {self._time_limit_s:.0f} s); try again later",
                    status=outcome.status,
                    code=outcome.code,
                )
            _log.info(
                "%s /v1/%s: %s; attempt %d in %.1f s", method, path, outcome.message, retries + throttled + 2, wait
            )
            self._sleep(wait)
            if busy:
                throttled += 1
            else:
                retries += 1

    def paginate(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> list[dict[str, Any]]:
        """Read a list to its end, each object once.

        Cursors are only good within one scan: when Notion calls one invalid the scan starts over. Raises IncompleteRead
        when Notion stops short of the end (its queries end at 10,000 rows) or the scan cannot be finished.
        """
        for _ in range(1 + _SCAN_RESTARTS):
            try:
                return self._scan(method.upper(), path, dict(query or {}), dict(body or {}))
            except NotionError as error:
                if "start_cursor provided is invalid" not in error.message:
                    raise
                _log.info("%s /v1/%s: cursor no longer valid, reading the list again", method, path)
        raise IncompleteRead(
            f"Notion: the list /v1/{path} changed while it was read, {1 + _SCAN_RESTARTS} times; run again later",
            code="cursor_invalid",
        )

    def _scan(self, method: str, path: str, query: dict[str, Any], body: dict[str, Any]) -> list[dict[str, Any]]:
        paging = query if method == "GET" else body
        paging.pop("start_cursor", None)
        paging["page_size"] = PAGE_SIZE
        found: list[dict[str, Any]] = []
        seen: dict[tuple[str, str], int] = {}
        while True:
            answer = self.request(method, path, query=query, body=None if method == "GET" else body)
            for item in answer["results"]:
                if item.get("object") == "property_item":
                    # Its id names the property, not the item.
                    found.append(item)
                    continue
                place = seen.setdefault((item["object"], item["id"]), len(found))
                if place == len(found):
                    found.append(item)
                else:
                    found[place] = item
            if (answer.get("request_status") or {}).get("type") == "incomplete":
                reason = answer["request_status"].get("incomplete_reason", "no reason given")
                raise IncompleteRead(
                    f"Notion: the list /v1/{path} ended early after {len(found)} objects ({reason});"
                    " move old rows elsewhere so that it can be read whole",
                    code="incomplete",
                )
            if not answer.get("has_more"):
                return found
            if not answer.get("next_cursor"):
                raise IncompleteRead(f"Notion: the list /v1/{path} has more but gave no cursor", code="incomplete")
            paging["start_cursor"] = answer["next_cursor"]

    def _attempt(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None,
        body: Mapping[str, Any] | None,
        *,
        writing: bool,
    ) -> "dict[str, Any] | _Failure":
        import httpx
        from notion_client.errors import HTTPResponseError, RequestTimeoutError

        interruption.check()
        if self._bucket is not None:
            self._bucket.take()
        outcome: dict[str, Any] | _Failure
        try:
            answer = self._sdk.request(
                path=path,
                method=method,
                query=dict(query) if query else None,
                body=dict(body) if body is not None else None,
            )
        except HTTPResponseError as error:
            outcome = self._refused(error.status, error.headers, error.body)
        except RequestTimeoutError as error:
            # The SDK folds every httpx timeout into one; only the cause tells whether the request had left.
            never_left = isinstance(error.__context__, httpx.ConnectTimeout | httpx.PoolTimeout)
            outcome = _Failure("no answer in time", code="timeout", sent=not never_left)
        except (httpx.ConnectError, httpx.UnsupportedProtocol, httpx.ProxyError) as error:
            outcome = _Failure(self._clean(str(error) or type(error).__name__), code="unreachable", sent=False)
        except httpx.TransportError as error:
            outcome = _Failure(f"connection lost ({type(error).__name__})", code="connection_lost")
        except (json.JSONDecodeError, UnicodeDecodeError):
            outcome = _Failure("the answer was not JSON", code="not_json")
        else:
            outcome = answer if isinstance(answer, dict) else _Failure("the answer was no object", code="not_json")
        with self._counting:
            if not isinstance(outcome, _Failure) or outcome.sent:
                self._answered = True
                self.requests += 1
                self.writes += writing
        return outcome

    def _refused(self, status: int, headers: "httpx.Headers", text: str) -> _Failure:
        try:
            parsed = json.loads(text)
        except ValueError:
            parsed = None
        answer: dict[str, Any] = parsed if isinstance(parsed, dict) else {}
        additional = answer.get("additional_data")
        if not isinstance(additional, dict):
            additional = {}
        message, code = answer.get("message"), answer.get("code")
        return _Failure(
            message=self._clean(message) if isinstance(message, str) else f"HTTP status {status}",
            status=status,
            code=code if isinstance(code, str) else "",
            additional=additional,
            retry_after=_seconds(headers.get("retry-after")) or _seconds(additional.get("retry_after")),
        )

    def _wait(self, kind: _Kind, failure: _Failure, retries: int, *, what: str) -> float:
        """Seconds to wait before the next attempt; raises when there must not be one."""
        if failure.status in _BUSY:
            reason = str(failure.additional.get("rate_limit_reason", ""))
            if reason == "public_api_request_blocked":
                raise self._error(failure, what, "Notion blocks this integration: ask its support")
            return failure.retry_after if failure.retry_after is not None else self._backoff(retries)
        if not failure.sent:
            limit = _TRANSIENT_RETRIES if self._answered else _FIRST_CONTACT_RETRIES
            if retries >= limit:
                raise self._unreachable(failure.message)
            return self._backoff(retries)
        unsaved = failure.status == 400 and "unsaved transactions" in failure.message.lower()
        transient = failure.status is None or failure.status in {409, 500, 502, 503, 504} or unsaved
        if not transient:
            raise self._error(failure, what)
        if kind is _Kind.CREATE:
            committed = failure.additional.get("committed_resource_id")
            raise AmbiguousWrite(
                f"Notion: {what} failed and may or may not have been carried out: {failure.message}",
                status=failure.status,
                code=failure.code,
                committed_resource_id=committed if isinstance(committed, str) else None,
            )
        limit = _CONFLICT_RETRIES if failure.status == 409 else _UNSAVED_RETRIES if unsaved else _TRANSIENT_RETRIES
        if retries >= limit:
            raise self._error(failure, what, f"still so after {retries + 1} attempts; try again later")
        return failure.retry_after if failure.retry_after is not None else self._backoff(retries)

    def _backoff(self, retries: int) -> float:
        return float(min(_LONGEST_BACKOFF_S, self._backoff_s * 2**retries) * (0.5 + self._jitter.random() / 2))

    def _error(self, failure: _Failure, what: str, remedy: str = "") -> RoadmapError:
        if failure.status == 401:
            return ConfigurationError(
                f"NOTION_API_KEY was refused by Notion ({failure.message}):"
                " put the current secret of the integration into NOTION_API_KEY"
            )
        if failure.status == 403 and not remedy:
            remedy = "give the integration the capabilities to read, insert and update content"
        if failure.status == 404 and not remedy:
            remedy = "it was deleted, or it must be shared with the integration"
        message = f"Notion: {what} failed"
        message += f" with {failure.status} {failure.code}".rstrip() if failure.status else ""
        message += f": {failure.message}" + (f" ({remedy})" if remedy else "")
        kind = NotFound if failure.status == 404 else NotionError
        return kind(message, status=failure.status, code=failure.code)

    def _unreachable(self, why: str) -> ConfigurationError:
        return ConfigurationError(
            f"NOTION_API_URL: no Notion API can be reached at {self.base_url} ({why});"
            " check the address (root without /v1), the network and the proxy"
        )

    def _clean(self, text: str) -> str:
        """The text of an answer without the key, should a proxy have echoed the request."""
        return text.replace(self._api_key, "***") if self._api_key else text


def _kind(method: str, path: str, body: Mapping[str, Any] | None) -> _Kind:
    if method == "GET" or (method == "POST" and (path == "search" or path.endswith("/query"))):
        return _Kind.READ
    if method == "POST" or (method == "PATCH" and path.endswith("/children")):
        return _Kind.CREATE
    if path.endswith("/markdown") and (body or {}).get("type") != "replace_content":
        return _Kind.CREATE
    return _Kind.IDEMPOTENT


def _committed(failure: _Failure) -> bool:
    guidance = failure.additional.get("retry_guidance") or ()
    return failure.status == 503 and any("do not repeat" in str(line).lower() for line in guidance)


def _seconds(value: object) -> float | None:
    """A Retry-After as seconds: a number, or an HTTP date. None where it asks for no wait that is left."""
    if value is None:
        return None
    try:
        seconds = float(str(value))
    except ValueError:
        try:
            seconds = parsedate_to_datetime(str(value)).timestamp() - time.time()
        except ValueError:
            return None
    return seconds if seconds > 0 else None
