"""The storage host that keeps logs, on a port of its own, reached through signed URLs that last a minute.

As the real one it knows no token: it answers whoever holds the URL, and refuses a request that carries credentials.
It can be made slow, busy or unreliable (:meth:`LogStorage.fail`).
"""

import asyncio
import hashlib
import hmac
import io
import re
import zipfile
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Literal
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from roadmap_sandbox.content import Payload
from roadmap_sandbox.server import drop_connection

_VALID_SECONDS = 60
_CHUNK_BYTES = 65_536
_NAME_LIMIT = 100
_LINE_TIME = re.compile(rb"\A(?:\xef\xbb\xbf)?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)")

StorageFailure = Literal["busy", "cut"]
"""``busy`` answers 503, ``cut`` closes the connection in the middle of the log."""


class LogStorage:
    """The logs by job id behind signed URLs. ``now`` gives the clients' real time (seconds since the epoch)."""

    def __init__(self, logs: Mapping[int, bytes], now: Callable[[], float]) -> None:
        self.logs = logs
        self.serve: Callable[[], str] = lambda: ""
        """Gives the root that serves :meth:`create_app`, without a trailing slash; set by whoever serves it."""
        self.seconds_per_chunk = 0.0
        """The time for which each 64 kB come: a slow storage host."""
        self.requests: list[tuple[str, int]] = []
        """Path and status of everything that was asked for, oldest first; status 0 was cut off."""
        self._failures: list[StorageFailure] = []
        self._added: dict[int, bytes] = {}
        self._archives: dict[str, bytes] = {}
        self._now = now
        self._key = b"sandbox-storage"

    def put(self, job_id: int, log: bytes) -> None:
        """Keep a log that wasn't there at the start, or replace one."""
        self._added[job_id] = log

    def log(self, job_id: int) -> bytes | None:
        """Return a job's log; None if it never wrote one."""
        return self._added[job_id] if job_id in self._added else self.logs.get(job_id)

    def fail(self, failure: StorageFailure, times: int = 1) -> None:
        """Fail the next ``times`` downloads."""
        self._failures += [failure] * times

    def signed_url(self, name: str) -> str:
        """Return a URL that gives a file of the host without token for 60 seconds: ``31.txt`` is the log of job 31."""
        expires = int(self._now()) + _VALID_SECONDS
        query = urlencode({"se": expires, "sp": "r", "sig": self._signature(name, expires)})
        return f"{self.serve()}/logs/{name}?{query}"

    def archive_url(self, run_id: int, attempt: int, jobs: Iterable[Payload]) -> str:
        """Return a :meth:`signed_url` of a zip with the logs of ``jobs``: each whole, and cut by steps in a folder."""
        name = f"{run_id}-{attempt}.zip"
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for number, job in enumerate(jobs):
                log, title = self.log(job["id"]) or b"", _file_name(job["name"])
                archive.writestr(f"{number}_{title}.txt", log)
                for step, text in _by_step(job, log):
                    archive.writestr(f"{title}/{step['number']}_{_file_name(step['name'])}.txt", text)
        self._archives[name] = packed.getvalue()
        return self.signed_url(name)

    def _signature(self, name: str, expires: int) -> str:
        return hmac.new(self._key, f"{name}:{expires}".encode(), hashlib.sha256).hexdigest()

    def _file(self, name: str) -> bytes | None:
        stem, _, ending = name.rpartition(".")
        if ending == "zip":
            return self._archives.get(name)
        return self.log(int(stem)) if ending == "txt" and stem.isdigit() else None

    def _refusal(self, name: str, query: Mapping[str, str], *, with_credentials: bool) -> Response | None:
        if with_credentials:
            return _error(
                400, "InvalidAuthenticationInfo", "Authentication information is not given in the correct format"
            )
        expires = query.get("se", "")
        genuine = expires.isdigit() and hmac.compare_digest(self._signature(name, int(expires)), query.get("sig", ""))
        if not genuine or self._now() > int(expires):
            return _error(403, "AuthenticationFailed", "Server failed to authenticate the request")
        if self._file(name) is None:
            return _error(404, "BlobNotFound", "The specified blob does not exist.")
        return None

    def create_app(self) -> Starlette:
        """Return the storage host's web application."""

        async def get(request: Request) -> Response:
            name, failure = request.path_params["name"], None
            response = self._refusal(name, request.query_params, with_credentials="authorization" in request.headers)
            if response is None:
                failure = self._failures.pop(0) if self._failures else None
                response = self._download(request, name, failure)
            self.requests.append((request.url.path, 0 if failure == "cut" else response.status_code))
            return response

        return Starlette(routes=[Route("/logs/{name}", get)])

    def _download(self, request: Request, name: str, failure: StorageFailure | None) -> Response:
        if failure == "busy":
            return _error(503, "ServerBusy", "The server is busy.")
        file = self._file(name) or b""
        kind = "application/zip" if name.endswith(".zip") else "text/plain"
        headers = {"x-ms-blob-type": "AppendBlob", "content-length": str(len(file))}
        if failure is None and not self.seconds_per_chunk:
            return Response(file, media_type=kind, headers=headers)
        return StreamingResponse(self._chunks(request, file, cut=failure == "cut"), media_type=kind, headers=headers)

    async def _chunks(self, request: Request, file: bytes, *, cut: bool) -> AsyncIterator[bytes]:
        end = len(file) // 2 if cut else len(file)
        for start in range(0, end, _CHUNK_BYTES):
            await asyncio.sleep(self.seconds_per_chunk)
            yield file[start : min(start + _CHUNK_BYTES, end)]
        if cut:
            drop_connection(request.scope)
            yield file[end:]


def _file_name(name: str) -> str:
    """Return a job or step as archives call it: without slashes and the like, and cut."""
    return re.sub(r'[/\\:*?"<>|]', "", name)[:_NAME_LIMIT]


def _by_step(job: Payload, log: bytes) -> Iterable[tuple[Payload, bytes]]:
    """Return the lines of a log by the step that ran when they were written."""
    steps = sorted((step for step in job["steps"] if step["started_at"]), key=lambda step: step["started_at"])
    if not steps:
        return []
    parts: dict[int, list[bytes]] = {step["number"]: [] for step in steps}
    current = steps[0]
    for line in log.splitlines(keepends=True):
        written = _LINE_TIME.match(line)
        if written is not None:
            moment = written[1].decode()
            begun = [step for step in steps if step["started_at"][:19] <= moment]
            current = begun[-1] if begun else steps[0]
        parts[current["number"]].append(line)
    return [(step, b"".join(parts[step["number"]])) for step in steps]


def _error(status: int, code: str, message: str) -> Response:
    body = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Response(body, status, media_type="application/xml")
