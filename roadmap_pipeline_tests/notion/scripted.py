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
class Answer:
    """What the server does: ``body`` is sent as JSON, or as it is when text; ``drop`` closes without an answer."""

    status: int = 200
    body: Any = field(default_factory=lambda: {"object": "page"})
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False


def error(
    status: int, code: str, message: str = "no", headers: dict[str, str] | None = None, **additional: Any
) -> Answer:
    """An error in Notion's form."""
    body = {"object": "error", "status": status, "code": code, "message": message, "additional_data": additional}
    return Answer(status, body, headers or {})


@dataclass
class Seen:
    """A request the server got."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@contextmanager
def serve(script: Sequence[Answer]) -> Iterator[tuple[str, list[Seen]]]:
    """(base URL, requests seen); after the script's end the server answers 200."""
    answers = iter(script)
    seen: list[Seen] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # else header and body leave apart, and each answer waits for an acknowledgement

        def handle_any(self) -> None:
            raw = self.rfile.read(int(self.headers.get("content-length") or 0))
            seen.append(Seen(self.command, self.path, dict(self.headers), json.loads(raw) if raw else None))
            answer = next(answers, Answer())
            if answer.drop:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
            data = text.encode()
            self.send_response(answer.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            for name, value in answer.headers.items():
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
