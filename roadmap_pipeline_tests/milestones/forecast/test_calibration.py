"""Split conformal recalibration: factors by hand, coverage by repetition, dates that keep their order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadmap_pipeline.milestones.forecast.calibration import LEAST_MILESTONES, UNCALIBRATED, Calibration, calibrate

LEVELS = (0.5, 0.85, 0.95)


def test_the_factor_is_the_corrected_quantile():
    """Of 20 scores the (20 + 1) · 0.85 = 17.85th, so the 18th; of 0.5 the 11th; of 0.95 the 20th."""
    scores = [float(number) for number in range(1, 21)]
    calibration = calibrate(dict.fromkeys(LEVELS, scores))
    assert calibration == Calibration((11.0, 18.0, 20.0), 20)
    assert calibrate(dict.fromkeys(LEVELS, scores[:-1])) is UNCALIBRATED
    assert LEAST_MILESTONES == 20


def test_dates_are_stretched_and_never_fall():
    assert Calibration((2.0, 1.0, 1.0), 20).apply((9, 14, None)) == (19, 19, None)
    assert Calibration((0.5, 0.5, 0.5), 20).apply((9, 10, 19)) == (4, 5, 9)
    assert UNCALIBRATED.apply((9, 14, None)) == (9, 14, None)


def test_chances_go_with_the_stretched_dates():
    calibration = Calibration((2.0, 2.0, 2.0), 20)
    raw, stretched = (9, 19, 29), (19, 39, 59)
    assert calibration.apply(raw) == stretched
    for day, before in zip(stretched, raw, strict=True):
        assert calibration.take_back(day, raw, stretched) == before
    assert calibration.take_back(29, raw, stretched) == 14
    assert calibration.take_back(119, raw, stretched) == pytest.approx(59.5)
    assert UNCALIBRATED.take_back(29, raw, raw) == 29


def test_exchangeable_milestones_are_covered():
    rng = np.random.default_rng(5)
    met = []
    for _ in range(400):
        scores = np.exp(rng.normal(0.4, 0.5, 41))  # forecasts that are far too early
        factor = calibrate({0.85: scores[:40].tolist()}).factors[0]
        met.append(scores[40] <= factor)
    assert np.mean(met) == pytest.approx(0.85, abs=0.05)


@given(
    st.lists(st.integers(0, 700), min_size=3, max_size=3).map(sorted),
    st.lists(st.floats(0.2, 5), min_size=3, max_size=3),
)
def test_any_calibration_keeps_the_order(offsets: list[int], factors: list[float]):
    stretched = [day for day in Calibration(tuple(factors), 20).apply(offsets) if day is not None]
    assert len(stretched) == 3
    assert stretched == sorted(stretched)
    assert all(day >= -1 for day in stretched)
