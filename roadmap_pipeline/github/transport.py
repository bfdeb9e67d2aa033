"""How requests reach GitHub: pacing, repeating reads, and errors that name the remedy.

Belongs here: everything between a path and its answer as plain dicts. What is read and what it means belongs to
:mod:`~roadmap_pipeline.github.ingest`; PyGithub itself is wrapped by :mod:`~roadmap_pipeline.github.wire`, who asks is
:mod:`~roadmap_pipeline.github.credentials`', how fast :mod:`~roadmap_pipeline.github.pacing`'s.

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
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from roadmap_pipeline.errors import ConfigurationError, RoadmapError
from roadmap_pipeline.github.credentials import (
    AppCredentials,
    Credentials,
    GitHubApp,
    InstallationCredentials,
    TokenCredentials,
)
from roadmap_pipeline.github.errors import (
    AmbiguousWrite,
    BudgetSpent,
    GitHubError,
    MovedError,
    NotFoundError,
    RateLimited,
    UnknownRepository,
)
from roadmap_pipeline.github.pacing import LONGEST_WAIT_SECONDS, Pacer, answered_at, shared_pacer, waits

if TYPE_CHECKING:
    from roadmap_pipeline.github.wire import Wire

__all__ = [
    "DEFAULT_BASE_URL",
    "PER_PAGE",
    "AmbiguousWrite",
    "Answer",
    "BudgetSpent",
    "GitHubApp",
    "GitHubClient",
    "GitHubError",
    "LogState",
    "MovedError",
    "NotFoundError",
    "RateLimited",
    "UnknownRepository",
]

DEFAULT_BASE_URL = "https://api.github.com"
MEDIA_TYPE = "application/vnd.github+json"
PER_PAGE = 100

TRIES = 7
"""How often a read is sent in all; with one answer in five failing, one read in 80,000 fails for good."""
CONNECT_TRIES = 3
HALVED_AFTER = 2
"""How many 502 or 504 in a row make a page count as too big for GitHub to put together in time."""
_ERROR_KEYS = {"message", "documentation_url", "status", "errors"}

logger = logging.getLogger("roadmap_pipeline.github.requests")
"""One line a request; addresses without the query where that is a secret, never headers or bodies."""


class LogState(StrEnum):
    """Why a job's log can't be read."""

    EXPIRED = "expired"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: ``data`` is the parsed JSON (None for 304 and empty ones), header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    data: Any
    sent_at: float = 0.0
    """When the request went out (:func:`time.monotonic`)."""

    @property
    def unchanged(self) -> bool:
        """Whether a conditional request found nothing new (304)."""
        return self.status == 304

    @property
    def etag(self) -> str | None:
        """Entity tag to ask with next time."""
        return self.headers.get("etag")

    @property
    def has_next(self) -> bool:
        """Whether a further page follows."""
        return 'rel="next"' in self.headers.get("link", "")


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
        self._open_wire: Callable[[], Wire] = lambda: self._credentials.open_wire(self.base_url)
        self._pacer: Pacer = shared_pacer(credentials.identity, self.base_url, points_per_minute, quota_reserve)
        self._budget: int | None = None
        self._lock = threading.Lock()
        self._local = threading.local()
        self._wires: list[Wire] = []

    def __repr__(self) -> str:
        return f"GitHubClient(base_url={self.base_url!r})"

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            wires, self._wires = self._wires, []
            self._local = threading.local()
        for wire in wires:
            wire.close()
        if self._app is not None:
            self._app.close()

    @contextmanager
    def spending_at_most(self, budget: int | None) -> Iterator[None]:
        """Within the block reads raise BudgetSpent once this client was charged ``budget`` requests since it was made.

        None: any number. Writes go on, and so does what is read outside of the block to make them.
        """
        self._budget = budget
        try:
            yield
        finally:
            self._budget = None

    def get(self, path: str, params: Mapping[str, Any] | None = None, etag: str | None = None) -> Answer:
        """Read ``path`` (from ``/``, below the REST root); with ``etag`` the answer may be ``unchanged``.

        A page that GitHub can't put together in time (502, 504) is read in two halves; the answer then has no ``etag``.
        Raises NotFoundError, MovedError.
        """
        answer = self._read(path, params or {}, {"If-None-Match": etag} if etag else {})
        if answer.status == 200 or answer.unchanged:
            return answer
        raise self._refusal("GET", path, answer)

    def pages(
        self, path: str, params: Mapping[str, Any] | None = None, items_key: str | None = None, *, first_page: int = 1
    ) -> Iterator[list[dict[str, Any]]]:
        """The pages of a list from ``first_page`` on, read one by one; ``items_key`` names the list in an envelope."""
        page = first_page
        while True:
            answer = self.get(path, {"per_page": PER_PAGE, **(params or {}), "page": page})
            envelope = answer.data if items_key else {None: answer.data}
            items = envelope.get(items_key) if isinstance(envelope, dict) else None
            if not isinstance(items, list):
                raise GitHubError(f"GET {path} answered 200 without the list of {items_key or 'items'}", status=200)
            yield items
            if not answer.has_next:
                return
            page += 1

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
        from roadmap_pipeline.github import wire

        path = f"/repos/{repo}/actions/jobs/{job_id}/logs"
        for attempt in range(TRIES):
            answer = self._read(path, {}, {})
            if answer.status == 410:
                return LogState.EXPIRED
            if answer.status == 404:
                return LogState.MISSING
            if answer.status != 302 or "location" not in answer.headers:
                raise self._refusal("GET", path, answer)
            started = time.monotonic()
            try:
                status, chunks = wire.open_stream(answer.headers["location"])
            except (wire.DroppedError, wire.UnreachableError) as error:
                _wait("GET", f"{path}, where it leads", str(error), attempt)
                continue
            logger.debug("GET %s, where it leads: %d in %.0f ms", path, status, 1000 * (time.monotonic() - started))
            if status == 200:
                return self._log_chunks(path, chunks)
            for _ in chunks:  # read to the end, so that the connection is closed properly
                pass
            if status in {404, 410}:
                return LogState.MISSING if status == 404 else LogState.EXPIRED
            # 403: the address has run out; 5xx: passes
            _wait("GET", f"{path}, where it leads", str(status), attempt)
        raise GitHubError(f"the log of job {job_id} of {repo} could not be downloaded in {TRIES} tries")

    def cache_key(self, path: str, params: Mapping[str, Any] | None = None) -> str:
        """Key of an answer in ``raw.http_cache``: entity tags differ by who asks, address and media type."""
        parts = (self._credentials.identity, self.url(path, params), MEDIA_TYPE)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def url(self, path: str, params: Mapping[str, Any] | None = None) -> str:
        """The address of ``path``."""
        query = urlencode(sorted((params or {}).items()))
        return f"{self.base_url}{path}" + (f"?{query}" if query else "")

    def _log_chunks(self, path: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
        from roadmap_pipeline.github import wire

        try:
            yield from chunks
        except wire.DroppedError as error:
            raise GitHubError(f"{path}: the connection broke while the log was read") from error

    def _viewer_by_graphql(self) -> str | None:
        """Login of the token's owner as GraphQL tells it, which every token may ask; None when it doesn't."""
        from roadmap_pipeline.github import wire

        self._admit(is_write=False)
        try:
            _, _, content = self._wire().graphql("query { viewer { login } }")
        except (wire.DroppedError, wire.UnreachableError):
            return None
        answer = _parse(content)
        data = answer.get("data") if isinstance(answer, dict) else None
        login = ((data or {}).get("viewer") or {}).get("login")
        return str(login) if login else None

    def _read(
        self, path: str, params: Mapping[str, Any], headers: Mapping[str, str], *, may_halve: bool = True
    ) -> Answer:
        """Any answer below 500 but rate limits, after as many tries as it takes."""
        from roadmap_pipeline.github import wire

        failure, too_slow = "", 0
        for attempt in range(TRIES):
            try:
                answer = self._send("GET", path, params, headers, None)
            except wire.UnreachableError as error:
                if attempt + 1 >= CONNECT_TRIES:
                    raise self._unreachable() from error
                failure = "no connection"
            except wire.DroppedError as error:
                failure = f"the connection broke ({error})"
            else:
                if answer.status == 401:
                    raise self._refusal("GET", path, answer)
                is_final = answer.status < 500 and answer.status not in {202, 429} and not _is_broken(answer)
                if not self._is_held_back(answer) and is_final:
                    return answer
                failure = f"{answer.status} {_message(answer)}".strip()
                too_slow = too_slow + 1 if answer.status in {502, 504} else 0
                if may_halve and too_slow == HALVED_AFTER and _can_be_halved(params):
                    waits.warning("GET %s answered %s: the page is read in two halves", path, failure)
                    return self._read_halves(path, params)
            if attempt + 1 < TRIES:
                _wait("GET", path, failure, attempt)
        raise GitHubError(f"GET {path} failed {TRIES} times, last with: {failure}; try again later")

    def _read_halves(self, path: str, params: Mapping[str, Any]) -> Answer:
        """A page as two of half its size, which GitHub has more time for."""
        half, page = params["per_page"] // 2, params.get("page", 1)
        first = self._read(path, {**params, "per_page": half, "page": 2 * page - 1}, {}, may_halve=False)
        if first.status != 200:
            return first
        if not first.has_next:
            return _joined(first, None)
        second = self._read(path, {**params, "per_page": half, "page": 2 * page}, {}, may_halve=False)
        return _joined(first, second) if second.status == 200 else second

    def _write(self, verb: str, path: str, body: Mapping[str, Any] | None) -> Answer:
        from roadmap_pipeline.github import wire

        for attempt in range(TRIES):
            try:
                answer = self._send(verb, path, {}, {}, body)
            except wire.UnreachableError as error:
                raise self._unreachable() from error
            except wire.DroppedError as error:
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
    ) -> Answer:
        """One request and its answer, whatever it says; a refused token that can be renewed is, once."""
        from roadmap_pipeline.github import wire

        self._admit(is_write=verb != "GET")
        given = {name: value for name, value in params.items() if value is not None}
        connection = self._wire()
        sent_at, busy_before = time.monotonic(), time.thread_time()
        try:
            status, answered, content = connection.send(verb, path, given, {"Accept": MEDIA_TYPE, **headers}, body)
        except (wire.DroppedError, wire.UnreachableError) as error:
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
        answer = Answer(status, answered, _parse(content) if content else None, sent_at)
        self._pacer.note(answered, sent_at, refused=_limit(answer) is not None)
        if status == 401 and may_renew and self._credentials.renew():
            waits.info("%s %s answered 401: it is asked again with a new token", verb, path)
            return self._send(verb, path, params, headers, body, may_renew=False)
        if answer.data is None and 200 <= status < 300 and (content or (verb == "GET" and status == 200)):
            kind = answered.get("content-type", "no type").partition(";")[0]
            raise wire.DroppedError(f"an answer of {len(content)} bytes of {kind} is not JSON")
        return answer

    def _admit(self, *, is_write: bool) -> None:
        """Count a request that is about to go out, when it may. Raises BudgetSpent, RateLimited."""
        with self._lock:
            if self._budget is not None and not is_write and self.charged >= self._budget:
                raise BudgetSpent(self.charged, self._budget)
            self.charged += 1
        try:
            self._pacer.admit(is_write=is_write)
        except RateLimited:
            with self._lock:
                self.charged -= 1
            raise
        with self._lock:
            self.requests += 1
            self.writes += is_write

    def _wire(self) -> "Wire":
        wire: Wire | None = getattr(self._local, "wire", None)
        if wire is None:
            wire = self._local.wire = self._open_wire()
            with self._lock:
                self._wires.append(wire)
        return wire

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


@dataclass(frozen=True, slots=True)
class _Limit:
    """A refusal for the rate: why, and the seconds after which to try again (None: GitHub names no time)."""

    reason: str
    seconds: float | None


def _limit(answer: Answer) -> _Limit | None:
    """What a refusal for the rate asks for, by GitHub's rules: Retry-After first, then the reset of a used-up quota.

    None when the answer is no such refusal.
    """
    from roadmap_pipeline.github import wire

    if answer.status not in {403, 429}:
        return None
    message = _message(answer)
    reason = f"GitHub answered {answer.status} {message}".strip()
    after = answer.headers.get("retry-after", "")
    if after.isdigit():
        return _Limit(reason, float(after))
    if wire.is_primary_limit(message) or answer.headers.get("x-ratelimit-remaining") == "0":
        reset = answer.headers.get("x-ratelimit-reset", "")
        return _Limit(reason, max(0.0, float(reset) - answered_at(answer.headers)) + 1 if reset.isdigit() else None)
    return _Limit(reason, None) if answer.status == 429 or wire.is_secondary_limit(message) else None


def _is_broken(answer: Answer) -> bool:
    """Whether an answer of 200 holds an error instead of what was asked for."""
    data = answer.data
    return answer.status == 200 and isinstance(data, dict) and "message" in data and data.keys() <= _ERROR_KEYS


def _can_be_halved(params: Mapping[str, Any]) -> bool:
    size = params.get("per_page")
    return isinstance(size, int) and size > 1 and size % 2 == 0


def _joined(first: Answer, second: Answer | None) -> Answer:
    """Two halves of a page as one, without the entity tag, which neither half's is."""
    last = second or first
    headers = {name: value for name, value in last.headers.items() if name != "etag"}
    if second is None:
        return Answer(200, headers, first.data)
    if isinstance(first.data, list):
        return Answer(200, headers, _without_repeats([*first.data, *second.data]))
    lists = {name: items for name, items in first.data.items() if isinstance(items, list)}
    together = {name: _without_repeats([*items, *second.data.get(name, ())]) for name, items in lists.items()}
    return Answer(200, headers, {**second.data, **together})


def _without_repeats(items: list[Any]) -> list[Any]:
    """What came in between pushes an item from the first half into the second: once is enough."""
    by_id = {item["id"] if isinstance(item, dict) and "id" in item else id(item): item for item in items}
    return list(by_id.values())


def _parse(content: bytes) -> Any:
    import orjson

    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
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


def _wait(verb: str, path: str, failure: str, attempt: int) -> None:
    """Say that a request is repeated, and let some time pass before it is."""
    seconds = _backoff(attempt)
    waits.info("%s %s: %s; try %d of %d in %.1f s", verb, path, failure, attempt + 2, TRIES, seconds)
    time.sleep(seconds)


def _backoff(attempt: int) -> float:
    """Seconds before the next try: 0, 0.5, 1, 2, … up to 16, spread so that threads don't march in step."""
    return 0.0 if attempt == 0 else min(16.0, 0.25 * 2**attempt) * random.uniform(0.8, 1.2)  # noqa: S311
