"""How requests reach GitHub: pacing, repeating reads, and errors that name the remedy.

Belongs here: everything between a path and its answer as plain dicts. What is read and what it means belongs to
:mod:`~roadmap_pipeline.github.ingest`; PyGithub itself is wrapped by :mod:`~roadmap_pipeline.github.wire`.

Reads are repeated on dropped connections, 5xx and short rate limits. A write is sent again only after GitHub refused it
for its rate: where its outcome is unknown, :class:`AmbiguousWrite` tells the caller to look before writing again.
"""

import hashlib
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from roadmap_pipeline.errors import ConfigurationError, RoadmapError

if TYPE_CHECKING:
    from roadmap_pipeline.github.wire import Wire

DEFAULT_BASE_URL = "https://api.github.com"
MEDIA_TYPE = "application/vnd.github+json"
PER_PAGE = 100

TRIES = 7
"""How often a read is sent in all; with one answer in five failing, one read in 80,000 fails for good."""
CONNECT_TRIES = 3
LONGEST_WAIT_SECONDS = 60.0
"""A rate limit that lasts longer is raised as RateLimited instead of blocking a worker."""
SECONDARY_WAIT_SECONDS = 60.0
READ_POINTS = 1
WRITE_POINTS = 5
SECONDS_BETWEEN_WRITES = 1.0


class GitHubError(RoadmapError):
    """GitHub refused or failed a request. ``status`` is the HTTP status, 0 when there was no answer."""

    def __init__(self, text: str, *, status: int = 0, message: str = "") -> None:
        super().__init__(text)
        self.status = status
        self.message = message
        """GitHub's own words."""


class NotFoundError(GitHubError):
    """404: it isn't there, or the token may not see it."""


class MovedError(GitHubError):
    """301: the repository has another name now; resolve it again and use the canonical one."""

    def __init__(self, text: str, *, location: str) -> None:
        super().__init__(text, status=301)
        self.location = location


class UnknownRepository(ConfigurationError):
    """There is no such repository, or the token may not read it."""


class AmbiguousWrite(GitHubError):
    """A write went out and its outcome is unknown: read back before writing again."""


