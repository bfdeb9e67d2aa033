"""The pace at which a sync may ask Notion, watched from outside: how many requests in any window, and after what pause.

Belongs here: a client whose waits move a clock instead of taking time, and what has to hold of the requests that it
sent. What they ask for is of no matter.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise

import httpx

from roadmap_pipeline.notion.client import NotionClient
from roadmap_sandbox.notion.faults import Fault, overloaded, rate_limited
from roadmap_sandbox.notion.state import TOKEN, NotionState

PER_SECOND = 2.5
"""The requests a second that the product keeps to by default; Notion grants three."""
WINDOWS_S = (1.0, 10.0, 60.0)
"""Lengths of the windows that are looked at. Notion lets short bursts pass, so the shortest hold what a burst may."""
BURST = 10
LONGEST_BACKOFF_S = 30.0
BUSY: tuple[Fault, ...] = (rate_limited(1), rate_limited(7), rate_limited(60), overloaded(3))
"""The ways in which Notion asks to wait."""


@dataclass
class PacedClock:
    """A clock that only waiting moves, and Notion's with it."""

    notion: NotionState
    now: float = 0.0
    sent: list[tuple[float, int, float]] = field(default_factory=list)
    """Of each request when it went out, the status of its answer (0: none), and the seconds for which that asks."""

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.notion.advance(timedelta(seconds=seconds))

    def client(self, base_url: str) -> NotionClient:
        """Return a client that keeps the pace by this clock."""
        return NotionClient(
            TOKEN,
            base_url=base_url,
            requests_per_second=PER_SECOND,
            transport=_Watched(self),
            clock=self.clock,
            sleep=self.sleep,
        )

    def check(self) -> None:
        """Assert that the pace was kept, that each wait that Notion asked for was waited, and no other for long."""
        times = [at for at, _, _ in self.sent]
        for seconds in WINDOWS_S:
            most = BURST + PER_SECOND * seconds
            for position, start in enumerate(times):
                held = sum(start <= at <= start + seconds for at in times[position:])
                assert held <= most + 1e-6, f"{held} requests within {seconds:g} s from {start:g} s on"
        for (at, status, asked), (later, _, _) in pairwise(self.sent):
            assert later - at >= asked - 1e-6, f"answered {status}, asked to wait {asked:g} s, waited {later - at:g} s"
            # Beside what Notion asks for there is the pace, a backoff, and the wait for lists that lag.
            longest = asked + LONGEST_BACKOFF_S + 1 / PER_SECOND + 10
            assert later - at <= longest, f"{later - at:g} s between two requests"


class _Watched(httpx.HTTPTransport):
    """The way to Notion, which notes when requests go out and how long they are asked to wait."""

    def __init__(self, clock: PacedClock) -> None:
        super().__init__()
        self._clock = clock

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        at = self._clock.now
        try:
            response = super().handle_request(request)
        except httpx.TransportError:
            self._clock.sent.append((at, 0, 0.0))
            raise
        self._clock.sent.append((at, response.status_code, float(response.headers.get("Retry-After", 0))))
        return response
