"""Watching what passes between clients and simulators, and holding it against the contract.

Belongs here: the middleware, and the violations it found. ``conftest.py`` puts it before every simulator that this
process serves. Responses that a fault made are told by the fault's mark and not looked at.
"""

import gzip
import os
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

from roadmap_pipeline_tests.contract.exceptions import KNOWN_OF_OLD_PAYLOADS, is_undescribed
from roadmap_sandbox.server import fault_of

ROOT = "https://api.github.com"
_SHOWN = 5
_ENTERPRISE_ROOT = re.compile("^/api(/v3)?(?=/)")


class Contract(Protocol):
    """A description of the API. Operations have a ``name``: method and path template."""

    def find(self, method: str, path: str) -> tuple[Any, list[str]] | str:
        """Return the operation that a request asks for and its path's arguments, or why there is none."""

    def request_problems(self, operation: Any, arguments: list[str], query: str, body: bytes) -> Iterator[str]:
        """Yield what of a request isn't allowed."""

    def response_problems(self, operation: Any, status: int, body: bytes) -> Iterator[str]:
        """Yield what of a response isn't allowed."""


@cache
def present_contract() -> Contract:
    """Return the contract of this process: ``ROADMAP_CONTRACT=openapi`` names the description beside the project."""
    if os.environ.get("ROADMAP_CONTRACT") == "openapi":
        from roadmap_pipeline_tests.contract.openapi import OpenApiContract

        return OpenApiContract()
    from roadmap_pipeline_tests.contract.typed import TypedContract

    return TypedContract()


@dataclass(frozen=True, slots=True)
class Violation:
    """A difference of something that passed from the description."""

    operation: str
    problem: str
    in_request: bool

    @property
    def of_old_payloads(self) -> bool:
        """Return whether it is one that recorded payloads are known for."""
        return not self.in_request and any(re.search(known, self.problem) for known, _ in KNOWN_OF_OLD_PAYLOADS)

    def __str__(self) -> str:
        return f"{self.operation}: {'request' if self.in_request else 'response'}: {self.problem}"


def described(violations: list[Violation]) -> str:
    """Return violations in words, the first few of them."""
    more = len(violations) - _SHOWN
    lines = [str(violation) for violation in violations[:_SHOWN]] + ([f"and {more} more"] if more > 0 else [])
    return "\n".join(["against GitHub's description of its API:", *lines])


@dataclass(slots=True)
class Recorder:
    """The number of requests that passed, and what of them differed since it was last asked. Threads may share it."""

    contract: Callable[[], Contract] = present_contract
    checked: int = 0
    """Requests looked at, with their responses."""
    _found: list[Violation] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> list[Violation]:
        """Return the violations since the last call, each once."""
        with self._lock:
            found, self._found = self._found, []
        return list(dict.fromkeys(found))

    def look(self, method: str, path: str, query: str, body: bytes, status: int | None, answer: bytes) -> None:
        """Hold a request and its response against the contract; ``status`` None: the response was a fault's."""
        found = list(self._violations(self.contract(), method, path, query, body, status, answer))
        with self._lock:
            self.checked += 1
            self._found += found

    def _violations(
        self, contract: Contract, method: str, path: str, query: str, body: bytes, status: int | None, answer: bytes
    ) -> Iterator[Violation]:
        if is_undescribed(path):
            return
        found = contract.find(method, path)
        if isinstance(found, str):
            yield Violation(f"{method} {path}", found, in_request=True)
            return
        operation, arguments = found
        for problem in contract.request_problems(operation, arguments, query, body):
            yield Violation(operation.name, problem, in_request=True)
        if status is not None:
            for problem in contract.response_problems(operation, status, answer):
                yield Violation(operation.name, problem, in_request=False)


RECORDER = Recorder()


class ContractMiddleware:
    """A look at what passes, before a client has its response: it is known while the test that asked still runs."""

    def __init__(self, app: Any, recorder: Recorder = RECORDER) -> None:
        self._app = app
        self._recorder = recorder

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked, answered = bytearray(), bytearray()
        start: Any = None
        looked = False

        def look() -> None:
            nonlocal looked
            looked = True
            status, body = None, b""
            if start is not None and fault_of(scope) is None:
                headers = {name.lower(): value for name, value in start["headers"]}
                status, body = start["status"], bytes(answered)
                if headers.get(b"content-encoding") == b"gzip":
                    body = gzip.decompress(body)
                host = dict(scope["headers"]).get(b"host", b"")
                # The same whatever port and root it was asked at, so that it is looked at once.
                body = body.replace(b"http://" + host + b"/api/v3", ROOT.encode())
                body = body.replace(b"http://" + host, ROOT.encode())
            self._recorder.look(
                scope["method"],
                _ENTERPRISE_ROOT.sub("", scope["raw_path"].decode("ascii")),
                scope["query_string"].decode("ascii"),
                bytes(asked),
                status,
                body,
            )

        async def receiving() -> Any:
            message = await receive()
            asked.extend(message.get("body", b""))
            return message

        async def sending(message: Any) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
            else:
                answered.extend(message.get("body", b""))
                if not message.get("more_body"):
                    look()
            await send(message)

        await self._app(scope, receiving, sending)
        if not looked:
            # The connection was dropped without an answer.
            look()