class RateLimited(GitHubError):
    """The quota is used up for longer than a worker should wait; ``seconds`` until it is worth trying again."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"GitHub's rate limit is reached: try again in {seconds:.0f} s", status=403)
        self.seconds = seconds


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


class _Pacer:
    """A token bucket that threads share: GitHub allows 900 points a minute, reads cost 1 and writes 5."""

    def __init__(self, points_per_minute: int) -> None:
        self._rate = points_per_minute / 60
        self._capacity = self._rate * 10
        self._points = self._capacity
        self._filled_at = self._next_write_at = time.monotonic()
        self._lock = threading.Lock()

    def take(self, points: int, *, is_write: bool) -> None:
        with self._lock:
            now = time.monotonic()
            self._points = min(self._capacity, self._points + (now - self._filled_at) * self._rate)
            self._filled_at = now
            self._points -= points
            wait = max(0.0, -self._points / self._rate)
            if is_write:
                wait = max(wait, self._next_write_at - now)
                self._next_write_at = now + wait + SECONDS_BETWEEN_WRITES
        if wait > 0:
            time.sleep(wait)


class GitHubClient:
    """GitHub's REST API, version 2022-11-28. Threads may share it: each gets a connection of its own.

    ``points_per_minute`` None switches pacing off. Every method may raise ConfigurationError (token not accepted,
    address unreachable), RateLimited and GitHubError.
    """

    def __init__(self, token: str, *, base_url: str = DEFAULT_BASE_URL, points_per_minute: int | None = 900) -> None:
        if not token.isascii() or not token.isprintable() or not token.strip() or token != token.strip():
            # requests would quote the offending header, token and all
            raise ConfigurationError("GITHUB_TOKEN is empty or holds blanks or characters that no token has")
        parts = urlsplit(base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
            raise ConfigurationError("GITHUB_API_URL must be an http or https address without credentials")
        self.base_url = base_url.rstrip("/")
        self.requests = 0
        """Requests that went out, repeated ones included."""
        self.writes = 0
        """Writing requests that went out."""
        self._token_identity = hashlib.sha256(token.encode()).hexdigest()
        self._open_wire: Callable[[], Wire] = lambda: _open_wire(token, self.base_url)
        self._pacer = _Pacer(points_per_minute) if points_per_minute else None
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

    def get(self, path: str, params: Mapping[str, Any] | None = None, etag: str | None = None) -> Answer:
        """Read ``path`` (from ``/``, below the REST root); with ``etag`` the answer may be ``unchanged``.

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
            yield answer.data[items_key] if items_key else answer.data
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

        Raises UnknownRepository when there is none that the token may read.
        """
        try:
            try:
                return self.get(f"/repos/{name}", etag=etag)
            except MovedError as moved:
                return self.get(urlsplit(moved.location).path.removeprefix(urlsplit(self.base_url).path))
        except NotFoundError as error:
            raise UnknownRepository(
                f"GITHUB_REPOSITORY: {name} does not exist or GITHUB_TOKEN may not read it; "
                "give it as owner/name and grant the token access"
            ) from error

    def viewer_login(self) -> str:
        """Login of the account that the token writes as."""
        try:
            return str(self.get("/user").data["login"])
        except GitHubError as error:
            if error.status != 403 or isinstance(error, RateLimited):
                raise
        # Tokens of a GitHub App may not ask /user; those of a workflow may belong to github-actions[bot] only.
        self._count(is_write=False)
        return self._wire().viewer_login() or "github-actions[bot]"

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
            try:
                status, chunks = wire.open_stream(answer.headers["location"])
            except (wire.DroppedError, wire.UnreachableError):
                time.sleep(_backoff(attempt))
                continue
            if status == 200:
                return self._log_chunks(path, chunks)
            for _ in chunks:  # read to the end, so that the connection is closed properly
                pass
            if status in {404, 410}:
                return LogState.MISSING if status == 404 else LogState.EXPIRED
            time.sleep(_backoff(attempt))  # 403: the address has run out; 5xx: passes
        raise GitHubError(f"the log of job {job_id} of {repo} could not be downloaded in {TRIES} tries")

    def cache_key(self, path: str, params: Mapping[str, Any] | None = None) -> str:
        """Key of an answer in ``raw.http_cache``: entity tags differ by token, address and media type."""
        parts = (self._token_identity, self.url(path, params), MEDIA_TYPE)
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

    def _read(self, path: str, params: Mapping[str, Any], headers: Mapping[str, str]) -> Answer:
        """Any answer below 500 but rate limits, after as many tries as it takes."""
        from roadmap_pipeline.github import wire

        failure = ""
        for attempt in range(TRIES):
            try:
                answer = self._send("GET", path, params, headers, None)
            except wire.UnreachableError as error:
                if attempt + 1 >= CONNECT_TRIES:
                    raise self._unreachable() from error
                failure = "no connection"
                wait = _backoff(attempt)
            except wire.DroppedError:
                failure = "the connection broke"
                wait = _backoff(attempt)
            else:
                limit = _limit_wait(answer)
                if answer.status == 401:
                    raise self._refusal("GET", path, answer)
                if limit is None and answer.status < 500 and answer.status != 429:
                    return answer
                failure = f"{answer.status} {_message(answer)}".strip()
                wait = max(limit or 0.0, _backoff(attempt))
                if limit is not None and limit > LONGEST_WAIT_SECONDS:
                    raise RateLimited(limit)
            if attempt + 1 < TRIES:
                time.sleep(wait)
        raise GitHubError(f"GET {path} failed {TRIES} times, last with: {failure}; try again later")

    def _write(self, verb: str, path: str, body: Mapping[str, Any] | None) -> Answer:
        from roadmap_pipeline.github import wire

        for attempt in range(TRIES):
            try:
                answer = self._send(verb, path, {}, {}, body)
            except wire.UnreachableError as error:
                raise self._unreachable() from error
            except wire.DroppedError as error:
                raise AmbiguousWrite(f"{verb} {path}: the connection broke, the outcome is unknown") from error
            limit = _limit_wait(answer)
            if limit is None and answer.status == 429:
                limit = _backoff(attempt + 1)
            if limit is None:
                break
            if limit > LONGEST_WAIT_SECONDS:
                raise RateLimited(limit)
            time.sleep(limit)  # a request refused for its rate was not carried out: sending it again is safe
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

    def _send(
        self, verb: str, path: str, params: Mapping[str, Any], headers: Mapping[str, str], body: Any | None
    ) -> Answer:
        from roadmap_pipeline.github import wire

        self._count(is_write=verb != "GET")
        given = {name: value for name, value in params.items() if value is not None}
        status, answered, text = self._wire().send(verb, path, given, {"Accept": MEDIA_TYPE, **headers}, body)
        if not text:
            return Answer(status, answered, None)
        data = _parse(text)
        if data is None and 200 <= status < 300:
            raise wire.DroppedError("the answer is not JSON")
        return Answer(status, answered, data)

    def _count(self, *, is_write: bool) -> None:
        if self._pacer:
            self._pacer.take(WRITE_POINTS if is_write else READ_POINTS, is_write=is_write)
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
                f"GITHUB_TOKEN was not accepted by {self.base_url} (401 {message}): it is wrong, expired or revoked"
            )
        text = f"{verb} {path} answered {answer.status} {message}".strip()
        if answer.status == 404:
            return NotFoundError(text, status=404, message=message)
        if answer.status in {301, 307, 308}:
            location = answer.headers.get("x-moved-to") or answer.headers.get("location", "")
            return MovedError(f"{text}: the repository has another name now", location=location)
        return GitHubError(text, status=answer.status, message=message)


def _open_wire(token: str, base_url: str) -> "Wire":
    from roadmap_pipeline.github.wire import Wire

    return Wire(token, base_url)


def _parse(text: str) -> Any:
    import orjson

    try:
        return orjson.loads(text)
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


def _backoff(attempt: int) -> float:
    """Seconds before the next try: 0, 0.5, 1, 2, … up to 16, spread so that threads don't march in step."""
    return 0.0 if attempt == 0 else min(16.0, 0.25 * 2**attempt) * random.uniform(0.8, 1.2)  # noqa: S311


def _limit_wait(answer: Answer) -> float | None:
    """Seconds to wait when the answer is a rate limit that says so, else None (GitHub's rules: Retry-After first,
    then the reset of a used-up quota, then a minute)."""
    from roadmap_pipeline.github import wire

    if answer.status not in {403, 429}:
        return None
    after = answer.headers.get("retry-after", "")
    if after.isdigit():
        return float(after)
    message = _message(answer)
    if wire.is_primary_limit(message):
        reset = answer.headers.get("x-ratelimit-reset", "")
        return max(0.0, float(reset) - _answered_at(answer)) + 1 if reset.isdigit() else SECONDARY_WAIT_SECONDS
    return SECONDARY_WAIT_SECONDS if wire.is_secondary_limit(message) else None


def _answered_at(answer: Answer) -> float:
    """The server's clock (Unix seconds) where it tells, so that a wrong clock here doesn't prolong waits."""
    date = answer.headers.get("date")
    return parsedate_to_datetime(date).timestamp() if date else time.time()


class BudgetSpent(GitHubError):
    """The run has used the requests it may use."""
