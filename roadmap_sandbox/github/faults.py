"""Scripted and random failures, as GitHub or the network between give them.

Belongs here: which request fails and how. The answers of a working GitHub, refusals included, belong to the routes.
"""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from roadmap_sandbox.github.messages import Request

FaultKind = Literal[
    "rate_limit",
    "secondary_limit",
    "bad_gateway",
    "bad_gateway_after_commit",
    "drop",
    "drop_after_commit",
    "broken_json",
    "slow",
    "refusal",
]
"""``rate_limit`` and ``secondary_limit`` refuse; ``bad_gateway`` (502) and ``drop`` (connection closed, no answer) fail
before the request is carried out, their ``_after_commit`` twins after. ``broken_json`` is carried out and answered with
half of the body; ``slow`` only keeps the client waiting. ``refusal`` is for good: what GitHub won't give."""

FAULT_KINDS: tuple[FaultKind, ...] = tuple(kind for kind in get_args(FaultKind) if kind != "refusal")
"""The ones that pass."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A way to fail.

    ``status`` of the two limits is 403 (default) or 429, of a bad gateway 500 to 504 (502), of a refusal any other
    (404), which comes with ``message``.

    ``seconds`` is how far ahead ``X-RateLimit-Reset`` (primary) or ``Retry-After`` (secondary) point, in whole seconds;
    None leaves ``Retry-After`` out, as GitHub sometimes does. Of a slow answer it is how late it comes.
    """

    kind: FaultKind
    status: Literal[403, 404, 409, 410, 422, 429, 451, 500, 502, 503, 504] | None = None
    seconds: float | None = 1
    message: str = "Not Found"


@dataclass(slots=True)
class _Scripted:
    action: Fault | Callable[[], None]
    when: Callable[[Request], bool]
    skip: int
    times: int
    afterwards: bool = False


@dataclass(slots=True)
class Faults:
    """The script of what goes wrong next: scripted faults first, in the order they were added, then the random ones."""

    _scripted: list[_Scripted] = field(default_factory=list)
    _random: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311
    _probability: float = 0.0
    _kinds: Sequence[Fault] = ()
    _random_when: Callable[[Request], bool] | None = None
    injected: list[tuple[str, str, FaultKind]] = field(default_factory=list)
    """Method, path and kind of every fault that was given, oldest first."""

    def add(
        self,
        fault: Fault | FaultKind,
        *,
        method: str | None = None,
        path: str | None = None,
        when: Callable[[Request], bool] | None = None,
        skip: int = 0,
        times: int = 1,
    ) -> None:
        """Fail the next ``times`` requests that match, after letting ``skip`` matching ones pass.

        ``path`` is a regular expression searched in the path; ``when`` any further condition.
        """
        action = fault if isinstance(fault, Fault) else Fault(fault)
        self._scripted.append(_Scripted(action, _matcher(method, path, when), skip, times))

    def before(
        self,
        action: Callable[[], None],
        *,
        method: str | None = None,
        path: str | None = None,
        when: Callable[[Request], bool] | None = None,
        skip: int = 0,
        times: int = 1,
    ) -> None:
        """Run ``action`` before the next ``times`` requests that match: a world that changes between two reads.

        Without conditions ``skip`` counts every request. The action may use the state's own methods (``put_run``,
        ``delete_run``, ``request``, ``world``, ``clock``).
        """
        self._scripted.append(_Scripted(action, _matcher(method, path, when), skip, times))

    def after(
        self,
        action: Callable[[], None],
        *,
        method: str | None = None,
        path: str | None = None,
        when: Callable[[Request], bool] | None = None,
        skip: int = 0,
        times: int = 1,
    ) -> None:
        """Run ``action`` after a request was carried out and before the client has its response; see :meth:`before`."""
        self._scripted.append(_Scripted(action, _matcher(method, path, when), skip, times, afterwards=True))

    def randomly(
        self,
        probability: float,
        *,
        seed: int = 0,
        kinds: Sequence[Fault | FaultKind] = FAULT_KINDS,
        when: Callable[[Request], bool] | None = None,
    ) -> None:
        """Fail each request with ``probability`` (0–1), the kind drawn evenly from ``kinds``; 0 switches off."""
        self._probability = probability
        self._random = random.Random(seed)  # noqa: S311
        self._kinds = [kind if isinstance(kind, Fault) else Fault(kind) for kind in kinds]
        self._random_when = when

    def clear(self) -> None:
        """Drop all faults from here on."""
        self._scripted.clear()
        self._probability = 0.0

    def actions(self, request: Request, *, afterwards: bool = False) -> list[Callable[[], None]]:
        """Return what has to happen before (or after) ``request`` is carried out; each is used up."""
        return [
            entry.action
            for entry in list(self._scripted)
            if not isinstance(entry.action, Fault) and entry.afterwards == afterwards and self._due(entry, request)
        ]

    def next(self, request: Request) -> Fault | None:
        """Return the fault that ``request`` gets, used up by asking."""
        for entry in list(self._scripted):
            if isinstance(entry.action, Fault) and self._due(entry, request):
                return self._give(request, entry.action)
        exposed = self._probability and (self._random_when is None or self._random_when(request))
        if exposed and self._random.random() < self._probability:
            return self._give(request, self._random.choice(self._kinds))
        return None

    def _due(self, entry: _Scripted, request: Request) -> bool:
        if not entry.when(request):
            return False
        if entry.skip:
            entry.skip -= 1
            return False
        entry.times -= 1
        if entry.times <= 0:
            self._scripted.remove(entry)
        return True

    def _give(self, request: Request, fault: Fault) -> Fault:
        self.injected.append((request.method, request.path, fault.kind))
        return fault


def _matcher(method: str | None, path: str | None, when: Callable[[Request], bool] | None) -> Callable[[Request], bool]:
    pattern = None if path is None else re.compile(path)

    def matches(request: Request) -> bool:
        return (
            (method is None or request.method == method)
            and (pattern is None or pattern.search(request.path) is not None)
            and (when is None or when(request))
        )

    return matches
