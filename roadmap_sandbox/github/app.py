"""The simulated GitHub as a web application: authentication, limits, faults and the headers every answer has.

``/web`` is for a browser (``browse``), everything else is the API.
"""

import asyncio
import gzip
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import get_args

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request as PageRequest
from starlette.responses import HTMLResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from roadmap_sandbox.content import API_ROOT
from roadmap_sandbox.github import browse
from roadmap_sandbox.github.faults import Fault
from roadmap_sandbox.github.graphql.problems import rate_limited, timed_out
from roadmap_sandbox.github.limits import Resource
from roadmap_sandbox.github.messages import DOCUMENTATION, ApiError, Quota, Request, Response, json_response
from roadmap_sandbox.github.state import GitHubState
from roadmap_sandbox.html import HEADERS, not_found
from roadmap_sandbox.server import JournalEntry, Server, drop_connection, mark_fault

_COMPRESS_FROM_BYTES = 1_400
_JSON = "application/json; charset=utf-8"
_COMMON = {
    "X-GitHub-Media-Type": "github.v3; format=json",
    "x-github-api-version-selected": "2022-11-28",
    "Vary": "Accept, Authorization, Cookie, X-GitHub-OTP",
}
_ROOT = API_ROOT.encode()
_ENTERPRISE_ROOT = "/api/v3"


def create_app(state: GitHubState) -> Starlette:
    """Return the application to serve with ``Server``. The first log asked for starts a second one, the storage host.

    Answers name URLs under whatever host they were asked at. Any base URL works, as long as one client keeps to it;
    ``/api/v3`` with ``/api/graphql`` does too, which are an Enterprise Server's.
    """

    @asynccontextmanager
    async def with_storage(_app: Starlette) -> AsyncIterator[None]:
        storage = _StorageHost(Server(state.store.storage.create_app()))
        state.store.storage.serve = storage.serve
        yield
        storage.stop()

    async def web(request: PageRequest) -> HTMLResponse:
        text = browse.page(state.store, request.url.path)
        return HTMLResponse(text or not_found(browse.ROOT, "Sandbox"), 200 if text else 404, HEADERS)

    return Starlette(
        routes=[
            Route(browse.ROOT, web, methods=["GET"]),
            Route(browse.ROOT + "/{path:path}", web, methods=["GET"]),
            Route("/{path:path}", _Endpoint(state)),
        ],
        lifespan=with_storage,
    )


