"""The primary rate limit, per token and hour.

Counted in real time, not by the simulator's clock: clients wait in real time.
"""

from collections.abc import Callable
from dataclasses import dataclass

_WINDOW_SECONDS = 3600.0
_ANONYMOUS_LIMIT = 60
_NO_LIMIT = 1_000_000


@dataclass(slots=True)
class _Window:
    used: int
    reset: float


class RateLimits:
    """``limit`` requests an hour for each token, 60 without one; None counts but never refuses.

    ``now`` gives seconds since the epoch.
    """

    def __init__(self, limit: int | None, now: Callable[[], float]) -> None:
        self.limit = limit
        self._now = now
        self._windows: dict[str, _Window] = {}

    def charge(self, token: str) -> bool:
        """Count one request; False when there was none left."""
        window = self._window(token)
        if window.used >= self._limit(token):
            return False
        window.used += 1
        return True

    def refund(self, token: str) -> None:
        """Give one request back (304 costs nothing)."""
        self._window(token).used -= 1

    def status(self, token: str) -> tuple[int, int, int, int]:
        """Limit, remaining, used, and the epoch second at which the window ends."""
        window, limit = self._window(token), self._limit(token)
        return limit, limit - window.used, window.used, int(window.reset)

    def _limit(self, token: str) -> int:
        if self.limit is None:
            return _NO_LIMIT
        return self.limit if token else _ANONYMOUS_LIMIT

    def _window(self, token: str) -> _Window:
        now = self._now()
        window = self._windows.get(token)
        if window is None or now >= window.reset:
            window = self._windows[token] = _Window(0, now + _WINDOW_SECONDS)
        return window
