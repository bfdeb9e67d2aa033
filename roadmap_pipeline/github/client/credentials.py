"""The accounts that send requests: a token, or the installation of a GitHub App whose tokens live for an hour.

Belongs here: where the token of a request comes from, how a new one is fetched, and which variables to look at when it
is refused. Reading the environment is :mod:`roadmap_pipeline.settings`'.

Secrets are in :class:`pydantic.SecretStr` or in attributes without a repr: no log, repr or error shows them.
"""

import hashlib
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from pydantic import SecretStr

from roadmap_pipeline.discovery import is_pattern, owner_of
from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.github.client.errors import AmbiguousWrite, GitHubError, MovedError, NotFoundError, RateLimited
from roadmap_pipeline.http.ambiguous_writes import repeat_until_certain

if TYPE_CHECKING:
    from roadmap_pipeline.github.client.client import GitHubClient
    from roadmap_pipeline.github.client.connection import Connection
    from roadmap_pipeline.github.client.response import Response

RENEWED_BEFORE_END = timedelta(minutes=5)
"""A request that waits for its turn after it got its token must not arrive too late."""
_TOKEN_TRIES = 3


@dataclass(frozen=True, slots=True)
class GitHubApp:
    """A GitHub App and where it is installed. Without ``installation_id`` it is looked up by ``repository``."""

    app_id: str
    private_key: SecretStr
    """PEM text."""
    installation_id: int | None = None
    repository: str | None = None
    """owner/name of one that the installation covers, or a pattern of its owner's."""


class Credentials(Protocol):
    """The account that sends requests, as far as a client needs to know it."""

    identity: str
    """Names the account whose quota is used, the same in every process; no secret can be read from it."""
    variables: str
    """The environment variables to look at when GitHub doesn't accept them."""

    def open_connection(self, base_url: str) -> "Connection":
        """Return a connection that sends these credentials."""
        ...

    def renew(self) -> bool:
        """Return, after a 401, whether the next try will have another token."""
        ...

    def login(self) -> str | None:
        """Return the login that writes get, where that needs no request of the account itself."""
        ...


class TokenCredentials:
    """A token that stays the same."""

    variables = "GITHUB_TOKEN"

    def __init__(self, token: str) -> None:
        if not token.isascii() or not token.isprintable() or not token.strip() or token != token.strip():
            # requests would quote the offending header, token and all
            raise ConfigurationError("GITHUB_TOKEN is empty or holds blanks or characters that no token has")
        self._token = SecretStr(token)
        self.identity = hashlib.sha256(token.encode()).hexdigest()

    def open_connection(self, base_url: str) -> "Connection":
        """Return a connection that sends the token."""
        from roadmap_pipeline.github.client.connection import Connection

        return Connection.with_token(self._token.get_secret_value, base_url)

    def renew(self) -> bool:
        """Return False: a refused token stays refused."""
        return False

    def login(self) -> None:
        """Return nothing: only GitHub knows."""


class AppCredentials:
    """The App itself, which may do little more than fetch tokens of its installations."""

    variables = "GITHUB_APP_ID, GITHUB_APP_PRIVATE_KEY"

    def __init__(self, app: GitHubApp) -> None:
        self._app = app
        self.identity = hashlib.sha256(f"app {app.app_id}".encode()).hexdigest()

    def open_connection(self, base_url: str) -> "Connection":
        """Return a connection that signs each request anew.

        Raises:
            ConfigurationError: The key is none.
        """
        from roadmap_pipeline.github.client.connection import Connection

        return Connection.with_app(self._app.app_id, self._app.private_key.get_secret_value(), base_url)

    def renew(self) -> bool:
        """Return False: every request is signed anew as it is."""
        return False

    def login(self) -> None:
        """Return nothing: an App does not write."""


