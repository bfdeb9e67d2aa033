"""Monte-Carlo draws of the day on which milestones are finished.

A team (a repository) closes items at a rate that wanders (``rate``); each of its milestones gets a share of them. In
every draw the shares sum to at most 1 and all milestones see the same weeks, so together they never close more than the
team does (a Poisson process that is split gives independent Poisson processes). New items come in at a rate of their
own. Every stream of random numbers has its own seed, so a milestone's draws don't depend on what else is simulated.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np

from roadmap_pipeline.milestones.forecast.calendar import WorkingCalendar
from roadmap_pipeline.milestones.forecast.course import Weeks
from roadmap_pipeline.milestones.forecast.rate import RateDraws, fit_rate

DRAWS = 5_000
HORIZON_WEEKS = 106
"""Weeks after which a milestone counts as never finished: two years."""
NEVER = 1_000_000
"""Days to the end of a draw that doesn't come within the horizon."""

_SHARE_HALF_LIFE = 6.0
_SHARE_DISPERSION = 2.0
_GROWTH_PRIOR_ITEMS = 0.3
_GROWTH_PRIOR_WEEKS = 4.0
_LARGEST_DISPERSION = 8.0
# Scope doesn't grow for ever: half a year on, half as much comes in.
_GROWTH_HALF_LIFE = 26.0

STEPS = (
    *((week, 1) for week in range(26)),
    *((week, 4) for week in range(26, 54, 4)),
    *((week, 13) for week in range(54, HORIZON_WEEKS, 13)),
)
"""First week and length of what is simulated at once: far ahead nobody needs the week."""


def generator(repo: str, number: int, as_of: date) -> np.random.Generator:
    """Return the random numbers of a milestone on a day; ``number`` 0 is the team's."""
    digest = hashlib.sha256(f"{repo}\n{number}\n{as_of.isoformat()}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "big"))


class TeamDraws:
    """Draws of what a team closes, step after step from ``as_of`` on; made as far as somebody looks."""

    def __init__(self, weeks: Weeks, repo: str, as_of: date, calendar: WorkingCalendar) -> None:
        self.full_week = len(calendar.weekdays)
        self._rng = generator(repo, 0, as_of)
        self._draws: RateDraws = fit_rate(weeks).draw(self._rng, DRAWS)
        self._deviation = self._draws.deviation
        self._rates: list[np.ndarray] = []
        self._days = [
            np.array(
                [day for week in range(begin, begin + length) for day in calendar.week_after(as_of, week)], dtype=int
            )
            for begin, length in STEPS
        ]

    @cached_property
    def level(self) -> float:
        """Median of the present rate: items a full working week."""
        return float(np.median(self._draws.rate(self._draws.deviation)))

    def rates(self, step: int) -> np.ndarray:
        """Return the items that each draw expects in a step."""
        while len(self._rates) <= step:
            _, weeks = STEPS[len(self._rates)]
            self._deviation = self._draws.later(self._deviation, weeks, self._rng.standard_normal(DRAWS))
            self._rates.append(self.working_weeks(len(self._rates)) * self._draws.rate(self._deviation))
        return self._rates[step]

    def working_days(self, step: int) -> np.ndarray:
        """Return the working days of a step, as days after ``as_of``."""
        return self._days[step]

    def working_weeks(self, step: int) -> float:
        """Return the working time of a step in full working weeks."""
        return len(self._days[step]) / self.full_week


@dataclass(frozen=True, slots=True)
class Demand:
    """One milestone on a day: its open items, its weeks and the team's in the same time, and what came in (net)."""

    open_items: int
    own: Weeks
    team: Weeks
    growth: Weeks

    def share(self) -> float:
        """Return the fraction of the team's closings that were its own, the newest weeks counting most."""
        weights = self.own.age_weights(_SHARE_HALF_LIFE)
        return float((weights * self.own.counts).sum() / max((weights * self.team.counts).sum(), 1e-9))

    def weekly_growth(self) -> float:
        """Return the items that came in (less those taken out) a working week."""
        return float(max(self.growth.counts.sum(), 0) / max(self.growth.working.sum(), 1e-9))

    def draw_share(self, rng: np.random.Generator) -> np.ndarray:
        """Return draws of its share: beta, and 1 where the team closed nothing else."""
        weights = self.own.age_weights(_SHARE_HALF_LIFE)
        mine = float((weights * self.own.counts).sum())
        others = float((weights * self.team.counts).sum()) - mine
        if others < 1e-9:
            return np.ones(DRAWS)
        return rng.beta(mine / _SHARE_DISPERSION + 0.5, others / _SHARE_DISPERSION + 0.5, DRAWS)

    def draw_growth(self, rng: np.random.Generator) -> np.ndarray:
        """Return draws of the items that come in a working week: gamma, wider where they came in batches."""
        items, weeks = max(float(self.growth.counts.sum()), 0.0), float(self.growth.working.sum())
        if weeks <= 0:
            return rng.gamma(_GROWTH_PRIOR_ITEMS, 1 / _GROWTH_PRIOR_WEEKS, DRAWS)
        expected = self.growth.working * items / weeks
        spread = ((self.growth.counts - expected) ** 2).sum() / max(items, 1.0)
        # Two weeks that were as even as chance makes them, against what a short history happens to show.
        dispersion = min(max((2 + spread) / (2 + max(len(expected) - 1, 0)), 1.0), _LARGEST_DISPERSION)
        return rng.gamma((items or _GROWTH_PRIOR_ITEMS) / dispersion, dispersion / weeks, DRAWS)


def finish_days(team: TeamDraws, demands: Mapping[int, Demand], repo: str, as_of: date) -> dict[int, np.ndarray]:
    """Return draws of the days from ``as_of`` to the end of each milestone, :data:`NEVER` beyond the horizon.

    Args:
        team: What the team closes.
        demands: The milestones that share it, by number.
        repo: The repository; with number and day the seed.
        as_of: The day on which the forecast is made.
    """
    streams = {number: generator(repo, number, as_of) for number in demands}
    shares = {number: demand.draw_share(streams[number]) for number, demand in demands.items()}
    scale = np.maximum(sum(shares.values(), start=np.zeros(DRAWS)), 1.0)
    return {
        number: _finish(team, demand, shares[number] / scale, streams[number]) for number, demand in demands.items()
    }


def _finish(team: TeamDraws, demand: Demand, share: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    growth = demand.draw_growth(rng)
    left = np.full(DRAWS, demand.open_items)
    days = np.full(DRAWS, NEVER)
    running = np.arange(DRAWS)
    for step in range(len(STEPS)):
        working_days = team.working_days(step)
        if not working_days.size:
            continue
        closed = rng.poisson(share[running] * team.rates(step)[running])
        fading = 0.5 ** (STEPS[step][0] / _GROWTH_HALF_LIFE)
        before = left[running] + rng.poisson(growth[running] * (fading * team.working_weeks(step)))
        done = closed >= before
        if done.any():
            # The last of `before` items among `closed` that lie evenly in the step.
            place = rng.beta(before[done], closed[done] - before[done] + 1)
            index = np.minimum((place * working_days.size).astype(int), working_days.size - 1)
            days[running[done]] = working_days[index]
        left[running] = before - closed
        running = running[~done]
        if not running.size:
            break
    return days
