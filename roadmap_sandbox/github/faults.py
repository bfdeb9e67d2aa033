"""Scripted and random failures, as GitHub or the network between give them.

Belongs here: which request fails and how. The answers of a working GitHub, refusals included, belong to the routes.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from roadmap_sandbox.github.messages import Request
from roadmap_sandbox.script import Chance, Rule

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
    "graphql_error",
    "graphql_partial",
]
"""``rate_limit`` and ``secondary_limit`` refuse; ``bad_gateway`` (502) and ``drop`` (connection closed, no answer) fail
before the request is carried out, their ``_after_commit`` twins after. ``broken_json`` is carried out and answered with
half of the body; ``slow`` only keeps the client waiting. ``refusal`` is for good: what GitHub won't give. The last two
are a GraphQL query's alone, told with status 200: ``graphql_error`` has no data, ``graphql_partial`` only what was read
until the query's time was up."""

GRAPHQL_FAULT_KINDS: tuple[FaultKind, ...] = ("graphql_error", "graphql_partial")
"""The ones of status 200."""
FAULT_KINDS: tuple[FaultKind, ...] = tuple(
    kind for kind in get_args(FaultKind) if kind not in ("refusal", *GRAPHQL_FAULT_KINDS)
)
"""The ones that pass, of any request."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A way to fail.

    ``status`` of the two limits is 403 (default) or 429, but GraphQL tells the primary one with 200 by default. Of a
    bad gateway it is 500 to 504 (502), of a refusal any other (404), which comes with ``message``.

    ``seconds`` is how far ahead ``X-RateLimit-Reset`` (primary) or ``Retry-After`` (secondary) point, in whole seconds;
    None leaves ``Retry-After`` out, as GitHub sometimes does. Of a slow answer it is how late it comes.
    """

    kind: FaultKind
    status: Literal[403, 404, 409, 410, 422, 429, 451, 500, 502, 503, 504] | None = None
    seconds: float | None = 1
    message: str = "Not Found"
    nodes: int = 1
    """The nodes that a partial answer to a query holds at most."""


class Faults:
    """The script of what goes wrong next: scripted faults first, in the order they were added, then the random ones."""

    def __init__(self) -> None:
        self._faults: list[Rule[Request, Fault]] = []
        self._before: list[Rule[Request, Callable[[], None]]] = []
        self._after: list[Rule[Request, Callable[[], None]]] = []
        self._chance: Chance[Request, Fault] | None = None
        self.injected: list[tuple[str, str, FaultKind]] = []
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

        ``path`` is a regular expression searched in the path; ``when`` any further condition. A fault of GraphQL alone
        waits for a query.
        """
        made = _fault(fault)
        if path is None and made.kind in GRAPHQL_FAULT_KINDS:
            path = "^/graphql$"
        self._faults.append(Rule(made, _matcher(method, path, when), skip, times))

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
        """Run ``action`` before the next ``times`` requests that match: what is there changes between two reads.

        Without conditions ``skip`` counts every request. The action may use the state's own methods (``put_run``,
        ``delete_run``, ``request``, ``activity``, ``clock``).
        """
        self._before.append(Rule(action, _matcher(method, path, when), skip, times))

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
        self._after.append(Rule(action, _matcher(method, path, when), skip, times))

    def randomly(
        self,
        probability: float,
        *,
        seed: int = 0,
        kinds: Sequence[Fault | FaultKind] = FAULT_KINDS,
        when: Callable[[Request], bool] | None = None,
    ) -> None:
        """Fail each request with ``probability`` (0–1), the kind drawn evenly from ``kinds``; 0 switches off."""
        self._chance = Chance(probability, seed, [_fault(kind) for kind in kinds], when)

    def clear(self) -> None:
        """Drop all faults from here on."""
        for rules in (self._faults, self._before, self._after):
            rules.clear()
        self._chance = None

    def actions(self, request: Request, *, afterwards: bool = False) -> list[Callable[[], None]]:
        """Return what has to happen before (or after) ``request`` is carried out; each is used up."""
        rules = self._after if afterwards else self._before
        return [rule.effect for rule in rules if rule.strikes(request)]

    def next(self, request: Request) -> Fault | None:
        """Return the fault that ``request`` gets, used up by asking."""
        fault = next((rule.effect for rule in self._faults if rule.strikes(request)), None)
        if fault is None and self._chance is not None:
            fault = self._chance.draw(request)
            if fault is not None and fault.kind in GRAPHQL_FAULT_KINDS and request.path != "/graphql":
                fault = None
        if fault is not None:
            self.injected.append((request.method, request.path, fault.kind))
        return fault


def _fault(fault: Fault | FaultKind) -> Fault:
    return fault if isinstance(fault, Fault) else Fault(fault)


def _matcher(method: str | None, path: str | None, when: Callable[[Request], bool] | None) -> Callable[[Request], bool]:
    pattern = None if path is None else re.compile(path)

    def matches(request: Request) -> bool:
        return (
            (method is None or request.method == method)
            and (pattern is None or pattern.search(request.path) is not None)
            and (when is None or when(request))
        )

    return matches
