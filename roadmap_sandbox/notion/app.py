"""The simulated Notion over HTTP: ``/v1`` for the API, everything else for a browser.

What requests do is in ``routes`` and below, what pages look like in ``browse``.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from roadmap_sandbox.html import EXTRA_HEADERS, HEADERS, ExtraPage, not_found
from roadmap_sandbox.notion import browse
from roadmap_sandbox.notion.routes import RawRequest
from roadmap_sandbox.notion.state import NotionState
from roadmap_sandbox.server import drop_connection

_METHODS: Final = ["GET", "POST", "PATCH", "DELETE", "PUT"]


def create_app(state: NotionState, extra_pages: Sequence[ExtraPage] = ()) -> Starlette:
    """Return the app to run in a :class:`~roadmap_sandbox.server.Server`; its base URL is the client's.

    The first page for a browser links ``extra_pages``.
    """
    extra = {one.path: one for one in extra_pages}

    async def api(request: Request) -> Response:
        incoming = RawRequest(
            request.method,
            request.scope["raw_path"].decode("ascii").partition("?")[0],
            request.url.query,
            request.headers,
            await request.body(),
        )
        response = state.handle(incoming)
        if response.seconds:
            await asyncio.sleep(response.seconds)
        if response.status == 0:
            drop_connection(request.scope)
            return Response()
        return Response(response.body, response.status, dict(response.headers))

    async def html(request: Request) -> Response:
        if (one := extra.get(request.url.path)) is not None:
            # What it is made from is not the simulator's, so neither is its policy.
            return HTMLResponse(await asyncio.to_thread(one.content), headers=EXTRA_HEADERS)
        with state.lock:
            text = browse.page(state.store, request.url.path, extra_pages)
        if text is None:
            return HTMLResponse(not_found("/", "Workspace"), 404, HEADERS)
        return HTMLResponse(text, headers=HEADERS)

    return Starlette(
        routes=[
            Route("/v1/{path:path}", api, methods=_METHODS),
            Route("/{path:path}", html, methods=["GET"]),
        ]
    )


def mock_transport(state: NotionState) -> httpx.MockTransport:
    """Return the same simulator without a socket, for ``notion_client.Client(client=httpx.Client(transport=…))``.

    A dropped connection raises ``httpx.RemoteProtocolError``, a late answer ``httpx.ReadTimeout`` at once.
    """

    def handle(request: httpx.Request) -> httpx.Response:
        path, _, query = request.url.raw_path.decode("ascii").partition("?")
        response = state.handle(RawRequest(request.method, path, query, request.headers, request.content))
        if response.seconds:
            raise httpx.ReadTimeout("The read operation timed out", request=request)
        if response.status == 0:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.", request=request)
        return httpx.Response(response.status, headers=dict(response.headers), content=response.body)

    return httpx.MockTransport(handle)