class _StorageHost:
    """The host of job logs, started once somebody asks for one."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._started = False

    def serve(self) -> str:
        if not self._started:
            self._server.start()
            self._started = True
        return self._server.base_url

    def stop(self) -> None:
        self._server.stop()


class _Endpoint:
    """The handler of every path.

    ASGI without Starlette's request and response objects, which would take half of the time.
    """

    def __init__(self, state: GitHubState) -> None:
        self._state = state
        self._requests = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        root, path = _below_root(scope["raw_path"].decode("ascii"))
        request = Request(scope["method"], path, scope["query_string"].decode("ascii"), root=root)
        request.body = await _body(receive)
        headers = Headers(scope=scope)
        state = self._state
        for action in state.faults.actions(request):
            action()
        fault = state.faults.next(request)
        if fault is not None and fault.kind == "slow":
            await asyncio.sleep(fault.seconds or 0)
            fault = None
        if fault is not None:
            mark_fault(scope, fault.kind)
        result = self._answer(request, headers, fault)
        for action in state.faults.actions(request, afterwards=True):
            action()
        status = 0 if result is None else result.status
        state.journal.append(
            JournalEntry(request.method, request.path, request.raw_query, status, request.mutating, cost=request.cost)
        )
        if result is None:
            drop_connection(scope)
            return
        body = result.body
        if len(body) >= _COMPRESS_FROM_BYTES and "gzip" in headers.get("accept-encoding", ""):
            body = gzip.compress(body, 1, mtime=0)
            result.headers["Content-Encoding"] = "gzip"
        if status not in (204, 304):
            result.headers["Content-Length"] = str(len(body))
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(name.encode(), value.encode()) for name, value in result.headers.items()],
            }
        )
        await send({"type": "http.response.body", "body": body})

    def _answer(self, request: Request, headers: Headers, fault: Fault | None) -> Response | None:
        """Return the complete response with all headers; None when the connection is to be dropped."""
        token = _token(headers)
        if fault is None:
            return self._finish(self._undisturbed(request, token, headers), request, token, headers)
        if fault.kind == "broken_json":
            result = self._finish(self._undisturbed(request, token, headers), request, token, headers)
            result.body = result.body[: len(result.body) // 2]
            return result
        disturbed = self._disturbed(fault, request, token, headers)
        return None if disturbed is None else self._finish(disturbed, request, token, headers)

    def _disturbed(self, fault: Fault, request: Request, token: str, headers: Headers) -> Response | None:
        if fault.kind.endswith("_after_commit"):
            self._undisturbed(request, token, headers)
        if fault.kind.startswith("drop"):
            return None
        if fault.kind.startswith("bad_gateway"):
            return json_response({"message": "Server Error"}, fault.status or 502)
        if fault.kind == "refusal":
            status = fault.status or 404
            return json_response(
                {"message": fault.message, "documentation_url": DOCUMENTATION, "status": str(status)}, status
            )
        if fault.kind == "rate_limit":
            resource = _resource(request)
            result = self._limit_reached(fault.status or (200 if resource == "graphql" else 403))
            limit = self._state.limits.status(token, resource)[0]
            reset = int(self._state.now() + (fault.seconds or 0))
            result.headers |= _limit_headers(limit, 0, limit, reset, resource)
            return result
        if fault.kind == "graphql_partial":
            request.nodes_in_time = fault.nodes
            return self._undisturbed(request, token, headers)
        if fault.kind == "graphql_error":
            done = self._undisturbed(request, token, headers)
            failed = json_response({"data": None, "errors": [timed_out().payload()]})
            return failed if done.status == 200 else done
        if fault.kind == "secondary_limit":
            return _too_fast(fault.status or 403, fault.seconds)
        raise AssertionError(f"no response is known for the fault {fault.kind}")

    def _undisturbed(self, request: Request, token: str, headers: Headers) -> Response:
        state = self._state
        if not headers.get("user-agent"):
            message = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header"
            return Response(403, message.encode(), {"Content-Type": "text/plain"})
        try:
            request.caller = state.caller(token)
        except ApiError as error:
            return error.response()
        if token and request.caller is None:
            return ApiError(401, "Bad credentials").response()
        if request.path == "/rate_limit" and request.method == "GET":
            return self._rate_limit(token)
        resource = _resource(request)
        if not state.limits.charge_secondary(5 if request.mutating else 1, resource, creates=request.creates):
            return _too_fast(state.switches.secondary_status, state.switches.secondary_retry_after)
        if resource == "graphql":
            request.charge = lambda points: self._charge(request, token, points)
        elif self._charge(request, token, 1) is None:
            return self._limit_reached(state.switches.limit_status)
        return state.carry_out(request)

    def _charge(self, request: Request, token: str, units: int) -> Quota | None:
        limits, resource = self._state.limits, _resource(request)
        if not limits.charge(token, resource, units):
            return None
        request.cost = units
        return limits.status(token, resource)

    def _limit_reached(self, status: int) -> Response:
        if status == 200:
            return json_response({"errors": [rate_limited(self._state.store.viewer["id"]).payload()]})
        return ApiError(status, f"API rate limit exceeded for user ID {self._state.store.viewer['id']}.").response()

    def _rate_limit(self, token: str) -> Response:
        resources: dict[str, dict[str, int]] = {}
        for resource in get_args(Resource):
            limit, remaining, used, reset = self._state.limits.status(token, resource)
            resources[resource] = {"limit": limit, "remaining": remaining, "used": used, "reset": reset}
        return json_response({"resources": resources, "rate": resources["core"]})

    def _finish(self, result: Response, request: Request, token: str, headers: Headers) -> Response:
        state = self._state
        root = f"http://{headers.get('host', '127.0.0.1')}{request.root}"
        # Only where a field of a payload holds a URL: what people wrote stays as they wrote it.
        for start in (b'url":"', b'"href":"'):
            result.body = result.body.replace(start + _ROOT, start + root.encode())
        for name in ("Link", "Location"):
            if name in result.headers:
                result.headers[name] = result.headers[name].replace(API_ROOT, root)
        self._requests += 1
        result.headers = {
            "X-GitHub-Request-Id": f"{self._requests:04X}:SANDBOX",
            **_COMMON,
            **_limit_headers(*state.limits.status(token, _resource(request)), _resource(request)),
            **result.headers,
        }
        if token in state.scopes:
            result.headers["X-OAuth-Scopes"] = ", ".join(state.scopes[token])
        if result.body:
            result.headers.setdefault("Content-Type", _JSON)
        if request.method == "GET" and result.status == 200:
            result.headers["Cache-Control"] = "private, max-age=60, s-maxage=60"
            etag = f'W/"{hashlib.sha256(result.body + token.encode()).hexdigest()}"'
            result.headers["ETag"] = etag
            if _matches(headers.get("if-none-match"), etag):
                return self._not_modified(result, request, token)
        return result

    def _not_modified(self, result: Response, request: Request, token: str) -> Response:
        limits, resource = self._state.limits, _resource(request)
        if request.cost:
            limits.refund(token, resource)
            request.cost = 0
        kept = {name: value for name, value in result.headers.items() if name != "Content-Type"}
        return Response(304, b"", {**kept, **_limit_headers(*limits.status(token, resource), resource)})


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _below_root(path: str) -> tuple[str, str]:
    """Return what the API lies below, and the path there. On an Enterprise Server it has no host of its own."""
    if path.startswith(f"{_ENTERPRISE_ROOT}/"):
        return _ENTERPRISE_ROOT, path.removeprefix(_ENTERPRISE_ROOT)
    if path == "/api/graphql":
        return _ENTERPRISE_ROOT, "/graphql"
    return "", path


def _token(headers: Headers) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() in ("bearer", "token") else ""


def _resource(request: Request) -> Resource:
    if request.path == "/graphql":
        return "graphql"
    return "search" if request.path.startswith("/search/") else "core"


def _too_fast(status: int, retry_after: float | None) -> Response:
    message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
    result = ApiError(status, message).response()
    if retry_after is not None:
        result.headers["Retry-After"] = str(int(retry_after))
    return result


def _limit_headers(limit: int, remaining: int, used: int, reset: int, resource: Resource = "core") -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Used": str(used),
        "X-RateLimit-Reset": str(reset),
        "X-RateLimit-Resource": resource,
    }


def _matches(if_none_match: str | None, etag: str) -> bool:
    if if_none_match is None:
        return False
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in tags or etag.removeprefix("W/") in tags
