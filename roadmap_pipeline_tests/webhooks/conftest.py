"""A receiver that listens on a port of this machine, and remembers what it noted."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import Any

import pytest
from pydantic import SecretStr

from roadmap_pipeline.webhooks.application import Receiver
from roadmap_pipeline.webhooks.changes import Change
from roadmap_pipeline.webhooks.deliveries import Deliveries
from roadmap_pipeline.webhooks.server import uvicorn_server
from roadmap_pipeline_tests.roadmap_sandbox.github.conftest import REPO

SECRET = "It's a Secret to Everybody"
TOKEN = "secret_notion-verification-token"


@dataclass
class Listening:
    """A receiver that answers at ``url``. ``notes``: the changes that it noted, oldest first."""

    url: str
    port: int
    deliveries: Deliveries
    notes: list[Change] = field(default_factory=list)


@contextmanager
def listening(folder: Path, note: Callable[[Change], None] | None = None, **options: Any) -> Iterator[Listening]:
    deliveries = Deliveries(folder / "deliveries.sqlite", **options.pop("file", {}))
    served = Listening("", 0, deliveries)
    options = {
        "repositories": (REPO,),
        "github_secret": SecretStr(SECRET),
        "notion_secret": SecretStr(TOKEN),
        **options,
    }
    server = uvicorn_server(
        Receiver(deliveries=deliveries, note=note or served.notes.append, **options), "127.0.0.1", 0
    )
    thread = Thread(target=server.run)
    thread.start()
    deadline = monotonic() + 30
    while not server.started:
        assert monotonic() < deadline
        sleep(0.01)
    served.port = server.servers[0].sockets[0].getsockname()[1]
    served.url = f"http://127.0.0.1:{served.port}"
    try:
        yield served
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def listen(tmp_path: Path) -> Iterator[Callable[..., Listening]]:
    """Return a function that starts a receiver; its deliveries are remembered in one file."""
    with ExitStack() as stack:
        yield lambda *args, **options: stack.enter_context(listening(tmp_path, *args, **options))
