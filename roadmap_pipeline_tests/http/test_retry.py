"""The retry policy: what is sent again, after which wait, and until when; with a clock that only waiting moves."""

import pytest

from roadmap_pipeline import interruption
from roadmap_pipeline.http.retry import Backoff, RetriesExhausted, RetryPolicy, TransientError, retry_after_seconds


class Clock:
    """A clock that only waiting moves."""

    def __init__(self):
        self.now = 0.0
        self.slept = []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


def policy(clock, **options):
    backoff = Backoff(first=1.0, longest=8.0, jitter=(1.0, 1.0))
    return RetryPolicy(**{"backoff": backoff, "sleep": clock.sleep, "clock": clock, **options})


def failing(*failures):
    """Raise each of the failures, then return how often it was called."""
    waiting = list(failures)

    def attempt():
        if waiting:
            raise waiting.pop(0)
        return len(failures) + 1

    return attempt


def call(policy, *failures):
    announced = []
    response = policy.call(failing(*failures), lambda error, number, seconds: announced.append((number, seconds)))
    return response, announced


def test_waits_double_up_to_the_longest():
    clock = Clock()
    response, announced = call(policy(clock), *(TransientError("busy") for _ in range(6)))
    assert response == 7
    assert clock.slept == [1, 2, 4, 8, 8, 8]
    assert announced == [(number + 2, seconds) for number, seconds in enumerate(clock.slept)]


def test_the_first_retry_may_come_at_once():
    clock = Clock()
    backoff = Backoff(first=0.5, longest=16.0, jitter=(1.0, 1.0), is_first_immediate=True)
    call(policy(clock, backoff=backoff), *(TransientError("busy") for _ in range(4)))
    assert clock.slept == [0, 0.5, 1, 2]


def test_jitter_keeps_within_its_bounds():
    backoff = Backoff(first=1.0, longest=8.0, jitter=(0.8, 1.2))
    waits = [backoff.seconds(5) for _ in range(200)]
    assert 8 * 0.8 <= min(waits) < max(waits) <= 8 * 1.2
    assert backoff.seconds(100_000) <= 8 * 1.2


def test_what_the_server_asks_for_is_waited():
    clock = Clock()
    call(policy(clock), TransientError("busy", retry_after=30.0), TransientError("busy", retry_after=0.0))
    assert clock.slept == [30, 0]


def test_retries_end_with_the_limit_of_the_last_failure():
    clock = Clock()
    failures = [
        TransientError("a", max_retries=5),
        TransientError("b", max_retries=5),
        TransientError("c", max_retries=2),
    ]
    with pytest.raises(RetriesExhausted) as caught:
        call(policy(clock), *failures)
    assert (caught.value.last, caught.value.attempts, caught.value.wait) == (failures[2], 3, None)
    assert len(clock.slept) == 2


def test_being_throttled_uses_up_no_retries():
    throttled = [TransientError("busy", is_throttled=True) for _ in range(9)]
    response, _ = call(policy(Clock()), *throttled, TransientError("broken", max_retries=1))
    assert response == 11


def test_a_wait_that_would_exceed_the_time_limit_is_not_begun():
    clock = Clock()
    with pytest.raises(RetriesExhausted) as caught:
        call(policy(clock, time_limit=100.0), *(TransientError("busy", retry_after=49.0) for _ in range(9)))
    assert (caught.value.attempts, caught.value.wait) == (3, 49)
    assert clock.now == 98


def test_other_errors_pass_through():
    with pytest.raises(KeyError):
        call(policy(Clock()), TransientError("busy"), KeyError("x"))


def test_waiting_is_a_safe_point(monkeypatch):
    def interrupted(_seconds):
        raise interruption.Interrupted

    monkeypatch.setattr(interruption, "sleep", interrupted)
    with pytest.raises(interruption.Interrupted):
        call(RetryPolicy(Backoff(1.0, 8.0, (1.0, 1.0))), TransientError("busy"))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("soon", None),
        ("nan", None),
        ("49", 49),
        ("1.5", 1.5),
        (7, 7),
        ("0", 0),
        ("-3", 0),
        ("Wed, 21 Oct 2015 07:28:10 GMT", 10),
        ("Wed, 21 Oct 2015 07:27:00 GMT", 0),
    ],
)
def test_retry_after(value, seconds):
    now = 1445412480.0  # 07:28:00
    assert retry_after_seconds(value, lambda: now) == seconds