class InstallationCredentials:
    """The installation of an App: its token is fetched when it is needed, for all threads at once, and before its end.

    PyGithub's ``AppInstallationAuth`` does as much for one thread, but logs the answer that holds the token.

    ``identity`` stays the same while tokens come and go. It keys the cache of entity tags: if these differ by token, as
    GHALogs saw, one of the last hour is answered in full, as no tag would be; if they don't, the answer is free.
    """

    variables = "GITHUB_APP_ID, GITHUB_APP_PRIVATE_KEY, GITHUB_APP_INSTALLATION_ID"

    def __init__(self, app: GitHubApp, ask: "GitHubClient", now: Callable[[], datetime] | None = None) -> None:
        """Return ``ask`` is a client with the App's own credentials; ``now`` stands for the clock (aware)."""
        if app.installation_id is None and app.repository is None:
            raise ConfigurationError("GITHUB_APP_INSTALLATION_ID is not set and no repository is named to find it by")
        # An account has one installation of an App, so that the owner names it as well.
        place = app.installation_id or str(app.repository).partition("/")[0].casefold()
        self.identity = hashlib.sha256(f"app {app.app_id} installation {place}".encode()).hexdigest()
        self._app = app
        self._ask = ask
        self._now = now or (lambda: datetime.now(UTC))
        self._lock = threading.Lock()
        self._installation_id = app.installation_id
        self._token: SecretStr | None = None
        self._ends_at = datetime.min.replace(tzinfo=UTC)
        self._login: str | None = None

    def open_connection(self, base_url: str) -> "Connection":
        """Return a connection that sends the token of the moment."""
        from roadmap_pipeline.github.client.connection import Connection

        return Connection.with_token(self._current, base_url)

    def renew(self) -> bool:
        """Drop the token that was refused, since it was revoked or a clock is wrong, and return True."""
        with self._lock:
            self._token = None
        return True

    def login(self) -> str:
        """Return the login of the App's bot, which is the author of what its installations write."""
        if self._login is None:
            self._login = f"{self._ask.get('/app').data['slug']}[bot]"
        return self._login

    def _current(self) -> str:
        with self._lock:
            if self._token is None or self._ends_at - RENEWED_BEFORE_END < self._now():
                if self._installation_id is None:
                    self._installation_id = self._find()
                self._token, self._ends_at = self._fetch(self._installation_id)
            return self._token.get_secret_value()

    def _find(self) -> int:
        place = str(self._app.repository)
        try:
            response = self._of_owner(owner_of(place)) if is_pattern(place) else self._of_repository(place)
        except NotFoundError as error:
            raise ConfigurationError(
                f"GITHUB_APP_ID: the app {self._app.app_id} is not installed on {self._app.repository};"
                " install it there, or set GITHUB_APP_INSTALLATION_ID"
            ) from error
        return int(response.data["id"])

    def _of_owner(self, owner: str) -> "Response":
        try:
            return self._ask.get(f"/orgs/{owner}/installation")
        except NotFoundError:
            return self._ask.get(f"/users/{owner}/installation")

    def _of_repository(self, name: str) -> "Response":
        try:
            return self._ask.get(f"/repos/{name}/installation")
        except MovedError as moved:
            return self._ask.get(urlsplit(moved.location).path.removeprefix(urlsplit(self._ask.base_url).path))

    def _fetch(self, installation_id: int) -> tuple[SecretStr, datetime]:
        path = f"/app/installations/{installation_id}/access_tokens"
        try:
            # a token that nobody uses does no harm
            response = repeat_until_certain(lambda: self._ask.post(path, {}), attempts=_TOKEN_TRIES)
        except (AmbiguousWrite, RateLimited):
            raise
        except GitHubError as error:
            raise ConfigurationError(
                f"GITHUB_APP_INSTALLATION_ID: GitHub gives the app {self._app.app_id} no token for the installation"
                f" {installation_id} ({error.status} {error.message})"
            ) from error
        return SecretStr(response.data["token"]), datetime.fromisoformat(response.data["expires_at"])


def pem_text(text: str) -> str | None:
    """Return a private key as PEM text, its line ends perhaps written as ``\\n`` as in .env files; None for others."""
    text = text.replace("\\n", "\n").strip()
    return text if re.match(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s", text) else None
