"""A real HTTP server that answers each request with the next line of a script, for failures no simulator has."""

import json
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Response:
    """A response of the server: ``body`` is sent as JSON, or as it is when text; ``drop`` closes without one."""

    status: int = 200
    body: Any = field(default_factory=lambda: {"object": "page"})
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False


def error(
    status: int, code: str, message: str = "no", headers: dict[str, str] | None = None, **additional: Any
) -> Response:
    """Return an error in Notion's form."""
    body = {"object": "error", "status": status, "code": code, "message": message, "additional_data": additional}
    return Response(status, body, headers or {})


@dataclass
class Request:
    """A request that the server received."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@contextmanager
def serve(script: Sequence[Response]) -> Iterator[tuple[str, list[Request]]]:
    """Yield the base URL and the requests received so far; after the script's end the server responds with 200."""
    responses = iter(script)
    seen: list[Request] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # else header and body leave apart, and each answer waits for an acknowledgement

        def handle_any(self) -> None:
            raw = self.rfile.read(int(self.headers.get("content-length") or 0))
            seen.append(Request(self.command, self.path, dict(self.headers), json.loads(raw) if raw else None))
            response = next(responses, Response())
            if response.drop:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            text = response.body if isinstance(response.body, str) else json.dumps(response.body)
            data = text.encode()
            self.send_response(response.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            for name, value in response.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_DELETE = handle_any  # noqa: N815

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
