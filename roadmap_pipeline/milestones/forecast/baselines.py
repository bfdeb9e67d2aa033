"""The forecasts that ours is compared with: plain bootstrap of weeks, and a straight line.

"The target date is right" needs no computation. Both leave out scope growth and holidays, as their usual forms do.
"""

import math

import numpy as np

from roadmap_pipeline.milestones.forecast.calendar import WEEK
from roadmap_pipeline.milestones.forecast.simulation import DRAWS, HORIZON_WEEKS, NEVER

_BLOCK = 13
VELOCITY_WEEKS = 4


def bootstrap_days(open_items: int, weekly: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return draws of the days until ``open_items`` are closed, in weeks drawn from the past ones with replacement.

    Args:
        open_items: Items to close, at least 1.
        weekly: Items closed in each past week.
        rng: Source of the draws.
    """
    days = np.full(DRAWS, NEVER)
    left = np.full(DRAWS, open_items)
    running = np.arange(DRAWS)
    for begin in range(0, HORIZON_WEEKS, _BLOCK):
        closed = np.cumsum(rng.choice(weekly, (running.size, _BLOCK)), axis=1)
        reached = closed >= left[running, None]
        done = reached.any(axis=1)
        week = reached[done].argmax(axis=1)
        rows = np.flatnonzero(done)
        after = closed[rows, week]
        before = np.where(week > 0, closed[rows, np.maximum(week - 1, 0)], 0)
        place = (left[running[done]] - before) / (after - before)
        days[running[done]] = np.ceil((begin + week + place) * WEEK).astype(int) - 1
        left[running] -= closed[:, -1].astype(left.dtype)
        running = running[~done]
        if not running.size:
            break
    return days


def velocity_day(open_items: int, weekly: np.ndarray) -> int | None:
    """Return the days until ``open_items`` are closed at the mean of the last weeks; None where nothing was closed."""
    rate = float(weekly[-VELOCITY_WEEKS:].mean()) if len(weekly) else 0.0
    if rate <= 0:
        return None
    days = math.ceil(open_items / rate * WEEK) - 1
    return days if days <= HORIZON_WEEKS * WEEK else None
