"""One connection to GitHub: the only module that imports PyGithub and requests (so import it inside functions).

Belongs here: sending a single request through PyGithub's requester and telling apart what can go wrong below HTTP.
Nothing is repeated, waited for or judged here: :mod:`roadmap_pipeline.github.transport` does.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import github
import requests
from github.Requester import HTTPRequestsConnectionClass, Requester, RequestsResponse
from urllib3.exceptions import MaxRetryError, NewConnectionError
from urllib3.util import Retry

API_VERSION = "2022-11-28"
CHUNK_BYTES = 1 << 16
TIMEOUT_SECONDS = 30


class UnreachableError(Exception):
    """No connection could be made: the request never went out."""


class DroppedError(Exception):
    """The connection broke after the request went out: whether it was carried out is unknown."""


class _Response(RequestsResponse):
    """An answer whose 301 PyGithub does not follow: following, it would drop the query."""

    def getheaders(self) -> Any:
        if self.status != 301:
            return super().getheaders()
        return {
            ("x-moved-to" if name.lower() == "location" else name): value for name, value in self.headers.items()
        }.items()


class _Connection(HTTPRequestsConnectionClass):
    """A kept-alive connection, http or https, that repeats nothing by itself."""

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        super().__init__(
            str(parts.hostname),
            parts.port or (443 if parts.scheme == "https" else 80),
            timeout=TIMEOUT_SECONDS,
            retry=Retry(0, read=False),
        )
        self.protocol = parts.scheme

    def getresponse(self) -> RequestsResponse:
        return _Response(super().getresponse().response)


class Wire:
    """One thread's access to GitHub. PyGithub keeps state on it between request and answer: never share it."""

    def __init__(self, token: str, base_url: str) -> None:
        self._requester = github.Github(
            auth=github.Auth.Token(token),
            base_url=base_url,
            retry=None,
            seconds_between_requests=0,
            seconds_between_writes=0,
            lazy=True,
            api_version=API_VERSION,
            user_agent="roadmap-pipeline",
        ).requester
        self._connection = _Connection(base_url)

    def send(
        self, verb: str, path: str, params: Mapping[str, Any], headers: Mapping[str, str], body: Any | None
    ) -> tuple[int, Mapping[str, str], str]:
        """Send one request; returns (status, headers with lower-case names, text).

        A 301 comes back with its target in ``x-moved-to``. Raises UnreachableError or DroppedError.
        """
        try:
            return self._requester.requestJson(verb, path, dict(params), dict(headers), body, self._connection)
        except requests.RequestException as error:
            raise _cause(error) from error

    def viewer_login(self) -> str | None:
        """Login of the token's owner by GraphQL, which installation tokens may ask too; None when it isn't told."""
        try:
            _, answer = self._requester.graphql_query("query { viewer { login } }", {})
        except (github.GithubException, requests.RequestException):
            return None
        login = ((answer.get("data") or {}).get("viewer") or {}).get("login")
        return str(login) if login else None

    def close(self) -> None:
        """Close the connections."""
        self._connection.close()
        self._requester.close()


def open_stream(url: str) -> tuple[int, Iterator[bytes]]:
    """GET a signed URL without any credentials; returns (status, chunks of the body).

    Raises UnreachableError or DroppedError. The chunks raise DroppedError when the connection breaks or ends early.
    """
    session = requests.Session()
    session.auth = Requester.noopAuth  # otherwise requests would look for credentials in a .netrc file
    try:
        response = session.get(url, stream=True, timeout=TIMEOUT_SECONDS)
    except requests.RequestException as error:
        session.close()
        raise _cause(error) from error
    return response.status_code, _chunks(session, response)


def _chunks(session: requests.Session, response: requests.Response) -> Iterator[bytes]:
    try:
        yield from response.iter_content(CHUNK_BYTES)
    except requests.RequestException as error:
        raise _cause(error) from error
    finally:
        response.close()
        session.close()


def is_primary_limit(message: str) -> bool:
    """Whether GitHub's message says that the hourly quota is used up."""
    return Requester.isPrimaryRateLimitError(message)


def is_secondary_limit(message: str) -> bool:
    """Whether GitHub's message says that requests came too fast."""
    return Requester.isSecondaryRateLimitError(message)


def _cause(error: requests.RequestException) -> UnreachableError | DroppedError:
    reason = error.args[0] if error.args else None
    if isinstance(reason, MaxRetryError):
        reason = reason.reason
    no_connection = isinstance(reason, NewConnectionError) or isinstance(
        error,
        requests.exceptions.ConnectTimeout
        | requests.exceptions.SSLError
        | requests.exceptions.ProxyError
        | requests.exceptions.InvalidURL
        | requests.exceptions.InvalidSchema,
    )
    return UnreachableError(str(reason or error)) if no_connection else DroppedError(type(error).__name__)
