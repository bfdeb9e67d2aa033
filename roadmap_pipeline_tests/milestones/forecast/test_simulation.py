"""The model's parts against closed forms and brute force."""

from datetime import timedelta

import numpy as np
import pytest

from roadmap_pipeline.milestones.forecast.baselines import bootstrap_days, velocity_day
from roadmap_pipeline.milestones.forecast.calendar import WorkingCalendar
from roadmap_pipeline.milestones.forecast.course import Weeks
from roadmap_pipeline.milestones.forecast.forecast import gather
from roadmap_pipeline.milestones.forecast.rate import fit_rate
from roadmap_pipeline.milestones.forecast.simulation import (
    DRAWS,
    HORIZON_WEEKS,
    NEVER,
    STEPS,
    Demand,
    TeamDraws,
    finish_days,
    generator,
)
from roadmap_pipeline_tests.milestones.forecast.courses import AS_OF, REPO, course

CALENDAR = WorkingCalendar()


def weeks(*counts: float) -> Weeks:
    """Return whole working weeks with these counts."""
    return Weeks(np.array(counts, dtype=float), np.ones(len(counts)))


def test_the_posterior_is_that_of_integration_by_brute_force():
    """Of level and deviation of three weeks, on a grid: prior times Poisson likelihood, summed.

    Laplace's approximation is around the likeliest value, which lies a little above the mean.
    """
    counts = np.array([3.0, 6.0, 5.0])
    posterior = fit_rate(weeks(*counts))
    draws = posterior.draw(np.random.default_rng(1), 200_000)
    present = draws.level + draws.deviation
    assert present.mean() == pytest.approx(_present_log_rate(counts, posterior.offset), abs=0.05)


def _present_log_rate(counts: np.ndarray, offset: float) -> float:
    """Return the posterior mean of the newest week's log rate, weights of weeks and of the grid as in the model."""
    axis = np.linspace(-2, 2, 61)
    weights = 0.5 ** (np.arange(3)[::-1] / 26)
    latent = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    likelihood = (weights * (counts * (latent + offset) - np.exp(latent + offset))).sum(axis=1)
    total = mean = 0.0
    lags = np.abs(np.subtract.outer(np.arange(3), np.arange(3)))
    for tau, weight in ((0.2, 1.0), (0.4, 1.0), (0.6, 0.7)):
        for rho in (0.3, 0.7, 0.85):
            covariance = 0.36 + tau**2 * rho**lags
            prior = -0.5 * np.einsum("ni,ij,nj->n", latent, np.linalg.inv(covariance), latent)
            mass = weight * np.exp(likelihood + prior - 10) / np.sqrt(np.linalg.det(covariance))
            total += mass.sum()
            mean += (mass * latent[:, 2]).sum()
    return offset + mean / total


def test_more_weeks_make_the_rate_surer_and_uneven_ones_less_sure():
    def spread(*counts: float) -> float:
        draws = fit_rate(weeks(*counts)).draw(np.random.default_rng(1), 20_000)
        return float(np.std(draws.level))

    assert spread(*[5] * 20) < spread(*[5] * 4)
    assert spread(*[5] * 12) < spread(*[1, 9] * 6)


def test_weeks_without_working_days_say_nothing():
    quiet = Weeks(np.array([4.0, 0.0, 4.0, 4.0]), np.array([1.0, 0.0, 1.0, 1.0]))
    levels = np.exp(fit_rate(quiet).draw(np.random.default_rng(1), 20_000).level)
    assert np.median(levels) == pytest.approx(4, rel=0.2)
    with pytest.raises(ValueError, match="a working day"):
        fit_rate(Weeks(np.zeros(2), np.zeros(2)))


def test_the_steps_cover_two_years_without_a_gap():
    assert [begin for begin, _ in STEPS][1:] == [begin + length for begin, length in STEPS][:-1]
    assert sum(length for _, length in STEPS) == HORIZON_WEEKS >= 104


