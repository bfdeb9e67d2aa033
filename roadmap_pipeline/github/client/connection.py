"""One connection to GitHub: the only module that imports PyGithub and requests (so import it inside functions).

Belongs here: sending a single request through PyGithub's requester and telling apart what can go wrong below HTTP.
Nothing is repeated, waited for or judged here: :mod:`roadmap_pipeline.github.client.client` does.

PyGithub signs the requests, and knows GitHub's refusals by their texts. Of the responses it gets to see no more than
its books need: it would follow redirects without their query, repeat 202 without end, turn bodies into text, and log
them.
"""

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import github
import jwt
import requests
from github.Requester import HTTPRequestsConnectionClass, Requester, RequestsResponse
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError
from urllib3.util import Retry

from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.http.errors import DroppedError, UnreachableError

API_VERSION = "2022-11-28"
CHUNK_BYTES = 1 << 16
TIMEOUT_SECONDS = 30

_QUERY = re.compile(r"(?<=\?)[^\s\"')]+")


class _QueryFilter(logging.Filter):
    """A filter that takes the query out of addresses: whoever knows that of a log's address may read the log."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = _QUERY.sub("…", record.getMessage()), ()
        return True


logging.getLogger("urllib3.connectionpool").addFilter(_QueryFilter())


class _Token(github.Auth.Auth):
    """A token that is looked up for each request, since it may be another one by now."""

    def __init__(self, current: Callable[[], str]) -> None:
        self._current = current

    @property
    def token_type(self) -> str:
        return "token"

    @property
    def token(self) -> str:
        return self._current()


class _ReducedResponse(RequestsResponse):
    """The part of a response that PyGithub sees: its status, and how much of the quota is left."""

    def __init__(self, response: requests.Response) -> None:
        super().__init__(response)
        if self.status == 202:
            self.status = 200

    def getheaders(self) -> Any:
        return [(name, value) for name, value in self.headers.items() if name.lower().startswith("x-ratelimit-")]

    def read(self) -> str:
        return ""


class _KeptConnection(HTTPRequestsConnectionClass):
    """A kept-alive connection, http or https, that repeats nothing by itself and keeps its last response."""

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        super().__init__(
            str(parts.hostname),
            parts.port or (443 if parts.scheme == "https" else 80),
            timeout=TIMEOUT_SECONDS,
            retry=Retry(0, read=False),
        )
        self.protocol = parts.scheme
        # What the environment says of proxies and certificates is looked up once, not for each request.
        environment = self.session.merge_environment_settings(base_url, {}, None, self.verify, None)
        self.session.proxies, self.verify = environment["proxies"], environment["verify"]
        self.session.trust_env = False
        self.session.stream = True  # the body is read at once; requests would take it in thousands of pieces
        self.last = requests.Response()

    def getresponse(self) -> RequestsResponse:
        self.last = super().getresponse().response
        return _ReducedResponse(self.last)


class Connection:
    """One thread's access to GitHub. PyGithub keeps state on it between request and response: never share it."""

    def __init__(self, auth: github.Auth.Auth, base_url: str) -> None:
        self._requester = github.Github(
            auth=auth,
            base_url=base_url,
            retry=None,
            seconds_between_requests=0,
            seconds_between_writes=0,
            lazy=True,
            api_version=API_VERSION,
            user_agent="roadmap-pipeline",
        ).requester
        self._connection = _KeptConnection(base_url)

    @classmethod
    def with_token(cls, current: Callable[[], str], base_url: str) -> "Connection":
        """Return a connection that sends the token that ``current`` returns when a request goes out."""
        return cls(_Token(current), base_url)

    @classmethod
    def with_app(cls, app_id: str, private_key: str, base_url: str) -> "Connection":
        """Return a connection of a GitHub App.

        Raises:
            ConfigurationError: Nothing can be signed with the key (PEM).
        """
        auth = github.Auth.AppAuth(app_id, private_key)
        try:
            auth.create_jwt()
        except (ValueError, TypeError, jwt.PyJWTError) as error:
            problem = f"GITHUB_APP_PRIVATE_KEY is no RSA private key in PEM form without a password ({error})"
            raise ConfigurationError(problem) from None
        return cls(auth, base_url)

    def send(
        self, verb: str, path: str, params: Mapping[str, Any], headers: Mapping[str, str], body: Any | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Send one request; redirects come back as they are.

        Returns:
            Status, headers with lower-case names, body.

        Raises:
            UnreachableError: The request never went out.
            DroppedError: There is no whole response to it.
        """
        try:
            self._requester.requestJson(verb, path, dict(params), dict(headers), body, self._connection)
            response = self._connection.last
            content = response.raw.read(decode_content=True)
        except requests.RequestException as error:
            raise _cause(error) from error
        except HTTPError as error:  # within the body
            raise DroppedError(type(error).__name__) from error
        return response.status_code, {name.lower(): value for name, value in response.headers.items()}, content

    @property
    def graphql_url(self) -> str:
        """The address of the GraphQL API, which lies beside the REST one."""
        return str(self._requester.graphql_url)

    def close(self) -> None:
        """Close the connections."""
        self._connection.close()
        self._requester.close()


def open_stream(url: str) -> tuple[int, Iterator[bytes]]:
    """Get a signed URL without any credentials.

    Returns:
        Status, and the chunks of the body. They raise DroppedError when the connection breaks or ends early.

    Raises:
        UnreachableError, DroppedError: Neither keeps the cause, whose text holds the URL.
    """
    session = requests.Session()
    session.auth = Requester.noopAuth  # otherwise requests would look for credentials in a .netrc file
    try:
        response = session.get(url, stream=True, timeout=TIMEOUT_SECONDS)
    except requests.RequestException as error:
        session.close()
        raise _cause(error) from None
    return response.status_code, _chunks(session, response)


def _chunks(session: requests.Session, response: requests.Response) -> Iterator[bytes]:
    try:
        yield from response.iter_content(CHUNK_BYTES)
    except requests.RequestException as error:
        raise _cause(error) from None
    finally:
        response.close()
        session.close()


def is_primary_limit(message: str) -> bool:
    """Return whether GitHub's message says that the hourly quota is used up."""
    return Requester.isPrimaryRateLimitError(message)


def is_secondary_limit(message: str) -> bool:
    """Return whether GitHub's message says that requests came too fast."""
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
    return (UnreachableError if no_connection else DroppedError)(type(error).__name__)
