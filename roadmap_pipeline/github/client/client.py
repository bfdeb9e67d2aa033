"""How requests reach GitHub: pacing, repeating reads, and errors that name the remedy.

Belongs here: everything between a path and its answer as plain dicts. What is read and what it means belongs to
``github.ingest``; PyGithub itself is wrapped by ``connection``, who asks is told by ``credentials``, how fast by
``pacing``.

Reads are repeated on dropped connections, 5xx, answers that are none, and short rate limits. A write is sent again only
after GitHub refused it for its rate: where its outcome is unknown, :class:`AmbiguousWrite` tells the caller to look
before writing again.
"""

import hashlib
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urljoin, urlsplit

from roadmap_pipeline import interruption
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
)
from roadmap_pipeline.github.client.pacing import LONGEST_WAIT_SECONDS, Pacer, answered_at, shared_pacer, waits
from roadmap_pipeline.github.client.paging import PER_PAGE, Answer, joined, list_key, may_be_followed, smaller
from roadmap_pipeline.github.payloads.normalization import read_json

if TYPE_CHECKING:
    from roadmap_pipeline.github.client.connection import Connection

__all__ = [
    "DEFAULT_BASE_URL",
    "PER_PAGE",
    "AmbiguousWrite",
    "Answer",
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
    "UnknownRepository",
]

DEFAULT_BASE_URL = "https://api.github.com"
MEDIA_TYPE = "application/vnd.github+json"
TRIES = 7
"""How often a read is sent in all; with one answer in five failing, one read in 80,000 fails for good."""
CONNECT_TRIES = 3
SPLIT_AFTER = 2
"""How many 502 or 504 in a row make a page count as too big for GitHub to put together in time."""
HOLES_PER_PAGE = 3
"""How many items of a page may be missing that GitHub fails to give even alone."""
_TOO_SLOW = frozenset({502, 504})
_ERROR_KEYS = {"message", "documentation_url", "status", "errors"}

_tries: ContextVar[int] = ContextVar("tries", default=TRIES)

logger = logging.getLogger("roadmap_pipeline.github.requests")
"""One line a request; addresses without the query where that is a secret, never headers or bodies."""


class LogState(StrEnum):
    """Why a job's log can't be read."""

    EXPIRED = "expired"
    MISSING = "missing"


