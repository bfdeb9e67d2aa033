"""A simulated Notion on a real port, and the ways in: the real client, and bare HTTP for what the client can't send."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from notion_client import Client
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from roadmap_sandbox.notion.app import create_app
from roadmap_sandbox.notion.state import NotionState
from roadmap_sandbox.server import Server

CLOCK = datetime(2026, 11, 16, 6, 0, 42, 123456, tzinfo=UTC)
HEADERS = {"Authorization": "Bearer sandbox-notion-token", "Notion-Version": "2026-03-11"}


class Bench:
    """The state, base URL, real client and bare HTTP client of one simulator."""

    def __init__(self, state: NotionState, base_url: str) -> None:
        self.state = state
        self.base_url = base_url
        self.http = httpx.Client(base_url=f"{base_url}/v1/", headers=HEADERS, timeout=20)
        self._httpx = httpx.Client(timeout=20)
        self.client = Client(
            auth="sandbox-notion-token",
            base_url=base_url,
            notion_version="2026-03-11",
            retry=False,
            client=self._httpx,
            logger=logging.getLogger("notion-test"),
        )

    def close(self) -> None:
        self.http.close()
        self._httpx.close()

    def database(self, properties: dict[str, Any] | None = None, title: str = "Reports") -> tuple[str, str]:
        """Make a database below the parent page; returns its id and its data source's."""
        made: Any = self.client.databases.create(
            parent={"type": "page_id", "page_id": self.state.parent_page_id},
            title=[{"text": {"content": title}}],
            initial_data_source={"properties": properties or {"Name": {"title": {}}}},
        )
        return made["id"], made["data_sources"][0]["id"]

    def row(self, data_source_id: str, **properties: Any) -> Any:
        return self.client.pages.create(parent={"data_source_id": data_source_id}, properties=properties)

    def error(self, method: str, path: str, **kwargs: Any) -> tuple[int, str, str]:
        """Return status, code and message of a request that must fail, leaving the state as it was."""
        before = self.state.dump()
        response = self.http.request(method, path, **kwargs)
        assert response.status_code >= 400, response.text
        assert self.state.dump() == before
        body = response.json()
        assert body["object"] == "error"
        assert body["status"] == response.status_code
        assert list(body)[-1] == "request_id"
        return response.status_code, body["code"], body["message"]


class _Switch:
    """The way of requests to the app of the test that runs: a server for each would cost more than most tests."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@pytest.fixture(scope="session")
def switched() -> Iterator[tuple[_Switch, Server]]:
    switch = _Switch()
    with Server(Starlette(routes=[Mount("", app=switch)])) as server:
        yield switch, server


@pytest.fixture
def bench(switched: tuple[_Switch, Server]) -> Iterator[Bench]:
    switch, server = switched
    state = NotionState(CLOCK)
    switch.app = create_app(state)
    bench = Bench(state, server.base_url)
    yield bench
    bench.close()


def text(content: str) -> list[dict[str, Any]]:
    return [{"text": {"content": content}}]


def title(content: str) -> dict[str, Any]:
    return {"title": text(content)}
