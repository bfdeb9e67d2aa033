"""The script of a simulator's failures: rules that strike so many requests, and chance.

Belongs here: whose turn it is. What can fail, and what a failure looks like, is the simulator's.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Generic, TypeVar

RequestT = TypeVar("RequestT")
EffectT = TypeVar("EffectT")


@dataclass(slots=True)
class Rule(Generic[RequestT, EffectT]):
    """An effect on the next ``times`` matching requests (None: all), after letting ``skip`` matching ones pass."""

    effect: EffectT
    when: Callable[[RequestT], bool]
    skip: int
    times: int | None

    def strikes(self, request: RequestT) -> bool:
        """Return whether it is this request's turn, which uses it up."""
        if self.times == 0 or not self.when(request):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True


class Chance(Generic[RequestT, EffectT]):
    """An effect on each matching request with ``probability`` (0–1), the kind drawn evenly from ``kinds``.

    The same requests are struck for the same seed.
    """

    def __init__(
        self, probability: float, seed: int, kinds: Sequence[EffectT], when: Callable[[RequestT], bool] | None
    ) -> None:
        self._probability, self._kinds, self._when = probability, kinds, when
        self._random = Random(seed)  # noqa: S311

    def draw(self, request: RequestT) -> EffectT | None:
        """Return what strikes this request, or None."""
        exposed = self._probability and (self._when is None or self._when(request))
        if exposed and self._random.random() < self._probability:
            return self._random.choice(self._kinds)
        return None
