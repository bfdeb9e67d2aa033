"""The loopback server: answers, frees its port, drops connections on demand, and says why it can't start."""

import logging
import socket
from contextlib import asynccontextmanager

import pytest
import requests
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from roadmap_sandbox.errors import SandboxError
from roadmap_sandbox.server import Server, drop_connection


async def _hello(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"hello {request.url.path}")


async def _drop(request: Request) -> PlainTextResponse:
    drop_connection(request.scope)
    return PlainTextResponse("never seen")


def _app() -> Starlette:
    return Starlette(routes=[Route("/hello", _hello), Route("/drop", _drop, methods=["GET", "POST"])])


def test_serves_until_stopped_and_frees_the_port():
    with Server(_app()) as server:
        assert server.base_url == f"http://127.0.0.1:{server.port}"
        assert requests.get(f"{server.base_url}/hello", timeout=5).text == "hello /hello"
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{server.base_url}/hello", timeout=5)
    with Server(_app(), port=server.port) as again:
        assert requests.get(f"{again.base_url}/hello", timeout=5).status_code == 200
    again.stop()


def test_a_dropped_connection_gives_no_answer_and_leaves_the_server_up(caplog):
    with caplog.at_level(logging.ERROR), Server(_app()) as server, requests.Session() as session:
        for _ in range(3):
            with pytest.raises(requests.ConnectionError):
                session.post(f"{server.base_url}/drop", json={"a": 1}, timeout=5)
            assert session.get(f"{server.base_url}/hello", timeout=5).status_code == 200
    assert caplog.records == []


def test_a_port_in_use_is_named():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(SandboxError, match=f"port {port}"):
            Server(_app(), port=port)


def test_an_app_that_fails_to_start_is_an_error():
    @asynccontextmanager
    async def fail(app):
        raise ValueError("no state")
        yield

    server = Server(Starlette(lifespan=fail))
    with pytest.raises(SandboxError, match="didn't start"):
        server.start()
