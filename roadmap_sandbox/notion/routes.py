"""The way of a request: the table of endpoints, and the checks that come before an endpoint's own.

The order is the API's: JSON, address, token, version, ids and query string, shape of the body, then the handler.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from roadmap_sandbox.notion import content, databases, lookup, pages, views
from roadmap_sandbox.notion.errors import ApiError
from roadmap_sandbox.notion.records import Json
from roadmap_sandbox.notion.requests import Handler, Request
from roadmap_sandbox.notion.store import Store
from roadmap_sandbox.notion.validation import (
    MAX_BODY_BYTES,
    Check,
    Shape,
    check_body,
    dashed,
    record,
    show,
)

VERSION: Final = "2026-03-11"


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint. ``{name_id}`` in the path is a uuid, except ``{property_id}``."""

    method: str
    path: tuple[str, ...]
    handler: Handler
    body: Shape | None = None
    mutating: bool = False


def _route(method: str, path: str, handler: Handler, body: Shape | None = None, *, reading: bool = False) -> Route:
    return Route(method, tuple(path.split("/")), handler, body, mutating=method != "GET" and not reading)


_UPDATE_BLOCK: Final[Shape] = lambda *_: None  # noqa: E731  the block's type decides; its handler checks

ROUTES: Final = (
    _route("GET", "users/me", lookup.me),
    _route("GET", "users", lookup.list_users),
    _route("GET", "users/{user_id}", lookup.get_user),
    _route("POST", "search", lookup.search, lookup.SEARCH, reading=True),
    _route("POST", "databases", databases.create_database, databases.CREATE_DATABASE),
    _route("GET", "databases/{database_id}", databases.get_database),
    _route("PATCH", "databases/{database_id}", databases.update_database, databases.UPDATE_DATABASE),
    _route("POST", "data_sources", databases.create_data_source, databases.CREATE_DATA_SOURCE),
    _route("GET", "data_sources/{data_source_id}", databases.get_data_source),
    _route("PATCH", "data_sources/{data_source_id}", databases.update_data_source, databases.UPDATE_DATA_SOURCE),
    _route("POST", "data_sources/{data_source_id}/query", databases.query, databases.QUERY, reading=True),
    _route("POST", "pages", pages.create_page, pages.CREATE_PAGE),
    _route("GET", "pages/{page_id}", pages.get_page),
    _route("PATCH", "pages/{page_id}", pages.update_page, pages.UPDATE_PAGE),
    _route("POST", "pages/{page_id}/move", pages.move_page, pages.MOVE_PAGE),
    _route("GET", "pages/{page_id}/properties/{property_id}", pages.get_property),
    _route("GET", "pages/{page_id}/markdown", content.get_markdown),
    _route("PATCH", "pages/{page_id}/markdown", content.write_markdown, content.WRITE_MARKDOWN),
    _route("GET", "blocks/{block_id}", content.get_block),
    _route("PATCH", "blocks/{block_id}", content.update_block, _UPDATE_BLOCK),
    _route("DELETE", "blocks/{block_id}", content.delete_block),
    _route("GET", "blocks/{block_id}/children", content.list_children),
    _route("PATCH", "blocks/{block_id}/children", content.append_children, content.APPEND),
    _route("POST", "views", views.create_view, views.CREATE_VIEW),
    _route("GET", "views", views.list_views),
    _route("GET", "views/{view_id}", views.get_view),
    _route("PATCH", "views/{view_id}", views.update_view, views.UPDATE_VIEW),
    _route("DELETE", "views/{view_id}", views.delete_view),
)


@dataclass(frozen=True, slots=True)
class RawRequest:
    """A request as it arrived. ``path`` without the query string, still percent-encoded; header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


class TooLarge(Exception):
    """The body has more than 512,000 bytes; answered in a form of its own."""


def find_route(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """Return the endpoint of a path, with its parameters as sent (decoded)."""
    parts = path.split("/")
    if parts[:2] != ["", "v1"]:
        return None
    segments = [unquote(part) for part in parts[2:]]
    for route in ROUTES:
        if route.method != method or len(route.path) != len(segments):
            continue
        pairs = list(zip(route.path, segments, strict=True))
        if all(part == value or part.startswith("{") for part, value in pairs):
            return route, {part[1:-1]: value for part, value in pairs if part.startswith("{")}
    return None


def is_mutating(method: str, path: str) -> bool:
    """Return whether the request asks for a write, whether or not there is such an endpoint."""
    match = find_route(method, path)
    return match[0].mutating if match else method != "GET"


def parse_body(body: bytes) -> Any:
    """Return the JSON of a body, ``{}`` for none. 400 ``invalid_json`` when it is none (or half a surrogate pair)."""
    if not body:
        return {}
    try:
        parsed = json.loads(body, parse_constant=_refuse)
        if b"\\ud" in body.lower():
            json.dumps(parsed, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise ApiError(400, "invalid_json", "Error parsing JSON body.") from None
    return parsed


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def respond(store: Store, incoming: RawRequest, token: str) -> tuple[Route, Request, Json]:
    """Check and carry out a request.

    Raises:
        ApiError: anything but a 2xx; nothing is changed.
        TooLarge: the body is.
    """
    if len(incoming.body) > MAX_BODY_BYTES:
        raise TooLarge
    body = parse_body(incoming.body) if incoming.method in ("POST", "PATCH") else None
    match = find_route(incoming.method, incoming.path)
    if match is None:
        raise ApiError(400, "invalid_request_url", "Invalid request URL.")
    _authorise(incoming.headers, token)
    route, raw = match
    request = Request(_checked_ids(raw), tuple(parse_qsl(incoming.query, keep_blank_values=True)), body)
    if route.body is not None:
        check_body(route.body, body)
        if not isinstance(body, dict):
            check_body(record(), body)
    return route, request, run(store, route, request)


def run(store: Store, route: Route, request: Request) -> Json:
    """Carry out a checked request; ids that a refused one drew are drawn again."""
    counter = store.counter
    try:
        return route.handler(store, request)
    except ApiError:
        store.counter = counter
        raise


def _authorise(headers: Mapping[str, str], token: str) -> None:
    authorization = headers.get("authorization")
    if authorization is None or not authorization.startswith("Bearer "):
        message = 'Authorization header must use the format "Bearer <token>".'
        raise ApiError(401, "unauthorized", message)
    if authorization.removeprefix("Bearer ") != token:
        raise ApiError(401, "unauthorized", "API token is invalid.")
    version = headers.get("notion-version")
    if version is None:
        raise ApiError(
            400,
            "missing_version",
            "Notion-Version header failed validation: "
            "Notion-Version header should be defined, instead was `undefined`.",
        )
    if version != VERSION:
        raise ApiError(
            400,
            "validation_error",
            f"Notion-Version header failed validation: Notion-Version header should be `{show(VERSION)}`, the only "
            f"version the sandbox speaks, instead was `{show(version)}`.",
        )


def _checked_ids(raw: dict[str, str]) -> dict[str, str]:
    check = Check("path")
    params = {}
    for name, value in raw.items():
        id_ = value if name == "property_id" else dashed(value)
        if id_ is None:
            check.fail(f"path.{name}", "a valid uuid", value)
        else:
            params[name] = id_
    error = check.error()
    if error is not None:
        raise error
    return params
