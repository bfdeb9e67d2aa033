"""Failures by script: which request fails, how, and whether what it asked for was done all the same.

Nothing here knows what requests mean; ``state`` asks :meth:`Faults.choose` once a request.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from roadmap_sandbox.script import Chance, Rule


@dataclass(frozen=True, slots=True)
class RequestSummary:
    """A request as predicates see it; ``path`` as sent (``/v1/…``)."""

    method: str
    path: str
    query: str
    body: Any
    mutating: bool


@dataclass(frozen=True, slots=True)
class Fault:
    """A way to fail. ``status`` 0 closes the connection without a response.

    ``after_commit``: the request is carried out first. ``seconds``: the answer (or the end of the connection) comes
    that much later, for clients that time out. ``telling``: a 503 after a commit names what was committed.
    """

    status: int
    code: str = ""
    message: str = ""
    after_commit: bool = False
    retry_after: int | None = None
    seconds: float = 0.0
    telling: bool = False

    def body(self) -> dict[str, Any]:
        """Return the error body, without ``request_id``."""
        body: dict[str, Any] = {
            "object": "error",
            "status": self.status,
            "code": self.code,
            "message": self.message,
        }
        if self.retry_after is not None:
            reason = "public_api_request_rate_limit"
            body["additional_data"] = {"rate_limit_reason": reason, "retry_after": str(self.retry_after)}
        return body


def rate_limited(retry_after: int = 1) -> Fault:
    """Return 429, with ``Retry-After`` in seconds; not carried out."""
    message = "You have been rate limited. Please try again later."
    return Fault(429, "rate_limited", message, retry_after=retry_after)


def overloaded(retry_after: int = 1) -> Fault:
    """Return 529 ``service_overload``; not carried out."""
    return Fault(529, "service_overload", "The service is overloaded. Please try again later.", retry_after=retry_after)


def conflict() -> Fault:
    """Return 409 ``conflict_error``; not carried out."""
    return Fault(409, "conflict_error", "Conflict occurred while saving. Please try again.")


def internal(*, after_commit: bool = False) -> Fault:
    """Return 500."""
    return Fault(500, "internal_server_error", "Unexpected error occurred.", after_commit)


def bad_gateway(*, after_commit: bool = False) -> Fault:
    """Return 502."""
    return Fault(502, "bad_gateway", "Bad gateway.", after_commit)


def unavailable(*, after_commit: bool = False, telling: bool = False) -> Fault:
    """Return 503; ``telling`` adds ``committed_resource_id`` when it was carried out."""
    message = "Notion is unavailable. Please try again later."
    return Fault(503, "service_unavailable", message, after_commit, telling=telling)


def gateway_timeout(*, after_commit: bool = False) -> Fault:
    """Return 504."""
    return Fault(504, "gateway_timeout", "Gateway timed out.", after_commit)


def forbidden() -> Fault:
    """Return 403: the integration lacks a capability."""
    return Fault(403, "restricted_resource", "Insufficient permissions for this endpoint.")


def dropped(*, after_commit: bool = False) -> Fault:
    """Return the end of the connection without a response."""
    return Fault(0, after_commit=after_commit)


def timed_out(seconds: float, *, after_commit: bool = True) -> Fault:
    """Return silence for so long, then the end of the connection."""
    return Fault(0, after_commit=after_commit, seconds=seconds)


ALL: Final = (
    rate_limited(0),
    overloaded(0),
    conflict(),
    internal(),
    bad_gateway(),
    unavailable(),
    gateway_timeout(),
    dropped(),
    internal(after_commit=True),
    bad_gateway(after_commit=True),
    unavailable(after_commit=True),
    unavailable(after_commit=True, telling=True),
    dropped(after_commit=True),
)
"""Every kind, none of which makes a client wait."""


def _any(request: RequestSummary) -> bool:  # noqa: ARG001
    return True


class Faults:
    """The script. Rules are asked in the order they were added, before chance."""

    def __init__(self) -> None:
        self._rules: list[Rule[RequestSummary, Fault]] = []
        self._chance: Chance[RequestSummary, Fault] | None = None
        self.happened = 0
        """Requests that failed by script."""

    def add(
        self, fault: Fault, when: Callable[[RequestSummary], bool] = _any, *, times: int | None = 1, skip: int = 0
    ) -> None:
        """Let matching requests fail: the next ``times`` (None: all) after the first ``skip`` matching ones."""
        self._rules.append(Rule(fault, when, skip, times))

    def at_random(
        self,
        probability: float,
        seed: int,
        kinds: Sequence[Fault] = ALL,
        when: Callable[[RequestSummary], bool] = _any,
    ) -> None:
        """Let each matching request fail with this probability, the same ones for the same seed and requests."""
        self._chance = Chance(probability, seed, kinds, when)

    @property
    def active(self) -> bool:
        """True while there is a script."""
        return bool(self._rules) or self._chance is not None

    def clear(self) -> None:
        """Drop all failures."""
        self._rules.clear()
        self._chance = None

    def choose(self, request: RequestSummary) -> Fault | None:
        """Return the fault of this request, used up by asking; None lets it pass."""
        fault = next((rule.effect for rule in self._rules if rule.strikes(request)), None)
        if fault is None and self._chance is not None:
            fault = self._chance.draw(request)
        self.happened += fault is not None
        return fault
