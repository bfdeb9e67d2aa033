"""Measure how often forecast dates of milestones hold, on simulated ones and beside a plain bootstrap.

    python benchmarks/forecast.py [--milestones N] [--tuning]

Four regimes of 2,000 milestones each: a steady team, four weeks of history, scope that grows by a fifth of what is
closed, and weeks that resemble their neighbours. A team closes Poisson numbers of items on working days; each week's
rate is log-normal around the team's. The model's constants were chosen with ``--tuning``: other seeds and other rates
than those that are scored without it.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from measuring import table, verdict

from roadmap_pipeline.milestones.forecast.backtest import backtest_row
from roadmap_pipeline.milestones.forecast.calendar import WorkingCalendar
from roadmap_pipeline.milestones.forecast.course import Counts, Course
from roadmap_pipeline.milestones.forecast.forecast import LEVELS, forecasts, gather
from roadmap_pipeline.milestones.forecast.simulation import HORIZON_WEEKS

REGIMES = ("stable", "four weeks of history", "scope grows by 20 %", "autocorrelated (0.7)")
AS_OF = date(2026, 11, 16)
COVERAGE_BAR = (0.82, 0.92)
PINBALL_BAR = 1.1
LONGEST_WEEKS = HORIZON_WEEKS + 54


@dataclass(frozen=True)
class World:
    """The milestones that are drawn: seed, and the ranges of items closed a week and of the weeks' deviation."""

    seed: int
    rates: tuple[float, float]
    deviations: tuple[float, float]


SCORED = World(seed=2_000, rates=(1.5, 12), deviations=(0.15, 0.55))
TUNING = World(seed=100, rates=(2, 8), deviations=(0.2, 0.5))


def simulated(world: World, regime: int, milestones: int) -> Iterator[tuple[Course, int]]:
    """Yield milestones as they are known at :data:`AS_OF`, and the days from then to their end."""
    for number in range(1, milestones + 1):
        rng = np.random.default_rng([world.seed, regime, number])
        rate = np.exp(rng.uniform(*np.log(world.rates)))
        weeks = 4 if regime == 1 else int(rng.integers(8, 13))
        closed = _daily(rng, _weekly_rates(rng, rate, rng.uniform(*world.deviations), regime, weeks + LONGEST_WEEKS))
        added = np.zeros_like(closed)
        if regime == 2:
            added = _daily(rng, np.full(weeks + LONGEST_WEEKS, 0.2 * rate))
        open_items = max(round(rate * rng.uniform(3, 12)), 1)
        left = open_items + np.cumsum(added[weeks * 7 :]) - np.cumsum(closed[weeks * 7 :])
        ended = np.flatnonzero(left <= 0)
        yield (
            _course(number, open_items, closed[: weeks * 7], added[: weeks * 7]),
            int(ended[0]) if ended.size else len(left),
        )


def _weekly_rates(rng: np.random.Generator, rate: float, deviation: float, regime: int, weeks: int) -> np.ndarray:
    rho = 0.7 if regime == 3 else 0.0
    state, states = rng.standard_normal(), []
    for _ in range(weeks):
        states.append(state)
        state = rho * state + np.sqrt(1 - rho**2) * rng.standard_normal()
    return rate * np.exp(deviation * np.array(states) - deviation**2 / 2)


def _daily(rng: np.random.Generator, weekly: np.ndarray) -> np.ndarray:
    """Return items a day, Monday first: the weeks' expectations on five working days."""
    working = np.array([1, 1, 1, 1, 1, 0, 0]) / 5
    return rng.poisson((weekly[:, None] * working).ravel())


def _course(number: int, open_items: int, closed: np.ndarray, added: np.ndarray) -> Course:
    """Return the course of a milestone that was filled on its first day and has ``open_items`` at the end of it."""
    added = added.copy()
    added[:7] = 0
    added[0] = open_items + closed.sum() - added.sum()
    zeros = np.zeros_like(closed)
    counts = Counts(
        np.cumsum(added) - np.cumsum(closed), np.cumsum(closed), closed, added, zeros, added, np.ones_like(closed)
    )
    nothing = Counts(*[zeros] * len(Counts.__slots__))
    return Course(
        "simulated/team", number, f"Stage {number}", AS_OF - timedelta(days=len(closed)), None, None, nothing, counts
    )


def measure(world: World, regime: int, milestones: int) -> dict[str, np.ndarray]:
    """Return by method an array of (days that it took, days said at each level) in weeks of 7 days."""
    calendar = WorkingCalendar()
    never = HORIZON_WEEKS * 7
    rows: dict[str, list[list[float]]] = {"": [], "bootstrap_": []}
    for course, took in simulated(world, regime, milestones):
        inputs = gather([course], AS_OF, calendar)
        (forecast,) = forecasts(inputs)
        if forecast.state != "forecast":
            continue
        row = backtest_row(forecast, inputs)
        for prefix, said in rows.items():
            dates = [row[f"{prefix}p{round(100 * level)}_date"] for level in LEVELS]
            days = [never if day is None else (day - AS_OF).days for day in dates]
            said.append([min(took, never) / 7, *(each / 7 for each in days)])
    return {name: np.array(said) for name, said in rows.items()}


def coverage(said: np.ndarray) -> list[float]:
    """Return the fraction that ended by the date of each level."""
    return [float((said[:, 0] <= said[:, column]).mean()) for column in range(1, len(LEVELS) + 1)]


def pinball(said: np.ndarray) -> float:
    """Return the mean pinball loss over the levels, in weeks."""
    losses = []
    for column, level in enumerate(LEVELS, start=1):
        late = said[:, 0] - said[:, column]
        losses.append(np.where(late >= 0, level * late, (level - 1) * late).mean())
    return float(np.mean(losses))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--milestones", type=int, default=2_000, help="milestones a regime")
    parser.add_argument("--tuning", action="store_true", help="the milestones that constants may be chosen by")
    options = parser.parse_args()
    world = TUNING if options.tuning else SCORED
    lines = []
    bars = []
    for regime, name in enumerate(REGIMES):
        said = measure(world, regime, options.milestones)
        ours, plain = said[""], said["bootstrap_"]
        held, plainly_held = coverage(ours), coverage(plain)
        ratio = pinball(ours) / pinball(plain)
        for method, values, each in (("forecast", ours, held), ("plain bootstrap", plain, plainly_held)):
            sharpness = f"{(values[:, 2] - values[:, 1]).mean():.2f}"
            shares = [f"{100 * share:.1f} %" for share in each]
            lines.append([name, method, str(len(values)), *shares, f"{pinball(values):.3f}", sharpness])
        bars.append((f"{name}: 85 % dates hold in 82–92 %", COVERAGE_BAR[0] <= held[1] <= COVERAGE_BAR[1]))
        if regime == 0:
            bars.append((f"{name}: pinball {ratio:.2f} × plain bootstrap's (≤ {PINBALL_BAR})", ratio <= PINBALL_BAR))
        elif regime == len(REGIMES) - 1:
            bars.append((f"{name}: pinball {ratio:.2f} × plain bootstrap's (< 1)", ratio < 1))
    print("## Forecasts of milestones\n")
    print(
        f"{options.milestones:,} simulated milestones a regime; those that the forecast refuses are left out of both.\n"
    )
    print(
        table(["regime", "method", "n", "50 % holds", "85 % holds", "95 % holds", "pinball, weeks", "p85 − p50"], lines)
    )
    print("\n" + "\n".join(f"- {text}: {verdict(held)}" for text, held in bars))


if __name__ == "__main__":
    main()
