"""Sending single requests to GitHub: connections by thread, budget, counting, and one log line each.

Belongs here: everything between a request and its response, whatever that says. Repeating, paging and errors belong to
``client``; PyGithub itself is wrapped by ``connection``, accounts belong to ``credentials``, the pace to ``pacing``.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from roadmap_pipeline import interruption
from roadmap_pipeline.github.client.credentials import Credentials
from roadmap_pipeline.github.client.errors import BudgetSpent, RateLimited
from roadmap_pipeline.github.client.pacing import Pacer, wait_log
from roadmap_pipeline.github.client.response import Response, parse_body, rate_limit_refusal
from roadmap_pipeline.http.errors import DroppedError, UnreachableError

if TYPE_CHECKING:
    from roadmap_pipeline.github.client.connection import Connection

MEDIA_TYPE = "application/vnd.github+json"

logger = logging.getLogger("roadmap_pipeline.github.requests")
"""One line a request; addresses without the query where that is a secret, never headers or bodies."""
_response_log = logging.getLogger("roadmap_pipeline.github.responses")
"""The beginning of each response in JSON, redacted."""


class Sender:
    """Sends requests with one account's credentials. Threads may share it: each gets a connection of its own."""

    def __init__(self, credentials: Credentials, base_url: str, pacer: Pacer, graphql_pacer: Pacer) -> None:
        self.requests = 0
        """Requests that went out, repeated ones included; fetching tokens of an App is not counted."""
        self.charged = 0
        """Those of them that REST's quota counts: all but the ones that found nothing new (304), and GraphQL's."""
        self.points = 0
        """Points that GraphQL's quota counts."""
        self.writes = 0
        """Writing requests that went out."""
        self.waiting_seconds = 0.0
        """Time in which threads had nothing to do but wait for the server, summed over them."""
        self.pacer = pacer
        self.graphql_pacer = graphql_pacer
        self.open_connection: Callable[[], Connection] = lambda: credentials.open_connection(base_url)
        self._credentials = credentials
        self._base_url = base_url
        self._budget: int | None = None
        self._leaving = 0.0
        self._lock = threading.Lock()
        self._local = threading.local()
        self._connections: list[Connection] = []

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            connections, self._connections = self._connections, []
            self._local = threading.local()
        for connection in connections:
            connection.close()

    @contextmanager
    def spending_at_most(self, budget: int | None, *, leaving: float) -> Iterator[None]:
        """Within the block reads raise BudgetSpent once ``budget`` units were charged; see the client's method."""
        self._budget, self._leaving = budget, leaving
        try:
            yield
        finally:
            self._budget, self._leaving = None, 0.0

    def url(self, path: str, params: Mapping[str, Any] | None = None) -> str:
        """Return the address of ``path``."""
        query = urlencode(sorted((params or {}).items()))
        return f"{self._base_url}{path}" + (f"?{query}" if query else "")

    def send(
        self,
        verb: str,
        path: str,
        params: Mapping[str, Any],
        headers: Mapping[str, str],
        body: Any | None,
        *,
        may_renew: bool = True,
        is_raw: bool = False,
    ) -> Response:
        """Send one request; a refused token that can be renewed is, once.

        Args:
            verb: GET, POST, …
            path: From ``/``, below the REST root.
            params: Of the query; those that are None are left out.
            headers: Beside those of every request.
            body: Sent as JSON.
            may_renew: Whether a refused token may be replaced.
            is_raw: Whether the body of a response of 200 stays bytes.

        Returns:
            The response, whatever it says.

        Raises:
            UnreachableError: The request never went out.
            DroppedError: There is no response to it, or none in JSON where there has to be.
            BudgetSpent, RateLimited: It may not go out now.
        """
        self._admit(is_write=verb != "GET")
        query = {name: value for name, value in params.items() if value is not None}
        connection = self._connection()
        sent_at = time.monotonic()
        status, response_headers, content = self._exchange(connection, verb, path, query, headers, body)
        self._log(verb, path, query, sent_at, (status, response_headers, content))
        is_text = is_raw and status == 200
        data = content if is_text else parse_body(content) if content else None
        response = Response(status, response_headers, data, sent_at)
        self.pacer.note(response_headers, sent_at, refused=rate_limit_refusal(response) is not None)
        if status == 401 and may_renew and self._credentials.renew():
            wait_log.info("%s %s answered 401: it is asked again with a new token", verb, path)
            return self.send(verb, path, params, headers, body, may_renew=False, is_raw=is_raw)
        if data is None and 200 <= status < 300 and (content or (verb == "GET" and status == 200)):
            kind = response_headers.get("content-type", "no type").partition(";")[0]
            raise DroppedError(f"an answer of {len(content)} bytes of {kind} is not JSON")
        return response

    def query(self, body: Mapping[str, Any], *, may_renew: bool = True) -> Response:
        """Send a query to the GraphQL API, as :meth:`send` does, by that one's quota.

        Args:
            body: ``query`` and ``variables``.
            may_renew: Whether a refused token may be replaced.
        """
        self._admit(is_write=False, is_graphql=True)
        connection = self._connection()
        sent_at = time.monotonic()
        status, headers, content = self._exchange(connection, "POST", connection.graphql_url, {}, {}, body)
        self._log("POST", "/graphql", {}, sent_at, (status, headers, content))
        response = Response(status, headers, parse_body(content) if content else None, sent_at)
        cost = _cost(response)
        with self._lock:
            self.points += cost - 1
        self.graphql_pacer.note(headers, sent_at, refused=rate_limit_refusal(response) is not None)
        if status == 401 and may_renew and self._credentials.renew():
            wait_log.info("POST /graphql answered 401: it is asked again with a new token")
            return self.query(body, may_renew=False)
        if status == 200 and not isinstance(response.data, dict):
            raise DroppedError(f"an answer of {len(content)} bytes is no JSON object")
        return response

    def _exchange(
        self,
        connection: "Connection",
        verb: str,
        path: str,
        query: Mapping[str, Any],
        headers: Mapping[str, str],
        body: Any | None,
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Send a request over this thread's connection, and count the time that it waits for the server."""
        started, busy_before = time.monotonic(), time.thread_time()
        try:
            return connection.send(verb, path, query, {"Accept": MEDIA_TYPE, **headers}, body)
        except (DroppedError, UnreachableError) as error:
            logger.debug("%s %s: %s (%s)", verb, self.url(path, query), type(error).__name__, error)
            raise
        finally:
            seconds = time.monotonic() - started
            with self._lock:
                self.waiting_seconds += max(0.0, seconds - (time.thread_time() - busy_before))

    def _log(
        self,
        verb: str,
        path: str,
        query: Mapping[str, Any],
        sent_at: float,
        response: tuple[int, Mapping[str, str], bytes],
    ) -> None:
        """Log a request, and take it out of those that GitHub counts when it found nothing new."""
        status, headers, content = response
        seconds = time.monotonic() - sent_at
        if status == 304:
            with self._lock:
                self.charged -= 1
        logger.debug(
            "%s %s: %d in %.0f ms, %d bytes%s, %s requests left",
            verb,
            self.url(path, query),
            status,
            1000 * seconds,
            len(content),
            " (unchanged)" if status == 304 else "",
            headers.get("x-ratelimit-remaining", "?"),
        )
        if content and _response_log.isEnabledFor(logging.DEBUG) and "json" in headers.get("content-type", ""):
            from roadmap_pipeline.failures.logs.redaction import shown_response

            _response_log.debug("%s %s answered %s", verb, path, shown_response(content.decode("utf-8", "replace")))

    def _admit(self, *, is_write: bool, is_graphql: bool = False) -> None:
        """Count a request that is about to go out, when it may.

        Raises:
            BudgetSpent: It is a read, and the budget is used.
            RateLimited: GitHub has to be left alone for too long.
        """
        interruption.check()
        with self._lock:
            if self._budget is not None and not is_write and self.charged + self.points >= self._budget:
                raise BudgetSpent(self.charged + self.points, self._budget)
            self._charge(1, is_graphql=is_graphql)
        try:
            if is_graphql:  # nothing that is written needs these points
                self.graphql_pacer.admit(is_write=False)
            else:
                self.pacer.admit(is_write=is_write, leaving=self._leaving)
        except RateLimited:
            with self._lock:
                self._charge(-1, is_graphql=is_graphql)
            raise
        with self._lock:
            self.requests += 1
            self.writes += is_write

    def _charge(self, units: int, *, is_graphql: bool) -> None:
        """Count units of one of the quotas; with the lock."""
        if is_graphql:
            self.points += units
        else:
            self.charged += units

    def _connection(self) -> "Connection":
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self.open_connection()
            with self._lock:
                self._connections.append(connection)
        return connection


def _cost(response: Response) -> int:
    """Return the points that a query cost, as its answer tells; one where it doesn't."""
    data = response.data.get("data") if isinstance(response.data, dict) else None
    limit = data.get("rateLimit") if isinstance(data, dict) else None
    cost = limit.get("cost") if isinstance(limit, dict) else None
    return cost if isinstance(cost, int) and cost > 0 else 1
