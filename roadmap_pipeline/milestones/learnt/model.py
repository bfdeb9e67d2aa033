"""The model: a base and one term a signal, learnt from weekly rows of finished milestones.

Belongs here: learning, and leaving milestones out for the back-test. Small on purpose: a few dozen milestones bear no
more than a line for each signal, and everybody can add the terms up. More work done, and more time passed to the
target, never lower the share; other signals may go either way.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import numpy as np

SIGNALS: Mapping[str, bool] = {
    "work_done": True,
    "target_elapsed": True,
    "scope_growth": False,
    "pace_ratio": False,
    "open_pull_requests": False,
}
"""Columns of ``intermediate.int_milestone_signals``; those that may only raise the share are true."""

SHRINKAGE = 1.0
"""Penalty on terms, in milestones: with eight of them a term keeps eight ninths of what they show."""


class Row(NamedTuple):
    """A Monday of a finished milestone: its signals (None: not known), and the share of its time that had passed."""

    repo: str
    number: int
    as_of: date
    signals: tuple[float | None, ...]
    actual_share: float


@dataclass(frozen=True, slots=True)
class Model:
    """The mean share (``base``), and by signal its usual value (``centre``) and the share that one unit more adds."""

    base: float
    centres: np.ndarray
    coefficients: np.ndarray

    def shares(self, rows: Sequence[Row]) -> np.ndarray:
        """Return the share of each row, within 0 and 1."""
        values = _values(rows)
        distances = np.where(np.isnan(values), 0.0, values - self.centres)
        shares: np.ndarray = np.clip(self.base + distances @ self.coefficients, 0, 1)
        return shares

    def rows(self) -> list[dict[str, Any]]:
        """Return one row a signal, for storing."""
        return [
            {"signal": signal, "coefficient": float(coefficient), "centre": float(centre), "base": self.base}
            for signal, coefficient, centre in zip(SIGNALS, self.coefficients, self.centres, strict=True)
        ]


def learn(rows: Sequence[Row]) -> Model:
    """Return the model of finished milestones, each of the same weight, however long it took."""
    from sklearn.linear_model import Ridge  # type: ignore[import-untyped]

    values, shares = _values(rows), np.array([row.actual_share for row in rows])
    weights = _weights(rows)
    is_known = ~np.isnan(values)
    known_weights = np.where(is_known, weights[:, None], 0.0)
    total = np.maximum(known_weights.sum(axis=0), 1e-12)
    centres = (known_weights * np.nan_to_num(values)).sum(axis=0) / total
    distances = np.where(is_known, values - centres, 0.0)
    scales = np.sqrt((weights[:, None] * distances**2).sum(axis=0) / weights.sum())
    scales = np.where(scales > 1e-9, scales, 1.0)
    scaled = distances / scales
    # A coefficient that must not be negative; a signal that may go either way has one for each.
    free = [place for place, only_raises in enumerate(SIGNALS.values()) if not only_raises]
    ridge = Ridge(alpha=SHRINKAGE, positive=True, tol=1e-10, max_iter=10_000)
    ridge.fit(np.hstack([scaled, -scaled[:, free]]), shares, sample_weight=weights)
    coefficients = ridge.coef_[: len(SIGNALS)].copy()
    coefficients[free] -= ridge.coef_[len(SIGNALS) :]
    # Machines may differ in the last bits.
    return Model(round(float(ridge.intercept_), 4), np.round(centres, 6), np.round(coefficients / scales, 6))


def leave_one_out(rows: Sequence[Row]) -> list[tuple[Row, float]]:
    """Return each row with the share that a model gives it which was learnt from all other milestones."""
    results: list[tuple[Row, float]] = []
    for key in dict.fromkeys((row.repo, row.number) for row in rows):
        own = [row for row in rows if (row.repo, row.number) == key]
        model = learn([row for row in rows if (row.repo, row.number) != key])
        results += zip(own, np.round(model.shares(own), 4).tolist(), strict=True)
    return results


def _values(rows: Sequence[Row]) -> np.ndarray:
    return np.array([row.signals for row in rows], dtype=float)  # None becomes nan


def _weights(rows: Sequence[Row]) -> np.ndarray:
    """Return weights that add up to 1 for each milestone."""
    numbers: dict[tuple[str, int], int] = {}
    for row in rows:
        numbers[row.repo, row.number] = numbers.get((row.repo, row.number), 0) + 1
    return np.array([1 / numbers[row.repo, row.number] for row in rows])
