"""GitHub's GraphQL API: reads of many things in one request, by a quota of its own.

Belongs here: everything between a query's name and what may be taken from its response. Which things are asked for, and
how many at once, belongs to ``github.ingest``; sending to ``sender``. The queries are the files in ``queries``.

A response of 200 is no success: beside ``data``, whole or with holes, it may hold ``errors``. What has one is unread.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from roadmap_pipeline.github.client.errors import GitHubError, RateLimited
from roadmap_pipeline.github.client.pacing import LONGEST_WAIT_SECONDS, announcing_retries
from roadmap_pipeline.github.client.response import (
    RateLimitRefusal,
    Response,
    error_message,
    holds_error,
    rate_limit_refusal,
    server_time,
)
from roadmap_pipeline.github.client.sender import Sender
from roadmap_pipeline.http.errors import DroppedError, UnreachableError
from roadmap_pipeline.http.retry import Backoff, RetriesExhausted, RetryPolicy, TransientError

TRIES = 4
_RETRIES = RetryPolicy(Backoff(first=0.5, longest=16.0, jitter=(0.8, 1.2), is_first_immediate=True))
_TOO_SLOW = frozenset({502, 504})
_TOO_LARGE = frozenset({"RESOURCE_LIMITS_EXCEEDED", "MAX_NODE_LIMIT_EXCEEDED"})
_REFUSED = frozenset({"FORBIDDEN", "INSUFFICIENT_SCOPES", "UNAUTHENTICATED"})
_TIMED_OUT = ("something went wrong while executing your query", "timed out", "timeout")


class GraphQLRefused(GitHubError):
    """Nobody may ask so: the token, the server or its version don't allow it. REST does the same."""


class QueryTooLarge(GitHubError):
    """GitHub couldn't answer in its ten seconds, or within its limits: ask for less at once."""


@dataclass(frozen=True, slots=True)
class GraphQLResult:
    """The response to a query.

    Attributes:
        data: What it says, perhaps with holes.
        errors: What is wrong with parts of it.
    """

    data: Mapping[str, Any]
    errors: Sequence[Any] = ()

    @property
    def is_cut(self) -> bool:
        """True when something else is wrong than that things aren't there: GitHub may have run out of time."""
        return any(_type_of(error) != "NOT_FOUND" for error in self.errors)

    def nodes(self, count: int) -> list[Mapping[str, Any] | None]:
        """Return the ``count`` nodes that were asked for, in their order; None for what is unread.

        That is a node that is null, or that anything was said to be wrong with or within. Where something is wrong that
        names no node, nothing is taken.

        Raises:
            GraphQLRefused: All are forbidden (say, for the organisation's single sign-on).
        """
        listed = self.data.get("nodes")
        if not isinstance(listed, list) or len(listed) != count:
            return [None] * count
        nodes: list[Mapping[str, Any] | None] = [node if isinstance(node, dict) and node else None for node in listed]
        forbidden = 0
        for error in self.errors:
            path = error.get("path") if isinstance(error, dict) else None
            if not isinstance(path, list) or len(path) < 2 or path[0] != "nodes" or not _is_place(path[1], count):
                return [None] * count
            nodes[path[1]] = None
            forbidden += _type_of(error) in _REFUSED
        if forbidden >= count > 0:
            raise GraphQLRefused(f"POST /graphql: {_words(self.errors)}", status=403, message=_words(self.errors))
        return nodes

    def absent(self, count: int) -> set[int]:
        """Return the places among the ``count`` nodes that were asked for of which GitHub says that nothing is there.

        It says the same of what the credentials may not see. Where anything else is wrong nothing is proved.
        """
        listed = self.data.get("nodes")
        if self.is_cut or not isinstance(listed, list) or len(listed) != count:
            return set()
        paths = [error.get("path") for error in self.errors]
        return {place for place, node in enumerate(listed) if node is None and ["nodes", place] in paths}