def test_the_sum_of_milestones_never_closes_more_than_the_team():
    """Two milestones of which each closed all that the team did in its own time: their shares are scaled down.

    Both are done no earlier than the team would close all of it as one milestone.
    """
    early, late = (
        course(1, weeks=20, planned=76, closed=dict.fromkeys(range(3, 117, 7), 4)),
        course(2, weeks=5, closed=4),
    )
    inputs = gather([early, late], AS_OF, CALENDAR)
    assert sum(demand.share() for demand in inputs.demands.values()) > 1
    streams = {number: generator(REPO, number, AS_OF) for number in inputs.demands}
    shares = [demand.draw_share(streams[number]) for number, demand in inputs.demands.items()]
    assert (sum(shares) > 1).any()
    days = finish_days(TeamDraws(inputs.team, REPO, AS_OF, CALENDAR), inputs.demands, REPO, AS_OF)
    both = np.maximum(*days.values())
    items = sum(demand.open_items for demand in inputs.demands.values())
    alone = Demand(items, inputs.team, inputs.team, inputs.demands[1].growth)
    team = finish_days(TeamDraws(inputs.team, REPO, AS_OF, CALENDAR), {1: alone}, REPO, AS_OF)[1]
    for day in range(0, 200, 7):
        assert (both <= day).mean() <= (team <= day).mean() + 0.01


def test_milestones_that_share_a_team_do_not_get_one_date():
    first, second = course(1, planned=45, closed=3), course(2, planned=45, closed=1)
    inputs = gather([first, second], AS_OF, CALENDAR)
    days = finish_days(TeamDraws(inputs.team, REPO, AS_OF, CALENDAR), inputs.demands, REPO, AS_OF)
    assert np.median(days[1]) + 28 < np.median(days[2])
    assert inputs.demands[1].share() == pytest.approx(0.75)


def test_a_single_milestone_gets_all_that_the_team_closes():
    (demand,) = gather([course()], AS_OF, CALENDAR).demands.values()
    assert demand.share() == 1
    assert (demand.draw_share(np.random.default_rng(1)) == 1).all()


def test_growth_counts_from_a_week_after_the_plan():
    grown = course(added={3: 5, 30: 4}, removed={40: 1})
    (demand,) = gather([grown], AS_OF, CALENDAR).demands.values()
    assert demand.growth.counts.sum() == 3
    assert demand.weekly_growth() == pytest.approx(3 / 9)
    assert demand.draw_growth(np.random.default_rng(1)).mean() == pytest.approx(3 / 9, rel=0.05)


def test_bootstrap_of_equal_weeks_is_a_straight_line():
    days = bootstrap_days(10, np.array([4.0, 4.0, 4.0]), np.random.default_rng(1))
    assert len(days) == DRAWS
    assert set(days.tolist()) == {17}  # two and a half weeks: within the 18th day
    assert velocity_day(10, np.array([9.0, 4.0, 4.0, 4.0, 4.0])) == 17
    assert velocity_day(10, np.array([9.0, 0.0, 0.0, 0.0, 0.0])) is None


def test_bootstrap_of_two_kinds_of_weeks_is_binomial():
    """3 items at 0 or 3 a week: over after k weeks with probability 1 - 0.5^k."""
    days = bootstrap_days(3, np.array([0.0, 3.0]), np.random.default_rng(1))
    for week in (1, 2, 3):
        assert (days < 7 * week).mean() == pytest.approx(1 - 0.5**week, abs=0.02)
    assert bootstrap_days(3, np.array([0.0]), np.random.default_rng(1)).min() == NEVER


def test_draws_of_a_day_do_not_depend_on_how_far_somebody_looks():
    inputs = gather([course(), course(2, planned=60, closed=1)], AS_OF, CALENDAR)
    patient, hasty = (TeamDraws(inputs.team, REPO, AS_OF, CALENDAR) for _ in range(2))
    patient.rates(30)
    assert (patient.rates(3) == hasty.rates(3)).all()
    assert hasty.working_days(1).tolist() == [7, 8, 9, 10, 11]
    assert (AS_OF + timedelta(days=7)).weekday() == 0
