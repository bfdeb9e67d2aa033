"""Ending a sync at one of its requests as by SIGKILL, in this process, or letting others act between two of them.

Belongs here: watching the requests to both sides. What has to hold afterwards is said by the tests.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx


class KilledError(BaseException):
    """The process ends here."""


@dataclass
class Kill:
    """Ends the run at its ``at``-th writing request (from 0; None: never), before it goes out or after it was answered.

    The warehouse is left as it was at that moment: nothing that Python runs on its way out gets to it.

    Attributes:
        reads: Count reading requests, too.
        action: Is done instead of ending the run, which then goes on: what others do between two of its requests.
    """

    at: int | None = None
    after: bool = False
    seen: int = 0
    reads: bool = False
    action: Callable[[], object] | None = None

    def around(self, warehouse: Path, send: Callable[[], Any]) -> Any:
        """Send one request that counts, unless the end comes before."""
        mine = self.seen == self.at
        self.seen += 1
        if mine and not self.after:
            self._end(warehouse)
        answer = send()
        if mine:
            self._end(warehouse)
        return answer

    def _end(self, warehouse: Path) -> None:
        if self.action is not None:
            self.action()
            return
        for file in _files(warehouse):
            if file.exists():
                shutil.copy(file, file.with_suffix(".killed" + file.suffix))
        raise KilledError


def _files(warehouse: Path) -> tuple[Path, Path]:
    """Return a warehouse's file and its log of what isn't in the file yet."""
    return warehouse, warehouse.with_name(warehouse.name + ".wal")


def put_back(warehouse: Path) -> None:
    """Leave the warehouse as it was when the process ended."""
    for file in _files(warehouse):
        file.unlink(missing_ok=True)
        kept = file.with_suffix(".killed" + file.suffix)
        if kept.exists():
            kept.replace(file)


class KillingTransport(httpx.HTTPTransport):
    """The way to Notion, which a kill watches."""

    def __init__(self, kill: Kill, warehouse: Path) -> None:
        super().__init__()
        self._kill, self._warehouse = kill, warehouse

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        is_reading = request.method == "GET" or request.url.path.endswith(("/query", "/search"))
        if is_reading and not self._kill.reads:
            return super().handle_request(request)

        def send() -> httpx.Response:
            response = super(KillingTransport, self).handle_request(request)
            response.read()
            return response

        return self._kill.around(self._warehouse, send)


class KillingConnection:
    """A connection to GitHub, which a kill watches."""

    def __init__(self, connection: Any, kill: Kill, warehouse: Path) -> None:
        self._connection, self._kill, self._warehouse = connection, kill, warehouse

    @property
    def graphql_url(self) -> str:
        """The address of GraphQL, which is only read from."""
        return str(self._connection.graphql_url)

    def send(self, verb: str, url: str, *rest: Any) -> Any:
        is_reading = verb == "GET" or url == self.graphql_url
        if is_reading and not self._kill.reads:
            return self._connection.send(verb, url, *rest)
        return self._kill.around(self._warehouse, lambda: self._connection.send(verb, url, *rest))

    def close(self) -> None:
        self._connection.close()
