"""The pace at which requests may go out.

Belongs here: pacing by a fixed rate. What an API tells of its own limits belongs to its client.
"""

import threading
import time
from collections.abc import Callable

from roadmap_pipeline import interruption


class TokenBucket:
    """Lets at most ``burst + rate * t`` tokens go within any ``t`` seconds. Safe between threads.

    Args:
        rate: Tokens a second.
        burst: Tokens that may go at once; the bucket starts full.
        clock: Monotonic seconds.
        sleep: Waits for some seconds; a safe point.
    """

    def __init__(
        self,
        rate: float,
        burst: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = interruption.sleep,
    ) -> None:
        self._rate = rate
        self._burst = float(burst)
        self._tokens = float(burst)
        self._clock = clock
        self._sleep = sleep
        self._filled_at = clock()
        self._lock = threading.Lock()

    def take(self) -> None:
        """Wait until one more request may begin."""
        if (wait := self.reserve()) > 0:
            self._sleep(wait)

    def reserve(self, tokens: float = 1) -> float:
        """Take the tokens of one request, and return for how long it has to wait for them (seconds)."""
        with self._lock:
            now = self._clock()
            self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
            self._filled_at = now
            # Going below zero reserves a later place, so threads that wait together still come out one by one.
            self._tokens -= tokens
            return max(0.0, -self._tokens / self._rate)
