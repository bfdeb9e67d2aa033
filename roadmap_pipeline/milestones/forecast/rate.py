"""The weekly rate of a Poisson process whose level wanders: its posterior, and draws of how it may go on.

Model: items of week w ~ Poisson(working time of w · exp(m + x_w)), m the long-run log rate, x an AR(1) process with
stationary standard deviation tau (overdispersion) and autocorrelation rho. A gamma posterior on one rate, the usual
choice, is either too sure of itself where weeks resemble their neighbours or too wide where they don't; here tau and
rho are averaged over by how well they explain the weeks (a grid, Laplace's approximation; Rasmussen and Williams,
Gaussian Processes for Machine Learning, algorithm 3.1). The longer the history and the more even the weeks, the
narrower it gets.
"""

from dataclasses import dataclass

import numpy as np

from roadmap_pipeline.milestones.forecast.course import Weeks

# Chosen on simulated milestones of other seeds and rates than benchmarks/forecast.py scores.
_TAUS = np.array([0.2, 0.4, 0.6])
_TAU_WEIGHTS = np.array([1.0, 1.0, 0.7])
_RHOS = np.array([0.3, 0.7, 0.85])
_LEVEL_DEVIATION = 0.6
_HALF_LIFE = 26.0
_SHORTEST_WEEK = 0.1
_NEWTON_STEPS = 8
_LARGEST_LOG_RATE = 9.0


@dataclass(frozen=True, slots=True)
class RateDraws:
    """Draws of the log rate of a full working week: long-run level, present deviation from it, and how that moves."""

    level: np.ndarray
    deviation: np.ndarray
    tau: np.ndarray
    rho: np.ndarray

    def later(self, deviation: np.ndarray, weeks: int, innovations: np.ndarray) -> np.ndarray:
        """Return the deviations ``weeks`` after ``deviation``, from standard normal ``innovations``."""
        kept = self.rho**weeks
        return np.asarray(kept * deviation + np.sqrt(1 - kept**2) * self.tau * innovations)

    def rate(self, deviation: np.ndarray) -> np.ndarray:
        """Return items a full working week at ``deviation``."""
        return np.asarray(np.exp(np.minimum(self.level + deviation, _LARGEST_LOG_RATE)))


@dataclass(frozen=True, slots=True)
class RatePosterior:
    """The posterior on a grid: weight of each (tau, rho), and mean and covariance of (level, deviation) under it."""

    weights: np.ndarray
    taus: np.ndarray
    rhos: np.ndarray
    offset: float
    means: np.ndarray
    covariances: np.ndarray

    def draw(self, rng: np.random.Generator, draws: int) -> RateDraws:
        """Return ``draws`` draws."""
        chosen = rng.choice(len(self.weights), draws, p=self.weights)
        normal = rng.standard_normal((draws, 2))
        roots = np.linalg.cholesky(self.covariances + 1e-9 * np.eye(2))[chosen]
        values = self.means[chosen] + np.einsum("dij,dj->di", roots, normal)
        return RateDraws(self.offset + values[:, 0], values[:, 1], self.taus[chosen], self.rhos[chosen])


def fit_rate(weeks: Weeks) -> RatePosterior:
    """Return the posterior of the rate that ``weeks`` were drawn from."""
    counts, working = weeks.counts, np.maximum(weeks.working, _SHORTEST_WEEK * (weeks.counts > 0))
    known = working > 0
    ages = np.arange(len(counts))[::-1][known]
    counts, working = counts[known], working[known]
    if not len(counts):
        raise ValueError("a rate needs a week with a working day in it")
    weights = 0.5 ** (ages / _HALF_LIFE)
    offset = float(np.log((weights * counts).sum() + 0.5) - np.log((weights * working).sum()))
    taus, rhos = (grid.ravel() for grid in np.meshgrid(_TAUS, _RHOS, indexing="ij"))
    lags = np.abs(ages[:, None] - ages[None, :])
    prior = _LEVEL_DEVIATION**2 + taus[:, None, None] ** 2 * rhos[:, None, None] ** lags
    latent, slope, root, system = _mode(prior, counts, working, weights, offset)
    expected = working * np.exp(latent + offset)
    _, determinant = np.linalg.slogdet(system)
    evidence = (weights * (counts * (latent + offset) - expected)).sum(axis=1)
    evidence += np.log(np.repeat(_TAU_WEIGHTS, len(_RHOS))) - 0.5 * ((slope * latent).sum(axis=1) + determinant)
    grid = np.exp(evidence - evidence.max())
    # Level, and deviation in the newest week, from the latent log rates of all.
    across = np.stack(
        [np.full((len(taus), len(ages)), _LEVEL_DEVIATION**2), taus[:, None] ** 2 * rhos[:, None] ** ages], axis=1
    )
    before = np.stack([np.diag([_LEVEL_DEVIATION**2, tau**2]) for tau in taus])
    gain = root[:, :, None] * np.linalg.solve(system, root[:, :, None] * across.transpose(0, 2, 1))
    return RatePosterior(
        weights=grid / grid.sum(),
        taus=taus,
        rhos=rhos,
        offset=offset,
        means=np.einsum("kij,kj->ki", across, slope),
        covariances=before - across @ gain,
    )


def _mode(
    prior: np.ndarray, counts: np.ndarray, working: np.ndarray, weights: np.ndarray, offset: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the likeliest log rates (less ``offset``) under each prior covariance, by Newton's method.

    Returns:
        The log rates, the gradient of the log likelihood at them, and root and system matrix of the approximation.
    """
    latent = np.zeros(prior.shape[:2])
    identity = np.eye(len(counts))
    slope = latent
    for _ in range(_NEWTON_STEPS):
        expected = working * np.exp(np.clip(latent + offset, -20, 20))
        root = np.sqrt(weights * expected)
        system = identity + root[:, :, None] * prior * root[:, None, :]
        target = weights * expected * latent + weights * (counts - expected)
        moved = np.einsum("kij,kj->ki", prior, target)
        slope = target - root * np.linalg.solve(system, (root * moved)[..., None])[..., 0]
        latent = np.einsum("kij,kj->ki", prior, slope)
    root = np.sqrt(weights * working * np.exp(np.clip(latent + offset, -20, 20)))
    return latent, slope, root, identity + root[:, :, None] * prior * root[:, None, :]