class GitHubClient:
    """GitHub's REST API, version 2022-11-28. Threads may share it: each gets a connection of its own.

    ``credentials`` are a token or an installed GitHub App. ``points_per_minute`` None switches pacing off;
    ``quota_reserve`` is the share (0–1) of the hourly quota that is left to others. Clients with the same credentials
    and settings share pace and quota.

    Every method may raise ConfigurationError (credentials not accepted, address unreachable), RateLimited and
    GitHubError.
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
        self.requests = 0
        """Requests that went out, repeated ones included; fetching tokens of an App is not counted."""
        self.charged = 0
        """Those of them that GitHub counts: all but the ones that found nothing new (304)."""
        self.writes = 0
        """Writing requests that went out."""
        self.waiting_seconds = 0.0
        """Time in which threads had nothing to do but wait for the server, summed over them."""
        self._app: GitHubClient | None = None
        if isinstance(credentials, str):
            credentials = TokenCredentials(credentials)
        elif isinstance(credentials, GitHubApp):
            self._app = GitHubClient(
                AppCredentials(credentials), base_url=self.base_url, points_per_minute=points_per_minute
            )
            credentials = InstallationCredentials(credentials, self._app)
        self._credentials: Credentials = credentials
        self._open_connection: Callable[[], Connection] = lambda: self._credentials.open_connection(self.base_url)
        self._pacer: Pacer = shared_pacer(credentials.identity, self.base_url, points_per_minute, quota_reserve)
        self._budget: int | None = None
        self._leaving = 0.0
        self._lock = threading.Lock()
        self._local = threading.local()
        self._connections: list[Connection] = []

    def __repr__(self) -> str:
        return f"GitHubClient(base_url={self.base_url!r})"

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            connections, self._connections = self._connections, []
            self._local = threading.local()
        for connection in connections:
            connection.close()
        if self._app is not None:
            self._app.close()

    @contextmanager
    def spending_at_most(self, budget: int | None, *, leaving: float = 0.0) -> Iterator[None]:
        """Within the block reads raise BudgetSpent once this client was charged ``budget`` requests since it was made.

        None: any number. Writes go on, and so does what is read outside of the block to make them; for these a share of
        the hourly quota is left (``leaving``, 0–1), where requests of the block raise RateLimited.
        """
        self._budget, self._leaving = budget, leaving
        try:
            yield
        finally:
            self._budget, self._leaving = None, 0.0

    @contextmanager
    def trying(self, tries: int) -> Iterator[None]:
        """Within the block, in this thread, a read is sent at most so often (default: 7 times)."""
        token = _tries.set(tries)
        try:
            yield
        finally:
            _tries.reset(token)

    def get(self, path: str, params: Mapping[str, Any] | None = None, etag: str | None = None) -> Answer:
        """Read ``path`` (from ``/``, below the REST root); with ``etag`` the answer may be ``unchanged``.

        A page that GitHub can't put together in time (502, 504) is read as several smaller ones, down to single items:
        those that fail even then are its ``holes``. Such an answer has no ``etag``.
        Raises NotFoundError, MovedError.
        """
        answer = self._read(path, params or {}, {"If-None-Match": etag} if etag else {})
        if answer.status == 200 or answer.unchanged:
            return answer
        raise self._refusal("GET", path, answer)

    def pages(
        self, path: str, params: Mapping[str, Any] | None = None, items_key: str | None = None
    ) -> Iterator[list[dict[str, Any]]]:
        """The pages of a list, read one by one; ``items_key`` names the list in an envelope.

        Raises IncompleteList, after the pages that there are, when GitHub counts more items than it lists.
        """
        page, listed, holes = 1, 0, 0
        before: list[dict[str, Any]] | None = None
        while True:
            answer = self.get(path, {"per_page": PER_PAGE, **(params or {}), "page": page})
            items = answer.items(items_key)
            if items is None:
                raise GitHubError(f"GET {path} answered 200 without the list of {items_key or 'items'}", status=200)
            if page > 1 and not items:
                break
            if items == before:
                raise IncompleteList(f"GET {path}: GitHub gives page {page - 1} again as page {page}", status=200)
            yield items
            listed, holes = listed + len(items), holes + len(answer.holes)
            if not may_be_followed(answer, len(items), listed):
                break
            page, before = page + 1, items
        if holes or listed < (answer.total_count or 0):
            counted = answer.total_count or listed + holes
            raise IncompleteList(f"GET {path}: GitHub counts {counted:,} and lists {listed:,}", status=200)

    def post(self, path: str, body: Mapping[str, Any]) -> Answer:
        """Create something. Raises AmbiguousWrite when the outcome is unknown."""
        return self._write("POST", path, body)

    def patch(self, path: str, body: Mapping[str, Any]) -> Answer:
        """Change something. Raises AmbiguousWrite when the outcome is unknown."""
        return self._write("PATCH", path, body)

    def put(self, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        """Set something. Raises AmbiguousWrite when the outcome is unknown."""
        return self._write("PUT", path, body)

    def delete(self, path: str) -> Answer:
        """Remove something. Raises AmbiguousWrite when the outcome is unknown, NotFoundError when it is gone."""
        return self._write("DELETE", path, None)

    def repository(self, name: str, etag: str | None = None) -> Answer:
        """The repository called ``name`` (owner/name, old names too); its ``full_name`` is the canonical name.

        Raises UnknownRepository when there is none that may be read with these credentials.
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
        """Login of the account that writes are made as."""
        if (login := self._credentials.login()) is not None:
            return login
        try:
            return str(self.get("/user").data["login"])
        except GitHubError as error:
            if error.status != 403 or isinstance(error, RateLimited):
                raise
        # Tokens of a GitHub App may not ask /user; those of a workflow may belong to github-actions[bot] only.
        return self._viewer_by_graphql() or "github-actions[bot]"

    def job_log(self, repo: str, job_id: int) -> Iterator[bytes] | LogState:
        """The log of a finished job in chunks, or why there is none.

        GitHub answers 404 for an unfinished job too: look at the job first. The chunks raise GitHubError when the
        connection breaks; ask again then, since the address they come from is valid for a minute only.
        """
        from roadmap_pipeline.github.client import connection

        path = f"/repos/{repo}/actions/jobs/{job_id}/logs"
        tries = _tries.get()
        failure, failed_with = "", 0
        for attempt in range(tries):
            answer = self._read(path, {}, {}, is_raw=True)
            if answer.status in _LOG_STATES:
                return _LOG_STATES[answer.status]
            if answer.status == 200:  # a proxy that has followed the address itself
                return iter([answer.data])
            if answer.status not in _REDIRECTS or "location" not in answer.headers:
                raise self._refusal("GET", path, answer)
            address = urljoin(self.url(path), answer.headers["location"])
            if answer.status != 302 and not _is_elsewhere(address, self.base_url):
                raise self._refusal("GET", path, answer)  # the repository has another name
            started = time.monotonic()
            try:
                status, chunks = connection.open_stream(address)
            except (connection.DroppedError, connection.UnreachableError) as error:
                failure, failed_with = str(error), 0
            else:
                milliseconds = 1000 * (time.monotonic() - started)
                logger.debug("GET %s, where it leads: %d in %.0f ms", path, status, milliseconds)
                if status == 200:
                    return self._log_chunks(path, chunks)
                for _ in chunks:  # read to the end, so that the connection is closed properly
                    pass
                if status in _LOG_STATES:
                    return _LOG_STATES[status]
                failure, failed_with = str(status), status  # 403: the address has run out; 5xx: passes
            if attempt + 1 < tries:
                _wait("GET", f"{path}, where it leads", failure, attempt, tries)
        raise GitHubError(
            f"the log of job {job_id} of {repo} could not be downloaded in {tries} tries: {failure}",
            status=failed_with if failed_with >= 500 else 0,
            message=f"where GitHub says that it lies: {failure}",
        )

    def cache_key(self, path: str, params: Mapping[str, Any] | None = None) -> str:
        """Key of an answer in ``raw.http_cache``: entity tags differ by who asks, address and media type."""
        parts = (self._credentials.identity, self.url(path, params), MEDIA_TYPE)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def url(self, path: str, params: Mapping[str, Any] | None = None) -> str:
        """The address of ``path``."""
        query = urlencode(sorted((params or {}).items()))
        return f"{self.base_url}{path}" + (f"?{query}" if query else "")

    def _log_chunks(self, path: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
        from roadmap_pipeline.github.client import connection

        try:
            yield from chunks
        except connection.DroppedError as error:
            raise GitHubError(f"{path}: the connection broke while the log was read") from error

    def _viewer_by_graphql(self) -> str | None:
        """Login of the token's owner as GraphQL tells it, which every token may ask; None when it doesn't."""
        from roadmap_pipeline.github.client import connection

        self._admit(is_write=False)
        try:
            _, _, content = self._connection().graphql("query { viewer { login } }")
        except (connection.DroppedError, connection.UnreachableError):
            return None
        answer = _parse(content)
        data = answer.get("data") if isinstance(answer, dict) else None
        login = ((data or {}).get("viewer") or {}).get("login")
        return str(login) if login else None

    def _read(
        self,
        path: str,
        params: Mapping[str, Any],
        headers: Mapping[str, str],
        missing: list[int] | None = None,
        *,
        is_raw: bool = False,
    ) -> Answer:
        """Any answer below 500 but rate limits, after as many tries as it takes; ``is_raw``: its ``data`` are bytes.

        ``missing`` collects what is left out of a page that is read in parts.
        """
        from roadmap_pipeline.github.client import connection

        failure, status, too_slow, tries = "", 0, 0, _tries.get()
        for attempt in range(tries):
            try:
                answer = self._send("GET", path, params, headers, None, is_raw=is_raw)
            except connection.UnreachableError as error:
                if attempt + 1 >= CONNECT_TRIES:
                    raise self._unreachable() from error
                failure, status = "no connection", 0
            except connection.DroppedError as error:
                failure, status = f"the connection broke ({error})", 0
            else:
                if answer.status == 401:
                    raise self._refusal("GET", path, answer)
                is_held_back = self._is_held_back(answer)
                if not is_held_back and answer.status < 500 and answer.status != 202 and not _is_broken(answer):
                    return answer
                failure = f"{answer.status} {_message(answer)}".strip()
                status = 429 if is_held_back else answer.status
                too_slow = too_slow + 1 if status in _TOO_SLOW else 0
                # not at the first go over many things: most of what fails comes through when asked for once more
                if too_slow == SPLIT_AFTER and tries > SPLIT_AFTER + 1 and (size := smaller(params.get("per_page", 1))):
                    waits.warning("GET %s answered %s: the page is read by %d items", path, failure, size)
                    return self._read_parts(path, params, size, [] if missing is None else missing)
            if attempt + 1 < tries:
                _wait("GET", path, failure, attempt, tries)
        times = f"{tries} times, last" if tries > 1 else "once,"
        raise GitHubError(f"GET {path} failed {times} with: {failure}", status=status, message=failure)

    def _read_parts(self, path: str, params: Mapping[str, Any], size: int, missing: list[int]) -> Answer:
        """A page as several of ``size`` items, for which GitHub has more time.

        ``missing`` collects the items (by their number in the list) that it fails to give even alone. Raises
        GitHubError when they are too many.
        """
        per_page, page = params["per_page"], params.get("page", 1)
        parts: list[Answer | None] = []
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
        return joined(parts)

    def _write(self, verb: str, path: str, body: Mapping[str, Any] | None) -> Answer:
        from roadmap_pipeline.github.client import connection

        for attempt in range(TRIES):
            try:
                answer = self._send(verb, path, {}, {}, body)
            except connection.UnreachableError as error:
                raise self._unreachable() from error
            except connection.DroppedError as error:
                raise AmbiguousWrite(f"{verb} {path}: the outcome is unknown ({error})") from error
            if not self._is_held_back(answer):
                break
            # a request refused for its rate was not carried out: sending it again is safe
            _wait(verb, path, f"{answer.status} {_message(answer)}", attempt)
        else:
            raise RateLimited(LONGEST_WAIT_SECONDS)
        if answer.status >= 500:
            raise AmbiguousWrite(
                f"{verb} {path} answered {answer.status} {_message(answer)}: the outcome is unknown",
                status=answer.status,
            )
        if answer.status >= 300:
            raise self._refusal(verb, path, answer)
        return answer

    def _is_held_back(self, answer: Answer) -> bool:
        """Whether GitHub refused for its rate; then all threads hold still. Raises RateLimited for a long while."""
        limit = _limit(answer)
        if limit is None:
            return False
        held = self._pacer.refused(limit.seconds, answer.sent_at, limit.reason)
        if held > LONGEST_WAIT_SECONDS:
            raise RateLimited(held)
        return True

    def _send(
        self,
        verb: str,
        path: str,
        params: Mapping[str, Any],
        headers: Mapping[str, str],
        body: Any | None,
        *,
        may_renew: bool = True,
        is_raw: bool = False,
    ) -> Answer:
        """One request and its answer, whatever it says; a refused token that can be renewed is, once.

        With ``is_raw`` the body of an answer of 200 stays bytes.
        """
        from roadmap_pipeline.github.client import connection

        self._admit(is_write=verb != "GET")
        given = {name: value for name, value in params.items() if value is not None}
        mine = self._connection()
        sent_at, busy_before = time.monotonic(), time.thread_time()
        try:
            status, answered, content = mine.send(verb, path, given, {"Accept": MEDIA_TYPE, **headers}, body)
        except (connection.DroppedError, connection.UnreachableError) as error:
            logger.debug("%s %s: %s (%s)", verb, self.url(path, given), type(error).__name__, error)
            raise
        finally:
            seconds = time.monotonic() - sent_at
            with self._lock:
                self.waiting_seconds += max(0.0, seconds - (time.thread_time() - busy_before))
        if status == 304:
            with self._lock:
                self.charged -= 1
        logger.debug(
            "%s %s: %d in %.0f ms, %d bytes%s, %s requests left",
            verb,
            self.url(path, given),
            status,
            1000 * seconds,
            len(content),
            " (unchanged)" if status == 304 else "",
            answered.get("x-ratelimit-remaining", "?"),
        )
        is_text = is_raw and status == 200
        answer = Answer(status, answered, content if is_text else _parse(content) if content else None, sent_at)
        self._pacer.note(answered, sent_at, refused=_limit(answer) is not None)
        if status == 401 and may_renew and self._credentials.renew():
            waits.info("%s %s answered 401: it is asked again with a new token", verb, path)
            return self._send(verb, path, params, headers, body, may_renew=False, is_raw=is_raw)
        if answer.data is None and 200 <= status < 300 and (content or (verb == "GET" and status == 200)):
            kind = answered.get("content-type", "no type").partition(";")[0]
            raise connection.DroppedError(f"an answer of {len(content)} bytes of {kind} is not JSON")
        return answer

    def _admit(self, *, is_write: bool) -> None:
        """Count a request that is about to go out, when it may. Raises BudgetSpent, RateLimited."""
        interruption.check()
        with self._lock:
            if self._budget is not None and not is_write and self.charged >= self._budget:
                raise BudgetSpent(self.charged, self._budget)
            self.charged += 1
        try:
            self._pacer.admit(is_write=is_write, leaving=self._leaving)
        except RateLimited:
            with self._lock:
                self.charged -= 1
            raise
        with self._lock:
            self.requests += 1
            self.writes += is_write

    def _connection(self) -> "Connection":
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._open_connection()
            with self._lock:
                self._connections.append(connection)
        return connection

    def _unreachable(self) -> ConfigurationError:
        return ConfigurationError(
            f"GITHUB_API_URL: {self.base_url} can't be reached; check the address and the network"
        )

    def _refusal(self, verb: str, path: str, answer: Answer) -> RoadmapError:
        message = _message(answer)
        if answer.status == 401:
            return ConfigurationError(
                f"{self._credentials.variables}: not accepted by {self.base_url} (401 {message}):"
                " wrong, expired or revoked"
            )
        text = f"{verb} {path} answered {answer.status} {message}".strip()
        if answer.status == 404:
            return NotFoundError(text, status=404, message=message)
        if answer.status in {301, 307, 308}:
            location = answer.headers.get("location", "")
            return MovedError(f"{text}: the repository has another name now", location=location)
        return GitHubError(text, status=answer.status, message=message)


_LOG_STATES = {404: LogState.MISSING, 410: LogState.EXPIRED}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def _is_elsewhere(address: str, base_url: str) -> bool:
    return urlsplit(address).netloc != urlsplit(base_url).netloc


@dataclass(frozen=True, slots=True)
class _Limit:
    """A refusal for the rate: why, and the seconds after which to try again (None: GitHub names no time)."""

    reason: str
    seconds: float | None


def _limit(answer: Answer) -> _Limit | None:
    """What a refusal for the rate asks for, by GitHub's rules: Retry-After first, then the reset of a used-up quota.

    None when the answer is no such refusal.
    """
    from roadmap_pipeline.github.client import connection

    if answer.status not in {403, 429}:
        return None
    message = _message(answer)
    reason = f"GitHub answered {answer.status} {message}".strip()
    after = answer.headers.get("retry-after", "")
    if after.isdigit():
        return _Limit(reason, float(after))
    if connection.is_primary_limit(message) or answer.headers.get("x-ratelimit-remaining") == "0":
        reset = answer.headers.get("x-ratelimit-reset", "")
        return _Limit(reason, max(0.0, float(reset) - answered_at(answer.headers)) + 1 if reset.isdigit() else None)
    return _Limit(reason, None) if answer.status == 429 or connection.is_secondary_limit(message) else None


def _is_broken(answer: Answer) -> bool:
    """Whether an answer of 200 holds an error instead of what was asked for."""
    data = answer.data
    return answer.status == 200 and isinstance(data, dict) and "message" in data and data.keys() <= _ERROR_KEYS


def _parse(content: bytes) -> Any:
    try:
        return read_json(content)
    except ValueError:
        return None


def _message(answer: Answer) -> str:
    """GitHub's words, with what it says about single fields."""
    if not isinstance(answer.data, dict):
        return ""
    details = [
        str(error.get("message") or f"{error.get('field')}: {error.get('code')}")
        if isinstance(error, dict)
        else str(error)
        for error in answer.data.get("errors") or []
    ]
    return " – ".join([str(answer.data.get("message", "")), *details])


def _wait(verb: str, path: str, failure: str, attempt: int, tries: int = TRIES) -> None:
    """Say that a request is repeated, and let some time pass before it is."""
    seconds = _backoff(attempt)
    waits.info("%s %s: %s; try %d of %d in %.1f s", verb, path, failure, attempt + 2, tries, seconds)
    interruption.sleep(seconds)


def _backoff(attempt: int) -> float:
    """Seconds before the next try: 0, 0.5, 1, 2, … up to 16, spread so that threads don't march in step."""
    return 0.0 if attempt == 0 else min(16.0, 0.25 * 2**attempt) * random.uniform(0.8, 1.2)  # noqa: S311
