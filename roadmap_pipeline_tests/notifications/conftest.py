"""A receiver of messages over HTTP, and a warehouse with the risks that a test says."""

import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from roadmap_pipeline.notifications import Notifier
from roadmap_pipeline.settings import Settings, load_settings
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline.warehouse.session import WarehouseSession

SECRET = "S3cretToken0815"
PASSWORD = "pa55w0rdOfAda"

_TABLES = """
create schema if not exists marts;
create or replace table marts.milestones (
    repo varchar, number integer, node_id varchar, due_date date, html_url varchar
);
create or replace table marts.milestone_risks (
    repo varchar, number integer, milestone varchar, risk varchar, label varchar, severity varchar, is_open boolean,
    is_covered boolean, since date, is_since_known boolean, cause varchar, clears_when varchar, owner varchar,
    evidence_urls varchar[], position integer
);
"""


@dataclass
class Receiver:
    """A web server that takes messages as JSON; ``refused`` paths are answered with 500."""

    port: int = 0
    received: list[tuple[str, str, str]] = field(default_factory=list)
    """Path, title and text of each message."""
    refused: set[str] = field(default_factory=set)
    before_answer: Any = None

    def url(self, path: str = SECRET, *, user: str = f"ada:{PASSWORD}@") -> str:
        """Return the address at which it takes messages."""
        return f"json://{user}127.0.0.1:{self.port}/{path}"

    def take(self) -> list[tuple[str, str]]:
        """Return title and text of what came since it was asked last."""
        taken = [(title, text) for _, title, text in self.received]
        self.received.clear()
        return taken

    def titles(self) -> list[str]:
        """Return the titles of what came since it was asked last."""
        return [title for title, _ in self.take()]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Yield a running receiver."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            path = self.path.strip("/")
            if path not in receiver.refused:
                receiver.received.append((path, body["title"], body["message"]))
            if receiver.before_answer is not None:
                receiver.before_answer()
            self.send_response(500 if path in receiver.refused else 200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield receiver
    server.shutdown()
    server.server_close()


def risk(name: str = "blocked", **values: Any) -> dict[str, Any]:
    """Return an open risk of milestone 1 of acme/payments, Stage 7.3."""
    return {
        "repo": "acme/payments",
        "number": 1,
        "milestone": "Stage 7.3",
        "risk": name,
        "label": name.replace("_", " ").capitalize(),
        "severity": {"off_track": "high", "overdue": "high", "scope_growth": "low"}.get(name, "medium"),
        "is_open": True,
        "is_covered": False,
        "since": "2026-11-10",
        "is_since_known": True,
        "cause": "1 open item is blocked: #7.",
        "clears_when": "Taking the label off.",
        "owner": "ada",
        "evidence_urls": ["https://github.com/acme/payments/issues/7"],
        "position": 4,
    } | values


@dataclass
class World:
    """A warehouse whose risks a test sets, and the settings with which it is told of."""

    root: Path
    warehouse: str
    environment: dict[str, str]

    def set(self, *risks: Mapping[str, Any]) -> None:
        """Let these be the risks, in a warehouse that was built."""
        with connect(self.warehouse) as con:
            con.execute(_TABLES)
            for row in risks:
                con.execute(
                    f"insert into marts.milestone_risks values ({', '.join('?' * len(row))})", list(row.values())
                )
            con.execute(
                "insert into marts.milestones select distinct repo, number, 'MI_' || repo || number, null::date,"
                " 'https://github.com/' || repo || '/milestone/' || number from marts.milestone_risks"
            )

    def settings(self, toml: str = "", **environment: str) -> Settings:
        """Return the settings with a configuration and further variables."""
        (self.root / "roadmap.toml").write_text(toml, encoding="utf-8")
        return load_settings({**self.environment, **environment}, self.root)

    @contextmanager
    def notifier(self, toml: str = "", **environment: str) -> Iterator[Notifier]:
        """Yield a notifier, as a run makes one."""
        session = WarehouseSession(self.warehouse)
        try:
            yield Notifier(self.settings(toml, **environment), session)
        finally:
            session.close()

    def run(self, toml: str = "", **environment: str) -> list[str]:
        """Notify as one run does; return the states of the messages."""
        with self.notifier(toml, **environment) as notifier:
            return [one.state for one in notifier.notify()]

    def rows(self, sql: str) -> Sequence[tuple[Any, ...]]:
        """Return the rows of a query on the warehouse."""
        with connect(self.warehouse) as con:
            return con.execute(sql).fetchall()


@pytest.fixture
def world(tmp_path: Path, new_warehouse: Path, receiver: Receiver) -> World:
    """Return a world in which the receiver is told, on Monday 16 November 2026, 12:00."""
    path = tmp_path / "roadmap.duckdb"
    path.write_bytes(new_warehouse.read_bytes())
    environment = {
        "ROADMAP_WAREHOUSE": str(path),
        "ROADMAP_NOTIFY_URLS": receiver.url(),
        "ROADMAP_NOW": "2026-11-16T12:00:00Z",
        "XDG_CACHE_HOME": os.fspath(tmp_path / "cache"),
    }
    return World(tmp_path, str(path), environment)
