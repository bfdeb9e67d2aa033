"""Requests to Notion's API: pacing, waiting, repeating, whole lists, and errors that name the remedy.

Belongs here: what holds for every request. What the requests mean (databases, rows, Markdown) does not; which failures
there are, and what people read of them, stands in ``failures``, when a request is sent again in ``http.retry``.
``notion-client`` builds and sends each request with its own retry off, because that one repeats neither a query
answered 503 nor a lost connection, and knows no pacing.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from functools import cache
from math import ceil
from typing import TYPE_CHECKING, Any, Self

from roadmap_pipeline import interruption
from roadmap_pipeline.errors import RoadmapError
from roadmap_pipeline.http.rate_limiter import TokenBucket
from roadmap_pipeline.http.retry import Backoff, RetriesExhausted, RetryPolicy, TransientError
from roadmap_pipeline.interruption import waits
from roadmap_pipeline.notion.errors import AmbiguousWrite, IncompleteRead, NotFound, NotionError
from roadmap_pipeline.notion.failures import (
    Failure,
    RequestKind,
    TransientFailure,
    failure_of,
    is_committed,
    kind_of,
    refusal,
    transient,
    unreachable,
)

if TYPE_CHECKING:
    import ssl

    import httpx

__all__ = ["AmbiguousWrite", "IncompleteRead", "NotFound", "NotionClient", "NotionError"]

NOTION_VERSION = "2026-03-11"
"""The API version that every request pins: data sources, views, ``in_trash`` and page Markdown as used here."""

PAGE_SIZE = 100
"""Most objects that Notion puts into one page of a list."""

_BURST_SECONDS = 4
_SCAN_RESTARTS = 3
_LONGEST_BACKOFF_S = 30.0
_BACKOFF_S = 0.5
_QUICK_BACKOFF_S = 0.02
_CONSISTENCY_S = 10.0

_log = logging.getLogger(__name__)
_request_log = logging.getLogger("roadmap_pipeline.notion.requests")
"""One line a request, never headers or bodies."""
_response_log = logging.getLogger("roadmap_pipeline.notion.responses")
"""The beginning of each response, redacted."""


@cache
def _tls(*, trust_env: bool) -> "ssl.SSLContext":
    """Return the settings of TLS, once a process: reading the certificates takes longer than a request."""
    import httpx

    return httpx.create_ssl_context(trust_env=trust_env)


class NotionClient:
    """One connection to Notion. Safe between threads; close it, or use it in a ``with`` statement.

    Args:
        api_key: The integration's secret.
        base_url: The root without ``/v1``.
        requests_per_second: None switches pacing off: for servers that respond at once, like the sandbox.
        transport: Replaces the network.
        time_limit_s: Bounds one request with all its waits.
        backoff_s: The first wait after a transient failure; it doubles. Default 0.5, without pacing 0.02.
        consistency_s: How long queries may lag behind writes, so the wait after which something that no list holds
            counts as absent. Default 10, without pacing 0.
        clock: Monotonic seconds.
        sleep: Waits for some seconds; a safe point.

    Attributes:
        requests: The attempts that went out.
        writes: Those among them that could change something.
        server_seconds_ahead: The server's clock less this machine's, by the last response that told; None before.
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
        self.server_seconds_ahead: float | None = None
        self.base_url = base_url.rstrip("/")
        self.consistency_s = (
            (_CONSISTENCY_S if requests_per_second else 0.0) if consistency_s is None else consistency_s
        )
        self._api_key = api_key
        self._time_limit_s = time_limit_s
        self._sleep = sleep
        first = (_BACKOFF_S if requests_per_second else _QUICK_BACKOFF_S) if backoff_s is None else backoff_s
        backoff = Backoff(first, _LONGEST_BACKOFF_S, jitter=(0.5, 1.0))
        self._retries = RetryPolicy(backoff, sleep=sleep, clock=clock, time_limit=time_limit_s)
        self._bucket = (
            None
            if requests_per_second is None
            else TokenBucket(
                requests_per_second, max(1, ceil(requests_per_second * _BURST_SECONDS)), clock=clock, sleep=sleep
            )
        )
        self._counting = threading.Lock()
        self._has_responded = False
        try:
            host = httpx.URL(self.base_url).host
            # A proxy from the environment must not get between us and a server on this machine.
            is_elsewhere = host not in {"127.0.0.1", "localhost", "::1"}
            self._http = httpx.Client(
                transport=transport,
                trust_env=is_elsewhere,
                verify=_tls(trust_env=is_elsewhere),
                event_hooks={"response": [self._note_clock]},
            )
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
            raise unreachable(self.base_url, str(error)) from None

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
            waits.warning("Notion's lists lag behind what was last written; waiting %g s for them", self.consistency_s)
            self._sleep(self.consistency_s)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Send one request, and return the object that Notion responds with.

        Reads and idempotent writes (PATCH, DELETE) are repeated on conflicts, 5xx and lost connections; creating
        requests only when the server surely did not carry them out (429, 529, no connection). An idempotent write that
        Notion reports as committed is read back instead.

        Args:
            method: GET, POST, PATCH or DELETE.
            path: Below ``/v1/``, without leading slash.
            query: Parameters of the address.
            body: Sent as JSON.

        Raises:
            ConfigurationError: The key was refused, or the server can't be reached.
            AmbiguousWrite: A creating request may or may not have been carried out.
            NotFound: The object is gone or not shared.
            NotionError: Any other refusal or failure.
        """
        method = method.upper()
        kind = kind_of(method, path, body)
        label = f"{method} /v1/{path}"

        def attempt() -> dict[str, Any]:
            response = self._attempt(method, path, query, body, writing=kind is not RequestKind.READ)
            if not isinstance(response, Failure):
                return response
            if kind is RequestKind.IDEMPOTENT and method == "PATCH" and is_committed(response):
                return self.request("GET", path)
            raise transient(kind, response, label, has_responded=self._has_responded)

        def announce(failure: TransientError, number: int, seconds: float) -> None:
            _log.info("%s: %s; attempt %d in %.1f s", label, failure.reason, number, seconds)

        try:
            return self._retries.call(attempt, announce)
        except RetriesExhausted as end:
            raise self._given_up(end, label) from None

    def paginate(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        most: int | None = None,
    ) -> list[dict[str, Any]]:
        """Return the objects of a list, read to its end, each once.

        Cursors are only good within one scan: when Notion calls one invalid the scan starts over. Takes what
        :meth:`request` does, and ``most``: the number of objects after which no further page is read.

        Raises:
            IncompleteRead: Notion stops short of the end (its queries end at 10,000 rows), or the scan cannot be
                finished.
        """
        for _ in range(1 + _SCAN_RESTARTS):
            try:
                return self._scan(method.upper(), path, dict(query or {}), dict(body or {}), most)
            except NotionError as error:
                if "start_cursor provided is invalid" not in error.message:
                    raise
                _log.info("%s /v1/%s: cursor no longer valid, reading the list again", method, path)
        raise IncompleteRead(
            f"Notion: the list /v1/{path} changed while it was read, {1 + _SCAN_RESTARTS} times; run again later",
            code="cursor_invalid",
        )

    def _scan(
        self, method: str, path: str, query: dict[str, Any], body: dict[str, Any], most: int | None
    ) -> list[dict[str, Any]]:
        paging = query if method == "GET" else body
        paging.pop("start_cursor", None)
        paging["page_size"] = PAGE_SIZE
        objects: list[dict[str, Any]] = []
        places: dict[tuple[str, str], int] = {}
        while True:
            response = self.request(method, path, query=query, body=None if method == "GET" else body)
            for item in response["results"]:
                if item.get("object") == "property_item":
                    # Its id names the property, not the item.
                    objects.append(item)
                    continue
                place = places.setdefault((item["object"], item["id"]), len(objects))
                if place == len(objects):
                    objects.append(item)
                else:
                    objects[place] = item
            if (response.get("request_status") or {}).get("type") == "incomplete":
                reason = response["request_status"].get("incomplete_reason", "no reason given")
                raise IncompleteRead(
                    f"Notion: the list /v1/{path} ended early after {len(objects)} objects ({reason});"
                    " move old rows elsewhere so that it can be read whole",
                    code="incomplete",
                )
            if not response.get("has_more") or (most is not None and len(objects) >= most):
                return objects
            if not response.get("next_cursor"):
                raise IncompleteRead(f"Notion: the list /v1/{path} has more but gave no cursor", code="incomplete")
            paging["start_cursor"] = response["next_cursor"]

    def _attempt(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None,
        body: Mapping[str, Any] | None,
        *,
        writing: bool,
    ) -> dict[str, Any] | Failure:
        import httpx
        from notion_client.errors import HTTPResponseError, RequestTimeoutError

        interruption.check()
        if self._bucket is not None:
            self._bucket.take()
        response: dict[str, Any] | Failure
        sent_at = time.monotonic()
        try:
            received = self._sdk.request(
                path=path,
                method=method,
                query=dict(query) if query else None,
                body=dict(body) if body is not None else None,
            )
        except HTTPResponseError as error:
            response = failure_of(error.status, error.headers, error.body, self._clean)
        except RequestTimeoutError as error:
            # The SDK folds every httpx timeout into one; only the cause tells whether the request had left.
            never_left = isinstance(error.__context__, httpx.ConnectTimeout | httpx.PoolTimeout)
            response = Failure("no answer in time", code="timeout", sent=not never_left)
        except (httpx.ConnectError, httpx.UnsupportedProtocol, httpx.ProxyError) as error:
            response = Failure(self._clean(str(error) or type(error).__name__), code="unreachable", sent=False)
        except httpx.TransportError as error:
            response = Failure(f"connection lost ({type(error).__name__})", code="connection_lost")
        except (json.JSONDecodeError, UnicodeDecodeError):
            response = Failure("the answer was not JSON", code="not_json")
        else:
            response = received if isinstance(received, dict) else Failure("the answer was no object", code="not_json")
        if _request_log.isEnabledFor(logging.DEBUG):
            self._log_request(f"{method} /v1/{path}", response, time.monotonic() - sent_at)
        with self._counting:
            if not isinstance(response, Failure) or response.sent:
                self._has_responded = True
                self.requests += 1
                self.writes += writing
        return response

    def _note_clock(self, response: "httpx.Response") -> None:
        """Note how far the server's clock is from this machine's."""
        with suppress(KeyError, ValueError):
            sent = parsedate_to_datetime(response.headers["date"])
            self.server_seconds_ahead = sent.timestamp() - time.time()

    def _log_request(self, label: str, response: dict[str, Any] | Failure, seconds: float) -> None:
        from roadmap_pipeline.failures.logs.redaction import shown_response

        if isinstance(response, Failure):
            outcome = f"{response.status or response.code} {response.message}"
            _request_log.debug("%s: %s in %.0f ms", label, shown_response(outcome), 1000 * seconds)
            return
        _request_log.debug("%s: 200 in %.0f ms", label, 1000 * seconds)
        text = self._clean(json.dumps(response, ensure_ascii=False))
        _response_log.debug("%s answered %s", label, shown_response(text))

    def _given_up(self, end: RetriesExhausted, label: str) -> RoadmapError:
        """Return the error that people read of a request that kept failing."""
        assert isinstance(end.last, TransientFailure)
        failure = end.last.failure
        if end.wait is not None:
            return NotionError(
                f"Notion: {label} was given up after {end.attempts} attempts: {failure.message}"
                f" (waiting {end.wait:.0f} s more would exceed the limit of {self._time_limit_s:.0f} s);"
                " try again later",
                status=failure.status,
                code=failure.code,
            )
        if not failure.sent:
            return unreachable(self.base_url, failure.message)
        return refusal(failure, label, f"still so after {end.retries + 1} attempts; try again later")

    def _clean(self, text: str) -> str:
        """Return the text of a response without the key, should a proxy have echoed the request."""
        return text.replace(self._api_key, "***") if self._api_key else text
