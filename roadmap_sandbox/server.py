"""Serving a simulator on a loopback port from a background thread, and the record of what it was asked.

Belongs here: what both simulators share of being an HTTP server. What they answer belongs to them.
"""

import asyncio
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, cast

import uvicorn
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from roadmap_sandbox.errors import SandboxError

_DROP = "roadmap.drop_connection"
_FAULT = "roadmap.fault"
_START_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A request that a simulator got."""

    method: str
    path: str
    """As sent, without the query string and the API's root."""
    query: str
    status: int
    """The answer's status; 0 when the connection was closed without an answer."""
    mutating: bool
    """A request that asks for a write, whether or not it was granted. A query sent by POST is none."""
    cost: int = 0
    """The units taken off GitHub's hourly quota, which are points of a GraphQL query; Notion has none."""

    @property
    def charged(self) -> bool:
        """True where it was taken off a quota."""
        return self.cost > 0


def drop_connection(scope: Scope) -> None:
    """Close the connection of this request without an answer: whatever is sent from here on goes nowhere.

    Works in every app that a :class:`Server` serves; ``KeyError`` elsewhere.
    """
    scope["extensions"][_DROP]()


def mark_fault(scope: Scope, kind: str) -> None:
    """Note that the answer to this request is a fault's, so that whoever checks answers leaves it alone."""
    scope.setdefault("extensions", {})[_FAULT] = kind


def fault_of(scope: Scope) -> str | None:
    """Return the kind of the fault that answered this request; None for an answer that is meant seriously."""
    kind: str | None = scope.get("extensions", {}).get(_FAULT)
    return kind


class _Droppable:
    """A wrapper that lets an app close a connection, which ASGI itself has no word for."""

    def __init__(self, app: Starlette) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        dropped = False

        def drop() -> None:
            nonlocal dropped
            dropped = True

        async def send_unless_dropped(message: Any) -> None:
            if not dropped:
                await send(message)

        scope.setdefault("extensions", {})[_DROP] = drop
        await self._app(scope, receive, send_unless_dropped)
        if dropped:
            # `send` is a method of uvicorn's request cycle, whose transport ASGI doesn't show.
            cast(Any, send).__self__.transport.abort()
            # The loop reports the loss on its next turn; only then does uvicorn stop expecting an answer.
            while not cast(Any, send).__self__.disconnected:
                await asyncio.sleep(0)


class _SignallingServer(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: threading.Event) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        await super().startup(sockets)
        self._ready.set()

    async def main_loop(self) -> None:
        """Tick ten times a second, as uvicorn does, but end at once when told to: tests start hundreds of servers."""
        ticks = 0
        while not await self.on_tick(ticks):
            ticks += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), 0.1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Shut down as uvicorn does, without its pause when all clients have gone."""
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)
            return
        for listening in (*self.servers, *(sockets or ())):
            listening.close()
        await self.lifespan.shutdown()

    def stop(self) -> None:
        """End the loop, from any thread."""
        self.should_exit = True
        with suppress(AttributeError, RuntimeError):  # it never started, or has ended
            self._loop.call_soon_threadsafe(self._stopping.set)


class Server:
    """A Starlette app on 127.0.0.1 in a background thread, from ``__enter__`` (or :meth:`start`) to :meth:`stop`.

    ``port=0`` takes a free one. The port is bound at once, so ``base_url`` (``http://127.0.0.1:PORT``, no trailing
    slash) is known before the server answers.

    Raises:
        SandboxError: the port can't be bound, or the app didn't start.
    """

    def __init__(self, app: Starlette, port: int = 0) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind(("127.0.0.1", port))
        except OSError as error:
            self._socket.close()
            message = f"port {port} on 127.0.0.1 can't be used ({error.strerror}): free it or choose another"
            raise SandboxError(message) from error
        self.port: int = self._socket.getsockname()[1]
        self.base_url = f"http://127.0.0.1:{self.port}"
        config = uvicorn.Config(
            _Droppable(app),
            lifespan="on",
            ws="none",
            access_log=False,
            # The host program's logging stays as it is; uvicorn says only what went wrong.
            log_config=None,
            log_level="error",
            # Clients that pace themselves hold a connection longer than the default 5 s.
            timeout_keep_alive=75,
            timeout_graceful_shutdown=2,
        )
        self._ready = threading.Event()
        self._server = _SignallingServer(config, self._ready)
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Serve until :meth:`stop`; returns once requests are answered."""
        self._thread = threading.Thread(target=self._run, name=f"sandbox-{self.port}", daemon=True)
        self._thread.start()
        answered = self._ready.wait(_START_SECONDS)
        if not answered or not self._server.started:
            self.stop()
            raise SandboxError(f"the simulator on {self.base_url} didn't start: its log says why")

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        except SystemExit:
            # uvicorn's way to say that the app's start-up failed; it logged the reason.
            pass
        finally:
            self._ready.set()

    def stop(self) -> None:
        """Stop serving and free the port; does nothing when already stopped."""
        if self._thread is not None:
            self._server.stop()
            self._thread.join()
            self._thread = None
        self._socket.close()

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
