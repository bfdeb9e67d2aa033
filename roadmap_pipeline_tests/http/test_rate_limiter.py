"""The pace: no window ever holds more requests than it may."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from roadmap_pipeline.http.rate_limiter import TokenBucket


class Clock:
    """A clock that only waiting moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@settings(max_examples=60, deadline=None)
@given(
    rate=st.floats(0.5, 20),
    burst=st.integers(1, 10),
    pauses=st.lists(st.floats(0, 3), min_size=1, max_size=60),
)
def test_no_window_ever_holds_too_many_requests(rate: float, burst: int, pauses: list[float]) -> None:
    clock = Clock()
    bucket = TokenBucket(rate, burst, clock=clock.clock, sleep=clock.sleep)
    begun = []
    for pause in pauses:
        clock.now += pause
        bucket.take()
        begun.append(clock.now)
    for (first, start), (last, end) in itertools.combinations(enumerate(begun), 2):
        assert last - first + 1 <= burst + rate * (end - start) + 1e-6
