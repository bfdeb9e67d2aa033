"""Rate limits: the primary ones per token and hour or minute, and the secondary ones against bursts.

Counted in real time, not by the simulator's clock: clients wait in real time. ``GitHubState.let_pass`` moves it on.
Source of the figures: docs.github.com, "Rate limits for the REST API".
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Resource = Literal["core", "search", "graphql"]

_HOUR = 3600.0
_MINUTE = 60.0
_ANONYMOUS_LIMIT = 60
_SEARCH_LIMIT = 30
_ANONYMOUS_SEARCH_LIMIT = 10
_NO_LIMIT = 1_000_000


@dataclass(slots=True)
class _Window:
    used: int
    reset: float


@dataclass(slots=True)
class SecondaryLimits:
    """The limits on what GitHub takes in a burst, over all tokens; None is no limit.

    A read costs 1 point and a write 5, a 304 as much as any read; what creates something counts as content as well.
    GraphQL has points of its own, one a query. GitHub's own figures are 900 points a minute, 2,000 of GraphQL,
    80 creations a minute and 500 an hour.
    """

    points_per_minute: int | None = None
    graphql_points_per_minute: int | None = None
    content_per_minute: int | None = None
    content_per_hour: int | None = None
    _points: deque[tuple[float, int]] = field(default_factory=deque)
    _graphql_points: deque[tuple[float, int]] = field(default_factory=deque)
    _creations: deque[float] = field(default_factory=deque)

    def charge(self, now: float, points: int, resource: Resource = "core", *, creates: bool) -> bool:
        """Count one request; False when it is one too many, and then it doesn't count."""
        if resource == "graphql":
            counted, limit = self._graphql_points, self.graphql_points_per_minute
        else:
            counted, limit = self._points, self.points_per_minute
        while counted and counted[0][0] <= now - _MINUTE:
            counted.popleft()
        while self._creations and self._creations[0] <= now - _HOUR:
            self._creations.popleft()
        if limit is not None and sum(amount for _, amount in counted) + points > limit:
            return False
        if creates:
            lately = sum(moment > now - _MINUTE for moment in self._creations)
            if self.content_per_minute is not None and lately >= self.content_per_minute:
                return False
            if self.content_per_hour is not None and len(self._creations) >= self.content_per_hour:
                return False
            self._creations.append(now)
        if limit is not None:
            counted.append((now, points))
        return True


class RateLimits:
    """The primary limits: ``limit`` requests an hour for each token, 60 without one; None counts but never refuses.

    Searches have a limit of their own, 30 a minute and 10 without a token, and so has GraphQL: ``graphql_limit`` points
    an hour. ``now`` gives seconds since the epoch.
    """

    def __init__(self, limit: int | None, now: Callable[[], float]) -> None:
        self.limit = limit
        self.graphql_limit = 5_000
        self.secondary = SecondaryLimits()
        self._now = now
        self._windows: dict[tuple[str, Resource], _Window] = {}

    def charge(self, token: str, resource: Resource = "core", units: int = 1) -> bool:
        """Count a request of so many units; False when there weren't as many left."""
        window = self._window(token, resource)
        if window.used + units > self._limit(token, resource):
            return False
        window.used += units
        return True

    def charge_secondary(self, points: int, resource: Resource = "core", *, creates: bool) -> bool:
        """Count one request against the limits on bursts; False when it comes too soon."""
        return self.secondary.charge(self._now(), points, resource, creates=creates)

    def refund(self, token: str, resource: Resource = "core") -> None:
        """Give one request back (304 costs nothing)."""
        self._window(token, resource).used -= 1

    def status(self, token: str, resource: Resource = "core") -> tuple[int, int, int, int]:
        """Return limit, remaining, used, and the epoch second at which the window ends."""
        window, limit = self._window(token, resource), self._limit(token, resource)
        return limit, limit - window.used, window.used, int(window.reset)

    def _limit(self, token: str, resource: Resource) -> int:
        if self.limit is None:
            return _NO_LIMIT
        if resource == "search":
            return _SEARCH_LIMIT if token else _ANONYMOUS_SEARCH_LIMIT
        if resource == "graphql":
            return self.graphql_limit if token else 0
        return self.limit if token else _ANONYMOUS_LIMIT

    def _window(self, token: str, resource: Resource) -> _Window:
        now = self._now()
        window = self._windows.get((token, resource))
        if window is None or now >= window.reset:
            length = _MINUTE if resource == "search" else _HOUR
            window = self._windows[token, resource] = _Window(0, now + length)
        return window
