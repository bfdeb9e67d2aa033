"""The pace of requests: one for every thread and client of one token in this process.

Belongs here: GitHub's points a minute, what is left of the hourly quota, and how long everybody holds still after a
refusal. Which response is a refusal is :mod:`~roadmap_pipeline.github.client.response`'s to tell.

GitHub counts by token and not by connection: what one thread is told holds for all of them.
"""

import logging
import threading
import time
from collections.abc import Callable, Hashable, Mapping

from roadmap_pipeline import interruption
from roadmap_pipeline.github.client.errors import RateLimited
from roadmap_pipeline.github.client.response import server_time
from roadmap_pipeline.http.rate_limiter import TokenBucket
from roadmap_pipeline.http.retry import TransientError

LONGEST_WAIT_SECONDS = 60.0
"""The longest wait; a longer one is raised as RateLimited instead of blocking a worker."""
SECONDARY_WAIT_SECONDS = 60.0
LONGEST_SECONDARY_WAIT_SECONDS = 3600.0
READ_POINTS = 1
WRITE_POINTS = 5
SECONDS_BETWEEN_WRITES = 1.0
CORE, GRAPHQL = "core", "graphql"
"""GitHub's names of its quotas: REST's, and the one of GraphQL."""
GRAPHQL_POINTS_PER_MINUTE = 2_000
"""GitHub's secondary limit of GraphQL, where a query counts as one."""
_BURST_SECONDS = 10
_SAME_WINDOW_SECONDS = 60.0
"""GitHub's servers tell the same window's end some seconds apart."""

wait_log = logging.getLogger("roadmap_pipeline.github.waits")
"""Waits and repeated requests, with the reason; apart from the requests so that Dagster can show these alone."""