class GraphQL:
    """Reads by GraphQL, in any thread; part of a :class:`~roadmap_pipeline.github.client.client.GitHubClient`."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    @property
    def points_left(self) -> int | None:
        """The points left in this hour as GitHub told last; None when it has told nothing yet."""
        return self._sender.graphql_pacer.remaining

    @property
    def points_an_hour(self) -> int | None:
        """The points that GitHub grants an hour; None when it has told nothing yet."""
        return self._sender.graphql_pacer.limit

    def viewer_login(self) -> str | None:
        """Return the login of the token's owner, for which every token may ask; None when that doesn't tell."""
        try:
            content = self._sender.query({"query": query_text("viewer")}).data
        except (DroppedError, UnreachableError):
            return None
        data = content.get("data") if isinstance(content, dict) else None
        login = ((data or {}).get("viewer") or {}).get("login")
        return str(login) if login else None

    def query(self, name: str, variables: Mapping[str, Any]) -> GraphQLResult:
        """Return the response to the query of file ``name``, whatever is wrong with parts of it.

        Args:
            name: The file in ``queries`` without its ending.
            variables: Of the query.

        Raises:
            QueryTooLarge: There was no response in time; it isn't repeated, as less is to be asked for.
            GraphQLRefused: Nobody may ask so.
            RateLimited: The quota of GraphQL is used up, or GitHub has to be left alone.
            GitHubError: There was none for another reason, after several tries.
        """
        body = {"query": query_text(name), "variables": dict(variables)}

        def attempt() -> GraphQLResult:
            try:
                response = self._sender.query(body)
            except (UnreachableError, DroppedError) as error:
                raise TransientError(f"the connection broke ({error})", max_retries=TRIES - 1) from error
            self._wait_if_limited(response)
            return _result(response)

        try:
            return _RETRIES.call(attempt, announcing_retries("POST", "/graphql", TRIES))
        except RetriesExhausted as end:
            text = f"POST /graphql failed {TRIES} times, last with: {end.last.reason}"
            raise GitHubError(text, status=503, message=end.last.reason) from None

    def _wait_if_limited(self, response: Response) -> None:
        """Raise what asks for a repetition where GitHub refused for its rate.

        Raises:
            RateLimited: It has to be left alone for a long while.
        """
        refusal = rate_limit_refusal(response) or _used_up(response)
        if refusal is None:
            return
        held = self._sender.graphql_pacer.refused(refusal.seconds, response.sent_at, refusal.reason)
        if response.status != 200 and response.headers.get("x-ratelimit-remaining") != "0":
            # a secondary limit counts the requests of both APIs
            self._sender.pacer.refused(refusal.seconds, response.sent_at, refusal.reason)
        if held > LONGEST_WAIT_SECONDS:
            raise RateLimited(held, "GitHub's GraphQL quota is used up")
        raise TransientError(refusal.reason, max_retries=TRIES - 1)


@cache
def query_text(name: str) -> str:
    """Return the query of file ``name``."""
    return resources.files(__package__).joinpath("queries", f"{name}.graphql").read_text(encoding="utf-8")


def _result(response: Response) -> GraphQLResult:
    """Return what may be taken from a response that is no refusal for the rate."""
    words = error_message(response)
    reason = f"{response.status} {words}".strip()
    text = f"POST /graphql answered {reason}"
    if response.status in _TOO_SLOW:
        raise QueryTooLarge(text, status=response.status, message=reason)
    if response.status >= 500 or response.status == 202 or (holds_error(response) and "errors" not in response.data):
        raise TransientError(reason, max_retries=TRIES - 1)
    if response.status != 200:
        raise GraphQLRefused(text, status=response.status, message=words)
    data, errors = response.data.get("data"), response.data.get("errors") or []
    errors = errors if isinstance(errors, list) else [errors]
    has_some = isinstance(data, dict) and any(value is not None for name, value in data.items() if name != "rateLimit")
    if isinstance(data, dict) and (has_some or not errors):
        return GraphQLResult(data, errors)
    if not errors:
        raise TransientError("200 without data", max_retries=TRIES - 1)
    types = {_type_of(error) for error in errors}
    if types & _TOO_LARGE or any(part in words.lower() for part in _TIMED_OUT):
        raise QueryTooLarge(text, status=200, message=words)
    if types & _REFUSED or any(_is_unknown_here(error) for error in errors):
        raise GraphQLRefused(text, status=403, message=words)
    if isinstance(data, dict):
        return GraphQLResult(data, errors)  # the one thing that was asked for isn't there
    raise TransientError(reason, max_retries=TRIES - 1)


def _used_up(response: Response) -> RateLimitRefusal | None:
    """Return what a response of 200 says of a used-up quota."""
    errors = response.data.get("errors") if isinstance(response.data, dict) and response.status == 200 else None
    if not isinstance(errors, list) or "RATE_LIMITED" not in {_type_of(error) for error in errors}:
        return None
    headers, seconds = response.headers, None
    reset = headers.get("x-ratelimit-reset", "")
    if reset.isdigit() and headers.get("x-ratelimit-remaining", "0") == "0":
        seconds = max(0.0, float(reset) - server_time(headers)) + 1
    return RateLimitRefusal(f"GitHub answered {_words(errors)}", seconds)


def _is_unknown_here(error: Any) -> bool:
    """Return whether a server knows a query's fields or arguments not (yet)."""
    code = (error.get("extensions") or {}).get("code") if isinstance(error, dict) else None
    return isinstance(code, str) and code.startswith(("undefined", "argument"))


def _is_place(place: Any, count: int) -> bool:
    return isinstance(place, int) and 0 <= place < count


def _type_of(error: Any) -> str:
    return str(error.get("type") or "") if isinstance(error, dict) else ""


def _words(errors: Sequence[Any]) -> str:
    from roadmap_pipeline.failures.logs.redaction import redact

    words = (str(error.get("message") or "") for error in errors if isinstance(error, dict))
    return redact(" – ".join(dict.fromkeys(words))).text
