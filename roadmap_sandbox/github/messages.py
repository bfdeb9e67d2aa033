"""One request and its response as the routes see them, and the errors they raise.

Belongs here: the vocabulary between HTTP and the routes. Headers that every response has belong to ``app``.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl

import orjson

from roadmap_sandbox.content import Payload

DOCUMENTATION = "https://docs.github.com/rest"


MUTATING = frozenset({"POST", "PATCH", "PUT", "DELETE"})


@dataclass(frozen=True, slots=True)
class Caller:
    """The one on whose behalf a request is made."""

    user: Payload
    may_write: bool = True
    may_push: bool = True
    """Without it milestone, labels and assignees of an issue are silently left out of what is written."""
    permissions: Mapping[str, str] | None = None
    """Permissions of an installation of a GitHub App (``{"issues": "write"}``); None is everything."""
    repositories: frozenset[str] | None = None
    """The repositories (owner/name in lower case) that an installation is for; None is all."""
    app_id: int | None = None
    """Set when a GitHub App speaks for itself, by a JSON web token: it may only ask about its installations."""

    def may(self, area: Sequence[str], level: Literal["read", "write"]) -> bool:
        """Return whether it has one of the permissions ``area``."""
        if level == "write" and not self.may_write:
            return False
        granted = ("write",) if level == "write" else ("read", "write")
        return self.permissions is None or any(self.permissions.get(name) in granted for name in area)


Quota = tuple[int, int, int, int]
"""Limit, remaining, used, and the epoch second at which the window ends."""


@dataclass(slots=True)
class Request:
    """A request. ``path`` and ``raw_query`` are as sent, percent-encoded; ``caller`` is None without a token.

    ``root`` is what ``path`` lies below.
    """

    method: str
    path: str
    raw_query: str = ""
    body: bytes = b""
    caller: Caller | None = None
    root: str = ""
    cost: int = 0
    """The units it was taken off the quota for: one by REST, the points of a query by GraphQL."""
    charge: Callable[[int], Quota | None] | None = None
    """Takes points off the quota once a query's cost is known, and gives what is left; None when it isn't enough."""
    nodes_in_time: int | None = None
    """Set by a fault: the nodes after which a query's time is up, whatever the switches say."""
    query: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.query = dict(parse_qsl(self.raw_query, keep_blank_values=True)) if self.raw_query else {}

    @property
    def mutating(self) -> bool:
        # An App that gets itself a token changes nothing, and neither does a question in GraphQL.
        return self.method in MUTATING and self.path != "/graphql" and not self.path.startswith("/app/")

    @property
    def creates(self) -> bool:
        """True where it asks for something new that people see: GitHub limits how often that may be."""
        return self.method == "POST" and self.mutating

    def json(self) -> dict[str, Any]:
        """Return the body as an object; an empty body is an empty object.

        Raises:
            ApiError: 400 when it is something else.
        """
        if not self.body:
            return {}
        try:
            data = orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise ApiError(400, "Problems parsing JSON") from error
        if not isinstance(data, dict):
            raise ApiError(400, "Body should be a JSON object")
        return data

    def user(self) -> Payload:
        """Return the caller of a request that needs one.

        Raises:
            ApiError: 401 without a token.
        """
        if self.caller is None:
            raise ApiError(401, "Requires authentication")
        return self.caller.user


@dataclass(slots=True)
class Response:
    """The status, serialised body with URLs that start with ``API_ROOT``, and headers beyond the common ones."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    """``Link`` and ``Location`` may start with ``API_ROOT`` too."""


def json_response(data: Any, status: int = 200, **headers: str) -> Response:
    """Return a response with JSON ``data``; header names are given with ``_`` for ``-``."""
    return Response(status, orjson.dumps(data), {name.replace("_", "-"): value for name, value in headers.items()})


class ApiError(Exception):
    """An answer of 4xx with GitHub's error body."""

    def __init__(
        self, status: int, message: str, errors: Iterable[Payload] | None = None, extra: Payload | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = None if errors is None else list(errors)
        self.extra = extra or {}

    def response(self) -> Response:
        """Return the error as GitHub words it."""
        body: Payload = {"message": self.message, **self.extra}
        if self.errors is not None:
            body["errors"] = self.errors
        body["documentation_url"] = DOCUMENTATION
        body["status"] = str(self.status)
        return json_response(body, self.status)


class Moved(Exception):
    """The redirection to ``url``, the whole address without a query, where what was asked for is now."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url

    def response(self, raw_query: str = "") -> Response:
        """Return 301, with the query kept."""
        url = f"{self.url}?{raw_query}" if raw_query else self.url
        body = {"message": "Moved Permanently", "url": url, "documentation_url": DOCUMENTATION}
        return json_response(body, 301, Location=url)


def not_found() -> ApiError:
    """Return 404 as GitHub says it of anything that isn't there or mustn't be seen."""
    return ApiError(404, "Not Found")


def no_commit(sha: str) -> ApiError:
    """Return 422 of a commit that the repository doesn't have."""
    return ApiError(422, f"No commit found for SHA: {sha}")


def invalid(resource: str, field: str, code: str, message: str | None = None, value: Any = None) -> ApiError:
    """Return 422 "Validation Failed" with one error."""
    error: Payload = {"resource": resource, "field": field, "code": code}
    if value is not None:
        error["value"] = value
    if message is not None:
        error["message"] = message
    return ApiError(422, "Validation Failed", [error])


def malformed(problem: str) -> ApiError:
    """Return 422 of a body that doesn't fit the schema: wrong type, or a required key isn't there."""
    return ApiError(422, f"Invalid request.\n\n{problem}")


def text(
    data: Mapping[str, Any], name: str, resource: str, *, required: bool = False, limit: int | None = None
) -> str | None:
    """Return a string of a body, or None when absent or null.

    Raises:
        ApiError: 422 when it isn't a string, is required and absent or blank, or is longer than ``limit`` characters.
    """
    value = data.get(name)
    if value is None:
        if required:
            raise malformed(f'"{name}" wasn\'t supplied.')
        return None
    if not isinstance(value, str):
        raise malformed(f"For 'properties/{name}', {value!r} is not a string.")
    if required and not value.strip():
        raise invalid(resource, name, "missing_field")
    if limit is not None and len(value) > limit:
        # GitHub speaks of a body as its stored `data`.
        field = "data" if name == "body" else name
        message = f"{name.capitalize()} is too long (maximum is {limit} characters)"
        raise invalid(resource, field, "unprocessable", message)
    return value