class Pacer:
    """Lets requests through one by one, from any thread.

    Args:
        points_per_minute: None: no pacing, only what GitHub's responses ask for.
        reserve: The share (0–1) of the hourly quota that is left to others who use the same token.
        resource: The quota that is meant, as GitHub's headers name it.
    """

    def __init__(self, points_per_minute: int | None, reserve: float, resource: str = CORE) -> None:
        self._bucket: TokenBucket | None = None
        if points_per_minute is not None:
            rate = points_per_minute / 60
            self._bucket = TokenBucket(rate, rate * _BURST_SECONDS, clock=time.monotonic)
        self._reserve = reserve
        self._resource = resource
        self._unit = "GraphQL points" if resource == GRAPHQL else "requests"
        self._lock = threading.Lock()
        now = time.monotonic()
        self._next_write_at = now
        self._held_until = self._refused_at = now
        self._refusals = 0
        self._remaining: int | None = None
        self._limit = 0
        self._reset = 0.0
        self._reset_at = now

    @property
    def remaining(self) -> int | None:
        """The requests (points) left in this hour as GitHub told last; None when it has told nothing yet."""
        return self._remaining

    @property
    def limit(self) -> int | None:
        """The requests (points) that GitHub grants an hour; None when it has told nothing yet."""
        return self._limit or None

    def admit(self, *, is_write: bool, leaving: float = 0.0) -> None:
        """Return when a request may go out.

        Args:
            is_write: Whether it may change something.
            leaving: The share of the hourly quota that it has to leave to other requests of this process.

        Raises:
            RateLimited: That lasts longer than a worker should wait.
        """
        self._hold_still(leaving)
        if (wait := self._reserve_points(is_write=is_write)) > 0:
            interruption.sleep(wait)
            self._hold_still(leaving)

    def note(self, headers: Mapping[str, str], sent_at: float, *, refused: bool) -> None:
        """Learn from a response's headers; ``sent_at`` is when its request went out (monotonic seconds)."""
        with self._lock:
            if not refused and sent_at > self._refused_at:
                self._refusals = 0
            if headers.get("x-ratelimit-resource", CORE) != self._resource:
                return
            remaining, limit, reset = (
                headers.get(f"x-ratelimit-{name}", "").partition(".")[0] for name in ("remaining", "limit", "reset")
            )
            if not (remaining.isdigit() and limit.isdigit() and reset.isdigit()):
                return
            now = time.monotonic()
            ahead = float(reset) - self._reset
            if self._remaining is not None and now < self._reset_at and ahead < _SAME_WINDOW_SECONDS:
                if ahead > -_SAME_WINDOW_SECONDS:  # else a response of the window before, overtaken by another
                    self._remaining = min(self._remaining, int(remaining))
                return
            self._remaining, self._limit, self._reset = int(remaining), int(limit), float(reset)
            self._reset_at = now + max(0.0, self._reset - server_time(headers)) + 1

    def refused(self, seconds: float | None, sent_at: float, reason: str) -> float:
        """Hold everybody back after a refusal, and return for how long (seconds).

        Requests that were under way together count as one.

        Args:
            seconds: What GitHub asks for; None when it names no time: then a minute, doubled with each refusal that
                follows.
            sent_at: When the refused request went out (monotonic seconds).
            reason: What GitHub said.
        """
        with self._lock:
            now = time.monotonic()
            is_news = self._refusals == 0 or sent_at > self._refused_at
            if is_news:
                self._refusals += 1
                self._refused_at = now
            if seconds is None:
                seconds = min(SECONDARY_WAIT_SECONDS * 2 ** (self._refusals - 1), LONGEST_SECONDARY_WAIT_SECONDS)
            self._held_until = max(self._held_until, now + seconds)
            held = self._held_until - now
        if is_news:
            wait_log.warning("%s; all requests are held back for %.0f s", reason, held)
        return held

    def _hold_still(self, leaving: float) -> None:
        while True:
            with self._lock:
                wait, reason = self._remaining_hold(leaving)
            if wait <= 0:
                return
            if wait > LONGEST_WAIT_SECONDS:
                raise RateLimited(wait, reason)
            interruption.sleep(wait)

    def _remaining_hold(self, leaving: float) -> tuple[float, str]:
        """Return the seconds until requests may go out again, and why not now."""
        now = time.monotonic()
        held, reason = self._held_until - now, "GitHub's rate limit is reached"
        kept = int(self._limit * self._reserve)
        if self._remaining is not None and self._remaining <= kept + int(self._limit * leaving):
            left = self._reset_at - now
            if left > held:
                held = left
                if self._remaining:
                    for_whom = "limits.github_quota_reserve keeps for others" if kept else "are kept for the comments"
                    left_now = f"{self._remaining:,} of {self._limit:,} {self._unit} of this hour are left"
                    reason = f"{left_now}, which {for_whom}"
        return held, reason

    def _reserve_points(self, *, is_write: bool) -> float:
        """Take the points of one request, and return how long it has to wait for them (seconds)."""
        if self._bucket is None:
            return 0.0
        with self._lock:
            wait = self._bucket.reserve(WRITE_POINTS if is_write else READ_POINTS)
            if is_write:
                now = time.monotonic()
                wait = max(wait, self._next_write_at - now)
                self._next_write_at = now + wait + SECONDS_BETWEEN_WRITES
        return wait


_pacers: dict[Hashable, tuple[Pacer, Pacer]] = {}
_pacers_lock = threading.Lock()


def shared_pacers(identity: str, base_url: str, points_per_minute: int | None, reserve: float) -> tuple[Pacer, Pacer]:
    """Return the pacers of a token at a server, of REST and of GraphQL: the same for all its clients in this process.

    A new client, such as that of a sensor's next tick, must not send requests while the last one was told to wait.

    Args:
        identity: Names the token.
        base_url: The server.
        points_per_minute: Of REST's pacer, as of :class:`Pacer`; None leaves both without pacing.
        reserve: As of :class:`Pacer`.
    """
    key = (identity, base_url, points_per_minute, reserve)
    with _pacers_lock:
        if key not in _pacers:
            points = None if points_per_minute is None else GRAPHQL_POINTS_PER_MINUTE
            _pacers[key] = (Pacer(points_per_minute, reserve), Pacer(points, reserve, GRAPHQL))
        return _pacers[key]


def forget() -> None:
    """Begin anew, as a new process does: for tests that play several processes in one."""
    with _pacers_lock:
        _pacers.clear()


def announcing_retries(verb: str, path: str, tries: int) -> Callable[[TransientError, int, float], None]:
    """Return what says, before each wait, that a request is repeated."""

    def announce(failure: TransientError, attempt: int, seconds: float) -> None:
        wait_log.info("%s %s: %s; try %d of %d in %.1f s", verb, path, failure.reason, attempt, tries, seconds)

    return announce
