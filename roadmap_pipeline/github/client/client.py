"""GitHub's REST API: repeated reads, writes that are sent once, whole lists, and errors that name the remedy.

Belongs here: everything between a path and its response as plain dicts. What is read and what it means belongs to
``github.ingest``; a single request is sent by ``sender``, judged by ``response``; when it is sent again is
``http.retry``'s to decide.

Reads are repeated on dropped connections, 5xx, responses that are none, and short rate limits. A write is sent again
only after GitHub refused it for its rate: where its outcome is unknown, :class:`AmbiguousWrite` tells the caller to
look before writing again.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit

from roadmap_pipeline.errors import ConfigurationError, RoadmapError
from roadmap_pipeline.github.client.credentials import (
    AppCredentials,
    Credentials,
    GitHubApp,
    InstallationCredentials,
    TokenCredentials,
)
from roadmap_pipeline.github.client.errors import (
    AmbiguousWrite,
    BudgetSpent,
    GitHubError,
    IncompleteList,
    MovedError,
    NotFoundError,
    Paused,
    RateLimited,
    UnknownRepository,
    refusal_error,
)
from roadmap_pipeline.github.client.graphql import GraphQL
from roadmap_pipeline.github.client.job_logs import LOG_STATES, DownloadFailed, LogState, download, log_address
from roadmap_pipeline.github.client.pacing import LONGEST_WAIT_SECONDS, announcing_retries, shared_pacers, wait_log
from roadmap_pipeline.github.client.paging import PER_PAGE, join_parts, list_key, may_be_followed, smaller_page_size
from roadmap_pipeline.github.client.response import Response, error_message, holds_error, rate_limit_refusal
from roadmap_pipeline.github.client.sender import MEDIA_TYPE, Sender
from roadmap_pipeline.http.errors import DroppedError, UnreachableError
from roadmap_pipeline.http.retry import Backoff, RetriesExhausted, RetryPolicy, TransientError

__all__ = [
    "DEFAULT_BASE_URL",
    "PER_PAGE",
    "TRIES",
    "AmbiguousWrite",
    "BudgetSpent",
    "GitHubApp",
    "GitHubClient",
    "GitHubError",
    "IncompleteList",
    "LogState",
    "MovedError",
    "NotFoundError",
    "Paused",
    "RateLimited",
    "Response",
    "UnknownRepository",
]

DEFAULT_BASE_URL = "https://api.github.com"
TRIES = 7
"""Tries for a read in all; with one response in five failing, one read in 80,000 fails for good."""
CONNECT_TRIES = 3
SPLIT_AFTER = 2
"""The 502 or 504 in a row that make a page count as too big for GitHub to put together in time."""
HOLES_PER_PAGE = 3
"""The items of a page that may be missing since GitHub fails to give them even alone."""
_TOO_SLOW = frozenset({502, 504})
_BACKOFF = Backoff(first=0.5, longest=16.0, jitter=(0.8, 1.2), is_first_immediate=True)
_RETRIES = RetryPolicy(_BACKOFF)

_tries: ContextVar[int] = ContextVar("tries", default=TRIES)


class _ReadFailed(TransientError):
    """A read failed in a way that may pass; ``status`` is 0 when there was no response."""

    def __init__(self, reason: str, status: int, max_retries: int) -> None:
        super().__init__(reason, max_retries=max_retries)
        self.status = status


class GitHubClient:
    """GitHub's REST API, version 2022-11-28. Threads may share it: each gets a connection of its own.

    Clients with the same credentials and settings share pace and quota. Every method may raise ConfigurationError
    (credentials not accepted, address unreachable), RateLimited and GitHubError.

    Args:
        credentials: A token or an installed GitHub App.
        base_url: The REST root.
        points_per_minute: None switches pacing off.
        quota_reserve: The share (0–1) of the hourly quota that is left to others.
    """

    def __init__(
        self,
        credentials: str | GitHubApp | Credentials,
        *,
        base_url: str = DEFAULT_BASE_URL,
        points_per_minute: int | None = 900,
        quota_reserve: float = 0.0,
    ) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
            raise ConfigurationError("GITHUB_API_URL must be an http or https address without credentials")
        self.base_url = base_url.rstrip("/")
        self._app: GitHubClient | None = None
        if isinstance(credentials, str):
            credentials = TokenCredentials(credentials)
        elif isinstance(credentials, GitHubApp):
            self._app = GitHubClient(
                AppCredentials(credentials), base_url=self.base_url, points_per_minute=points_per_minute
            )
            credentials = InstallationCredentials(credentials, self._app)
        self._credentials: Credentials = credentials
        pacers = shared_pacers(credentials.identity, self.base_url, points_per_minute, quota_reserve)
        self._sender = Sender(credentials, self.base_url, *pacers)
        self.graphql, self.quota = GraphQL(self._sender), pacers[0]
        self._viewer_login: str | None = None

    def __repr__(self) -> str:
        return f"GitHubClient(base_url={self.base_url!r})"

    @property
    def requests(self) -> int:
        """The requests that went out, repeated ones included; fetching tokens of an App is not counted."""
        return self._sender.requests

    @property
    def charged(self) -> int:
        """Those of the requests that REST's quota counts: all but the ones that found nothing new (304)."""
        return self._sender.charged

    @property
    def points(self) -> int:
        """The points of GraphQL's quota that were used."""
        return self._sender.points

    @property
    def writes(self) -> int:
        """The writing requests that went out."""
        return self._sender.writes

    @property
    def waiting_seconds(self) -> float:
        """The time in which threads had nothing to do but wait for the server, summed over them."""
        return self._sender.waiting_seconds

    def close(self) -> None:
        """Close the connections of all threads."""
        self._sender.close()
        if self._app is not None:
            self._app.close()

    def spending_at_most(self, budget: int | None, *, leaving: float = 0.0) -> AbstractContextManager[None]:
        """Within the block reads raise BudgetSpent once this client was charged ``budget`` units since it was made.

        A unit is a request by REST, or a point by GraphQL.

        Writes go on, and so does what is read outside of the block to make them.

        Args:
            budget: None: any number.
            leaving: The share of the hourly quota (0–1) that is left for those writes; where it is reached, requests of
                the block raise RateLimited.
        """
        return self._sender.spending_at_most(budget, leaving=leaving)

    @contextmanager
    def trying(self, tries: int) -> Iterator[None]:
        """Within the block, in this thread, a read is sent at most so often (default: 7 times)."""
        token = _tries.set(tries)
        try:
            yield
        finally:
            _tries.reset(token)

    def get(self, path: str, params: Mapping[str, Any] | None = None, etag: str | None = None) -> Response:
        """Read ``path``; with ``etag`` the response may be ``unchanged``.

        A page that GitHub can't put together in time (502, 504) is read as several smaller ones, down to single items:
        those that fail even then are its ``holes``. Such a response has no ``etag``.

        Args:
            path: From ``/``, below the REST root.
            params: Of the query.
            etag: The entity tag of an earlier response.

        Raises:
            NotFoundError: It isn't there, or the credentials may not see it.
            MovedError: The repository has another name now.
        """
        response = self._read(path, params or {}, {"If-None-Match": etag} if etag else {})
        if response.status == 200 or response.unchanged:
            return response
        raise self._refusal("GET", path, response)

    def pages(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        items_key: str | None = None,
        *,
        get: Callable[[str, Mapping[str, Any]], Response] | None = None,
    ) -> Iterator[list[dict[str, Any]]]:
        """Yield the pages of a list, read one by one.

        Args:
            path: From ``/``, below the REST root.
            params: Of the query.
            items_key: The name of the list in an envelope.
            get: Reads a page, as :meth:`get` does; :class:`.ResponseCache` has one that costs nothing where nothing
                changed.

        Raises:
            IncompleteList: After the pages that there are: GitHub counts more items than it lists.
        """
        page, listed, holes = 1, 0, 0
        before: list[dict[str, Any]] | None = None
        while True:
            query = {"per_page": PER_PAGE, **(params or {}), "page": page}
            response = (get or self.get)(path, query)
            items = response.items(items_key)
            if items is None:
                raise GitHubError(f"GET {path} answered 200 without the list of {items_key or 'items'}", status=200)
            if page > 1 and not items:
                break
            if items == before:
                raise IncompleteList(f"GET {path}: GitHub gives page {page - 1} again as page {page}", status=200)
            yield items
            listed, holes = listed + len(items), holes + len(response.holes)
            if not may_be_followed(response, len(items), listed):
                break
            page, before = page + 1, items
        if holes or listed < (response.total_count or 0):
            counted = response.total_count or listed + holes
            raise IncompleteList(f"GET {path}: GitHub counts {counted:,} and lists {listed:,}", status=200)

    def post(self, path: str, body: Mapping[str, Any]) -> Response:
        """Create something. Raises AmbiguousWrite when the outcome is unknown."""
        return self._write("POST", path, body)

    def patch(self, path: str, body: Mapping[str, Any]) -> Response:
        """Change something.

        Raises:
            AmbiguousWrite: The outcome is unknown.
        """
        return self._write("PATCH", path, body)

    def put(self, path: str, body: Mapping[str, Any] | None = None) -> Response:
        """Set something.

        Raises:
            AmbiguousWrite: The outcome is unknown.
        """
        return self._write("PUT", path, body)

    def delete(self, path: str) -> Response:
        """Remove something.

        Raises:
            AmbiguousWrite: The outcome is unknown.
            NotFoundError: It is gone.
        """
        return self._write("DELETE", path, None)

    def repository(self, name: str, etag: str | None = None) -> Response:
        """Return the repository called ``name`` (owner/name, old names too); its ``full_name`` is the canonical name.

        Raises:
            UnknownRepository: There is none that may be read with these credentials.
        """
        try:
            try:
                return self.get(f"/repos/{name}", etag=etag)
            except MovedError as moved:
                return self.get(urlsplit(moved.location).path.removeprefix(urlsplit(self.base_url).path))
        except NotFoundError as error:
            raise UnknownRepository(
                f"GITHUB_REPOSITORY: {name} does not exist or {self._credentials.variables} may not read it; "
                "give it as owner/name and grant access"
            ) from error
        except GitHubError as error:
            # 403: single sign-on, or blocked for its owner's terms; 451: blocked by law. Not for asking again.
            if isinstance(error, RateLimited) or error.status not in {403, 451}:
                raise
            raise UnknownRepository(
                f"GITHUB_REPOSITORY: {name} can't be read ({error.status} {error.message});"
                f" grant {self._credentials.variables} access or leave it out"
            ) from error

    def viewer_login(self) -> str:
        """Return the login of the account that writes are made as; asked for once."""
        if self._viewer_login is None:
            self._viewer_login = self._ask_viewer_login()
        return self._viewer_login

    def _ask_viewer_login(self) -> str:
        if (login := self._credentials.login()) is not None:
            return login
        try:
            return str(self.get("/user").data["login"])
        except GitHubError as error:
            if error.status != 403 or isinstance(error, RateLimited):
                raise
        # Tokens of a GitHub App may not ask /user; those of a workflow may belong to github-actions[bot] only.
        return self.graphql.viewer_login() or "github-actions[bot]"

    def job_log(self, repo: str, job_id: int) -> Iterator[bytes] | LogState:
        """Return the log of a finished job in chunks, or why there is none.

        GitHub answers 404 for an unfinished job too: look at the job first. The chunks raise GitHubError when the
        connection breaks; request the log again then, since the address they come from is valid for a minute only.
        """
        path = f"/repos/{repo}/actions/jobs/{job_id}/logs"
        tries = _tries.get()

        def attempt() -> Iterator[bytes] | LogState:
            response = self._read(path, {}, {}, is_raw=True)
            if response.status in LOG_STATES:
                return LOG_STATES[response.status]
            if response.status == 200:  # a proxy that has followed the address itself
                return iter([response.data])
            address = log_address(response, self.url(path), self.base_url)
            if address is None:
                raise self._refusal("GET", path, response)
            return download(path, address, tries - 1)

        try:
            return _RETRIES.call(attempt, announcing_retries("GET", f"{path}, where it leads", tries))
        except RetriesExhausted as end:
            status = end.last.status if isinstance(end.last, DownloadFailed) else 0
            raise GitHubError(
                f"the log of job {job_id} of {repo} could not be downloaded in {tries} tries: {end.last.reason}",
                status=status if status >= 500 else 0,
                message=f"where GitHub says that it lies: {end.last.reason}",
            ) from None

    def cache_key(self, path: str, params: Mapping[str, Any] | None = None) -> str:
        """Return the key of a response in a cache: entity tags differ by account, address and media type."""
        parts = (self._credentials.identity, self.url(path, params), MEDIA_TYPE)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def url(self, path: str, params: Mapping[str, Any] | None = None) -> str:
        """Return the address of ``path``."""
        return self._sender.url(path, params)

    def _read(
        self,
        path: str,
        params: Mapping[str, Any],
        headers: Mapping[str, str],
        missing: list[int] | None = None,
        *,
        is_raw: bool = False,
    ) -> Response:
        """Return any response below 500 but rate limits, after as many tries as it takes.

        Args:
            path: From ``/``, below the REST root.
            params: Of the query.
            headers: Beside those of every request.
            missing: Collects what is left out of a page that is read in parts.
            is_raw: Whether the response's ``data`` are bytes.
        """
        tries, slow_responses = _tries.get(), 0

        def attempt() -> Response:
            nonlocal slow_responses
            try:
                return self._read_once(path, params, headers, tries, is_raw=is_raw)
            except _ReadFailed as failure:
                if failure.status:
                    slow_responses = slow_responses + 1 if failure.status in _TOO_SLOW else 0
                # not at the first go over many things: most of what fails comes through when asked for once more
                may_split = slow_responses == SPLIT_AFTER and failure.status and tries > SPLIT_AFTER + 1
                size = smaller_page_size(params.get("per_page", 1)) if may_split else None
                if not size:
                    raise
                wait_log.warning("GET %s answered %s: the page is read by %d items", path, failure.reason, size)
                return self._read_parts(path, params, size, [] if missing is None else missing)

        try:
            return _RETRIES.call(attempt, announcing_retries("GET", path, tries))
        except RetriesExhausted as end:
            failure = end.last
            if isinstance(failure.__cause__, UnreachableError) and end.attempts >= CONNECT_TRIES:
                raise self._unreachable() from failure.__cause__
            times = f"{tries} times, last" if tries > 1 else "once,"
            text = f"GET {path} failed {times} with: {failure.reason}"
            status = failure.status if isinstance(failure, _ReadFailed) else 0
            raise GitHubError(text, status=status, message=failure.reason) from None

    def _read_once(
        self, path: str, params: Mapping[str, Any], headers: Mapping[str, str], tries: int, *, is_raw: bool
    ) -> Response:
        """Return a response as :meth:`_read` does. Raises _ReadFailed where another one may follow."""
        try:
            response = self._sender.send("GET", path, params, headers, None, is_raw=is_raw)
        except UnreachableError as error:
            raise _ReadFailed("no connection", 0, min(tries, CONNECT_TRIES) - 1) from error
        except DroppedError as error:
            raise _ReadFailed(f"the connection broke ({error})", 0, tries - 1) from error
        if response.status == 401:
            raise self._refusal("GET", path, response)
        is_held_back = self._is_held_back(response)
        if not is_held_back and response.status < 500 and response.status != 202 and not holds_error(response):
            return response
        reason = f"{response.status} {error_message(response)}".strip()
        raise _ReadFailed(reason, 429 if is_held_back else response.status, tries - 1)

    def _read_parts(self, path: str, params: Mapping[str, Any], size: int, missing: list[int]) -> Response:
        """Return a page as several of ``size`` items, for which GitHub has more time.

        ``missing`` collects the items (by their number in the list) that it fails to give even alone. Raises
        GitHubError when they are too many.
        """
        per_page, page = params["per_page"], params.get("page", 1)
        parts: list[Response | None] = []
        for number in range((page - 1) * per_page // size + 1, page * per_page // size + 1):
            try:
                with self.trying(SPLIT_AFTER if size == 1 else SPLIT_AFTER + 2):
                    part = self._read(path, {**params, "per_page": size, "page": number}, {}, missing)
            except GitHubError as error:
                if size > 1 or error.status not in _TOO_SLOW:
                    raise
                missing.append(number)
                if len(missing) > HOLES_PER_PAGE:
                    raise
                parts.append(None)
                continue
            if part.status != 200:
                return part
            parts.append(part)
            if not part.has_next and len(part.items(list_key(part)) or ()) < size:
                break
        return join_parts(parts)

    def _write(self, verb: str, path: str, body: Mapping[str, Any] | None) -> Response:
        def attempt() -> Response:
            try:
                response = self._sender.send(verb, path, {}, {}, body)
            except UnreachableError as error:
                raise self._unreachable() from error
            except DroppedError as error:
                raise AmbiguousWrite(f"{verb} {path}: the outcome is unknown ({error})") from error
            if self._is_held_back(response):
                # a request refused for its rate was not carried out: sending it again is safe
                raise TransientError(f"{response.status} {error_message(response)}", max_retries=TRIES - 1)
            return response

        try:
            response = _RETRIES.call(attempt, announcing_retries(verb, path, TRIES))
        except RetriesExhausted:
            raise RateLimited(LONGEST_WAIT_SECONDS) from None
        if response.status >= 500:
            raise AmbiguousWrite(
                f"{verb} {path} answered {response.status} {error_message(response)}: the outcome is unknown",
                status=response.status,
            )
        if response.status >= 300:
            raise self._refusal(verb, path, response)
        return response

    def _is_held_back(self, response: Response) -> bool:
        """Return whether GitHub refused for its rate; then all threads hold still.

        Raises:
            RateLimited: They would have to for a long while.
        """
        refusal = rate_limit_refusal(response)
        if refusal is None:
            return False
        held = self._sender.pacer.refused(refusal.seconds, response.sent_at, refusal.reason)
        if held > LONGEST_WAIT_SECONDS:
            raise RateLimited(held)
        return True

    def _unreachable(self) -> ConfigurationError:
        return ConfigurationError(
            f"GITHUB_API_URL: {self.base_url} can't be reached; check the address and the network"
        )

    def _refusal(self, verb: str, path: str, response: Response) -> RoadmapError:
        """Return the error that says why a request was refused, and what to do."""
        if response.status == 401:
            return ConfigurationError(
                f"{self._credentials.variables}: not accepted by {self.base_url} (401 {error_message(response)}):"
                " wrong, expired or revoked"
            )
        return refusal_error(f"{verb} {path}", response.status, error_message(response), response.headers)
