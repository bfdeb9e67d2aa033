"""The web application that receives deliveries.

Belongs here: what a request has to be, and what is answered. Whoever can't sign learns nothing but that: the order is
shape, size, signature, and only then is anything parsed. Nothing of a body is logged.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from roadmap_pipeline.webhooks.changes import Change, NoteError, github_change, notion_change
from roadmap_pipeline.webhooks.deliveries import Deliveries
from roadmap_pipeline.webhooks.signatures import GITHUB_HEADER, NOTION_HEADER, is_signed

LARGEST_BODY_BYTES = 1024 * 1024
"""Events of pull requests and runs have tens of kilobytes; GitHub sends 25 MB at most, of pushes."""

READ_TIMEOUT_S = 10.0
"""The time in which a body has to be there; GitHub itself gives up after ten seconds."""

logger = logging.getLogger(__name__)

Note = Callable[[Change], None]
Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Receiver:
    """The means of checking deliveries, and the place where changes go.

    Attributes:
        repositories: Those that are configured, patterns among them; others are ignored.
        deliveries: Those that were accepted.
        note: Where a change is noted for the sensors; it raises NoteError where that can't be done.
        github_secret: GitHub's secret; None: no delivery of GitHub's is received.
        notion_secret: Notion's verification token; None: no delivery of Notion's is received.
        on_notion_token: Called with the token of Notion's handshake, which is accepted in place of deliveries.
        read_timeout_s: The time in which a body has to be there.
    """

    repositories: Collection[str]
    deliveries: Deliveries
    note: Note
    github_secret: SecretStr | None = None
    notion_secret: SecretStr | None = None
    on_notion_token: Callable[[str], None] | None = None
    read_timeout_s: float = READ_TIMEOUT_S


class _Refused(Exception):
    """A request that gets an empty answer with this status."""

    def __init__(self, status: int) -> None:
        self.status = status


def create_application(receiver: Receiver) -> Starlette:
    """Return the application: ``POST /github``, ``POST /notion`` as far as each has a secret, and ``GET /health``."""
    routes = [Route("/health", partial(_health, receiver), methods=["GET"])]
    if receiver.github_secret is not None:
        routes.append(
            Route("/github", _answering(partial(_github, receiver, receiver.github_secret)), methods=["POST"])
        )
    if receiver.on_notion_token is not None:
        handshake = partial(_notion_handshake, receiver, receiver.on_notion_token)
        routes.append(Route("/notion", _answering(handshake), methods=["POST"]))
    elif receiver.notion_secret is not None:
        routes.append(
            Route("/notion", _answering(partial(_notion, receiver, receiver.notion_secret)), methods=["POST"])
        )
    return Starlette(routes=routes)


def _answering(handle: Handler) -> Handler:
    async def answer(request: Request) -> Response:
        try:
            return await handle(request)
        except _Refused as refused:
            # The rest of a body that wasn't read would be taken for the next request.
            return Response(status_code=refused.status, headers={"Connection": "close"})

    return answer


async def _health(receiver: Receiver, request: Request) -> Response:  # noqa: ARG001
    try:
        await run_in_threadpool(receiver.deliveries.count)
    except sqlite3.Error:
        logger.exception("The file of deliveries can't be read")
        return JSONResponse({"status": "unavailable"}, 503)
    return JSONResponse({"status": "ok"})


async def _github(receiver: Receiver, secret: SecretStr, request: Request) -> Response:
    body = await _signed_body(receiver, request, secret, GITHUB_HEADER)
    payload = _parsed(body)
    event, id_ = request.headers.get("X-GitHub-Event"), request.headers.get("X-GitHub-Delivery")
    if event == "ping":
        return JSONResponse({"status": "pong"})
    if not id_:
        raise _Refused(400)
    return await _noted(receiver, "github", id_, body, github_change(event, payload, receiver.repositories))


async def _notion(receiver: Receiver, secret: SecretStr, request: Request) -> Response:
    body = await _signed_body(receiver, request, secret, NOTION_HEADER)
    payload = _parsed(body)
    id_ = payload.get("id")
    if not isinstance(id_, str) or not id_:
        raise _Refused(400)
    return await _noted(receiver, "notion", id_, body, notion_change(payload))


async def _notion_handshake(receiver: Receiver, on_token: Callable[[str], None], request: Request) -> Response:
    token = _parsed(await _body(receiver, request)).get("verification_token")
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not 8 <= len(token) <= 200:
        raise _Refused(400)
    on_token(token)
    return JSONResponse({"status": "accepted"})


async def _noted(receiver: Receiver, source: str, id_: str, body: bytes, change: Change | None) -> Response:
    """Note a change and answer 202: GitHub and Notion want to know that it came, not what became of it."""
    if change is None:
        return JSONResponse({"status": "ignored"}, 202)
    try:
        is_new = await run_in_threadpool(receiver.deliveries.accept, source, id_, body, partial(receiver.note, change))
    except (sqlite3.Error, NoteError):  # the sender may try again
        logger.exception("A delivery of %s could not be noted; polling finds what it told of", source)
        return JSONResponse({"status": "unavailable"}, 503)
    if is_new:
        logger.info("%s told of %s %s", source, change.kind, change.repo)
    return JSONResponse({"status": "accepted" if is_new else "duplicate"}, 202)


async def _signed_body(receiver: Receiver, request: Request, secret: SecretStr, header: str) -> bytes:
    body = await _body(receiver, request)
    if not is_signed(secret.get_secret_value(), body, request.headers.get(header)):
        raise _Refused(401)
    return body


async def _body(receiver: Receiver, request: Request) -> bytes:
    """Return the raw body of a request that says JSON; never more of it in memory than the bound."""
    if request.headers.get("Content-Type", "").partition(";")[0].strip().lower() != "application/json":
        raise _Refused(415)
    length = request.headers.get("Content-Length", "")
    if length.isdecimal() and int(length[:20]) > LARGEST_BODY_BYTES:
        raise _Refused(413)
    body = bytearray()
    try:
        async with asyncio.timeout(receiver.read_timeout_s):
            async for chunk in request.stream():
                body += chunk
                if len(body) > LARGEST_BODY_BYTES:
                    raise _Refused(413)
    except TimeoutError:
        raise _Refused(408) from None
    except ClientDisconnect:
        raise _Refused(400) from None
    return bytes(body)


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise _Refused(400) from None
    if not isinstance(payload, dict):
        raise _Refused(400)
    return payload
