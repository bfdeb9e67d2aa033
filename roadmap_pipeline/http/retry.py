"""The one retry policy: when a request that failed is sent again, after which wait, and until when.

Belongs here: counting, backoff with jitter, ``Retry-After`` and the deadline, on ``tenacity``. Which failures may pass
is for each client to say, by raising :class:`TransientError`; so is what people read in the end.

``tenacity`` is imported when the first request goes out: who only imports a client doesn't pay for it.
"""

import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeVar

from roadmap_pipeline import interruption

if TYPE_CHECKING:
    import tenacity

T = TypeVar("T")


class TransientError(Exception):
    """An attempt failed in a way that may pass, so that the request may be sent again.

    Attributes:
        reason: What happened, as logs and messages tell it.
        max_retries: How many retries the request may have in all for this failure to be followed by another one; None:
            any number.
        retry_after: Seconds after which the server asks to come again; None: it names no time.
        is_throttled: Whether the server was only busy: such failures are counted apart and use up no retries of others.
    """

    def __init__(
        self,
        reason: str,
        *,
        max_retries: int | None = None,
        retry_after: float | None = None,
        is_throttled: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.max_retries = max_retries
        self.retry_after = retry_after
        self.is_throttled = is_throttled


class RetriesExhausted(Exception):
    """The request failed too often, or for too long.

    Attributes:
        last: How the last attempt failed.
        attempts: How many attempts were made.
        retries: How many retries counted against the limit: without those for throttling, unless that was the last.
        wait: The seconds of the wait that would have exceeded the time limit; None where the retries were used up.
    """

    def __init__(self, last: TransientError, attempts: int, retries: int, wait: float | None) -> None:
        super().__init__(last.reason)
        self.last = last
        self.attempts = attempts
        self.retries = retries
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits that double from ``first`` to ``longest`` (seconds), each times a random number between ``jitter``'s.

    The jitter keeps threads from marching in step. With ``is_first_immediate`` the first retry waits for nothing.
    """

    first: float
    longest: float
    jitter: tuple[float, float]
    is_first_immediate: bool = False

    def seconds(self, retries: int) -> float:
        """Return how long to wait after so many earlier retries."""
        doublings = retries - self.is_first_immediate
        if doublings < 0:
            return 0.0
        return min(self.longest, self.first * 2.0 ** min(doublings, 60)) * random.uniform(*self.jitter)  # noqa: S311


@dataclass(slots=True)
class _Count:
    """The number of times one request was sent again: for throttling, and for everything else."""

    throttled: int = 0
    others: int = 0

    def of(self, error: TransientError) -> int:
        """Return how often the request was sent again for failures that are counted with this one."""
        return self.throttled if error.is_throttled else self.others

    def add(self, error: TransientError) -> None:
        """Count a failure after which the request is sent again."""
        if error.is_throttled:
            self.throttled += 1
        else:
            self.others += 1


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """The way in which the requests of one client are repeated.

    Attributes:
        backoff: Waits where the server names none.
        sleep: Waits for some seconds; None: :func:`roadmap_pipeline.interruption.sleep`, a safe point.
        clock: Monotonic seconds.
        time_limit: Seconds for one request with all its waits; None: no limit.
    """

    backoff: Backoff
    sleep: Callable[[float], None] | None = None
    clock: Callable[[], float] = time.monotonic
    time_limit: float | None = None

    def call(self, attempt: Callable[[], T], before_sleep: Callable[[TransientError, int, float], None]) -> T:
        """Return what ``attempt`` returns, repeated while it raises TransientError.

        Args:
            attempt: Sends the request once.
            before_sleep: Is told of each repetition: the failure, the number of the next attempt, and the seconds until
                then.

        Raises:
            RetriesExhausted: It kept failing. What else ``attempt`` raises passes through.
        """
        import tenacity

        retries = _Count()
        deadline = math.inf if self.time_limit is None else self.clock() + self.time_limit

        def wait(state: "tenacity.RetryCallState") -> float:
            error = _failure(state)
            return error.retry_after if error.retry_after is not None else self.backoff.seconds(retries.of(error))

        def stop(state: "tenacity.RetryCallState") -> bool:
            error = _failure(state)
            if error.max_retries is not None and retries.of(error) >= error.max_retries:
                raise RetriesExhausted(error, state.attempt_number, retries.of(error), None) from error
            if self.clock() + state.upcoming_sleep > deadline:
                raise RetriesExhausted(error, state.attempt_number, retries.of(error), state.upcoming_sleep) from error
            return False

        def announce(state: "tenacity.RetryCallState") -> None:
            error = _failure(state)
            retries.add(error)
            before_sleep(error, state.attempt_number + 1, state.upcoming_sleep)

        return tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(TransientError),
            wait=wait,
            stop=stop,
            before_sleep=announce,
            sleep=self.sleep or interruption.sleep,
        )(attempt)


def retry_after_seconds(value: object, now: Callable[[], float] = time.time) -> float | None:
    """Return a ``Retry-After``, a number or an HTTP date, as seconds from ``now`` (Unix seconds) on.

    Returns:
        Nothing below zero; None when there is no value, or one that is neither.
    """
    if value is None:
        return None
    try:
        seconds = float(str(value))
    except ValueError:
        try:
            seconds = parsedate_to_datetime(str(value)).timestamp() - now()
        except ValueError:
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _failure(state: "tenacity.RetryCallState") -> TransientError:
    error = state.outcome.exception() if state.outcome is not None else None
    assert isinstance(error, TransientError)
    return error
