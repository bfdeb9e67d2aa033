"""Recalibration by what forecasts of finished milestones missed: split conformal prediction.

Each finished milestone gives one score: how many times longer than said it took, in the middle of its course. The dates
of a level are stretched by the quantile of these scores at that level, with the correction for a finite number
(Romano, Patterson, Candès 2019), so that among exchangeable milestones the level holds. With fewer than
:data:`LEAST_MILESTONES` the dates stay as they are and are called uncalibrated.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

LEAST_MILESTONES = 20


@dataclass(frozen=True, slots=True)
class Calibration:
    """Factors on days to go, one a level, and from how many finished milestones they are."""

    factors: tuple[float, ...] = ()
    milestones: int = 0

    def values(self) -> list[Any]:
        """Return it as plain values, for fingerprints."""
        return [[round(factor, 9) for factor in self.factors], self.milestones]

    def apply(self, offsets: Sequence[int | None]) -> tuple[int | None, ...]:
        """Return days to go after calibration, in the order of the levels and never falling."""
        if not self.factors:
            return tuple(offsets)
        stretched: list[int | None] = []
        for offset, factor in zip(offsets, self.factors, strict=True):
            # The beginning of today is day 0: a forecast of today stretches, too.
            days = None if offset is None else math.ceil((offset + 1) * factor - 1e-9) - 1
            if days is not None and stretched and stretched[-1] is not None:
                days = max(days, stretched[-1])
            stretched.append(days)
        return tuple(stretched)

    def take_back(self, day: int, raw: Sequence[int | None], stretched: Sequence[int | None]) -> float:
        """Return the day of the draws that ``day`` stands for after calibration: between the levels by proportion."""
        if not self.factors:
            return day
        pairs = [(b, a) for a, b in zip(raw, stretched, strict=True) if a is not None and b is not None]
        if not pairs:
            return day
        xs, ys = zip(*[(-1, -1), *pairs], strict=True)
        if day > xs[-1]:
            return float(day * (ys[-1] + 1) / (xs[-1] + 1))
        return float(np.interp(day, xs, ys))


UNCALIBRATED = Calibration()


def calibrate(scores: Mapping[float, Sequence[float]]) -> Calibration:
    """Return the calibration from one score a finished milestone for each level, at least :data:`LEAST_MILESTONES`.

    A score is (days that it took + 1) / (days that were said + 1).
    """
    number = min((len(values) for values in scores.values()), default=0)
    if number < LEAST_MILESTONES:
        return UNCALIBRATED
    factors = []
    for level, values in scores.items():
        rank = min(math.ceil((len(values) + 1) * level), len(values))
        factors.append(float(np.sort(values)[rank - 1]))
    return Calibration(tuple(factors), number)
