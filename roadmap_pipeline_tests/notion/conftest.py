"""The simulated workspace over real HTTP, and both databases made in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import NamedTuple

import pytest
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from roadmap_pipeline.notion.client import NotionClient
from roadmap_pipeline.notion.schema import Database, Observed, apply, observe, plan, resolve
from roadmap_sandbox.notion.app import create_app
from roadmap_sandbox.notion.state import NotionState
from roadmap_sandbox.server import Server

KEY = "sandbox-notion-token"
PARENT = "5a11d0c5-0000-4000-8000-00000000ac3e"
CLOCK = datetime(2026, 11, 16, 6, tzinfo=UTC)


class Workspace(NamedTuple):
    """The simulator's state, and a client of it."""

    state: NotionState
    client: NotionClient
    base_url: str

    def mutations(self) -> int:
        """Return requests so far that asked for a write."""
        return sum(entry.mutating for entry in self.state.journal)


class Databases(NamedTuple):
    """Both databases."""

    reports: Database
    roadmap: Database


class Switch:
    """An app that hands requests to another one, so that all tests share a server but each has its own workspace."""

    def __init__(self) -> None:
        self.lifespan = Starlette()
        self.app = self.lifespan

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self.lifespan if scope["type"] == "lifespan" else self.app)(scope, receive, send)


@pytest.fixture(scope="session")
def served() -> Iterator[tuple[Switch, str]]:
    """Yield a server, and what it serves."""
    switch = Switch()
    with Server(switch) as server:  # type: ignore[arg-type]
        yield switch, server.base_url


@contextmanager
def empty_workspace(served: tuple[Switch, str]) -> Iterator[Workspace]:
    """Yield a fresh workspace in place of the one that was served."""
    switch, base_url = served
    state = NotionState(CLOCK)
    switch.app = create_app(state)
    with NotionClient(KEY, base_url=base_url, requests_per_second=None) as client:
        yield Workspace(state, client, base_url)


@pytest.fixture
def workspace(served: tuple[Switch, str]) -> Iterator[Workspace]:
    """Yield an empty workspace."""
    with empty_workspace(served) as workspace:
        yield workspace


@pytest.fixture
def databases(workspace: Workspace) -> Databases:
    """Both databases, made as setup makes them."""
    return make(workspace.client)


def make(client: NotionClient) -> Databases:
    """Make what is missing of both databases."""
    observed = observe(client, PARENT)
    apply_all(client, observed)
    resolved = resolve(observed)
    return Databases(resolved["ci_reports"], resolved["roadmap"])


def apply_all(client: NotionClient, observed: Observed) -> None:
    """Carry out the whole plan."""
    for change in plan(observed):
        apply(client, change, observed)
