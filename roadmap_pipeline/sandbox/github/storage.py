"""The storage host that keeps job logs, on a port of its own, reached through signed URLs that last a minute.

As the real one it knows no token: it answers whoever holds the URL, and refuses a request that carries credentials.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_VALID_SECONDS = 60


class LogStorage:
    """Logs by job id behind signed URLs. ``now`` gives seconds since the epoch, in real time as clients live in it."""

    def __init__(self, logs: Mapping[int, bytes], now: Callable[[], float]) -> None:
        self.logs = logs
        self.serve: Callable[[], str] = lambda: ""
        """Gives the root that serves :meth:`create_app`, without a trailing slash; set by whoever serves it."""
        self._added: dict[int, bytes] = {}
        self._now = now
        self._key = b"sandbox-storage"

    def put(self, job_id: int, log: bytes) -> None:
        """Keep a log that wasn't there at the start, or replace one."""
        self._added[job_id] = log

    def log(self, job_id: int) -> bytes | None:
        """A job's log; None if it never wrote one."""
        return self._added.get(job_id) or self.logs.get(job_id)

    def signed_url(self, job_id: int) -> str:
        """A URL that gives the log without a token for 60 seconds."""
        expires = int(self._now()) + _VALID_SECONDS
        query = urlencode({"se": expires, "sp": "r", "sig": self._signature(job_id, expires)})
        return f"{self.serve()}/logs/{job_id}.txt?{query}"

    def _signature(self, job_id: int, expires: int) -> str:
        return hmac.new(self._key, f"{job_id}:{expires}".encode(), hashlib.sha256).hexdigest()

    def _get(self, job_id: int, query: Mapping[str, str], *, with_credentials: bool) -> Response:
        if with_credentials:
            return _error(
                400, "InvalidAuthenticationInfo", "Authentication information is not given in the correct format"
            )
        expires = query.get("se", "")
        genuine = expires.isdigit() and hmac.compare_digest(self._signature(job_id, int(expires)), query.get("sig", ""))
        if not genuine or self._now() > int(expires):
            return _error(403, "AuthenticationFailed", "Server failed to authenticate the request")
        log = self.log(job_id)
        if log is None:
            return _error(404, "BlobNotFound", "The specified blob does not exist.")
        return Response(log, media_type="text/plain", headers={"x-ms-blob-type": "AppendBlob"})

    def create_app(self) -> Starlette:
        """The storage host's web application."""

        async def get(request: Request) -> Response:
            return self._get(
                request.path_params["job_id"],
                request.query_params,
                with_credentials="authorization" in request.headers,
            )

        return Starlette(routes=[Route("/logs/{job_id:int}.txt", get)])


def _error(status: int, code: str, message: str) -> Response:
    body = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Response(body, status, media_type="application/xml")
