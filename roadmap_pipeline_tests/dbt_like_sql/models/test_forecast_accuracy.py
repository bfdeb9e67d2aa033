"""Scores of past forecasts: figures by hand."""

from datetime import date
from typing import Any

import pytest

from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import REPO, StoredHistory, at


def _said(history: StoredHistory, number: int, day: date, *dates: date | None, **values: Any) -> None:
    names = ("p50_date", "p85_date", "p95_date")
    row: dict[str, Any] = dict(zip((*names, *(f"raw_{name}" for name in names)), (*dates, *dates), strict=True))
    row |= {"repo": REPO, "number": number, "as_of": day, "state": "forecast", "open_items": 9, "calibrated_on": 0}
    history.add("derived.forecast_backtest", **row | values)


def _history() -> StoredHistory:
    """Return two forecasts of a milestone that was closed on 10 October, and one of one that is open on 16 November."""
    history = StoredHistory()
    history.milestone("Done", 1, state="closed", created_at=at("06-01 00:00"), closed_at=at("10-10 12:00"))
    history.milestone("Open", 2, created_at=at("06-01 00:00"))
    _said(
        history, 1, date(2026, 9, 7), date(2026, 10, 1), date(2026, 10, 10), date(2026, 10, 20),
        velocity_date=date(2026, 10, 9), target_date=date(2026, 10, 11),
    )  # fmt: skip
    _said(history, 1, date(2026, 9, 14), date(2026, 10, 12), date(2026, 10, 15), None)
    _said(history, 2, date(2026, 10, 5), date(2026, 11, 1), date(2026, 11, 16), date(2026, 12, 1))
    _said(history, 2, date(2026, 9, 7), None, None, None, state="insufficient_history")
    return history


def test_dates_are_met_missed_or_not_decided_yet():
    with _history().built(checked=True) as warehouse:
        assert warehouse.rows(
            "select number, as_of, is_censored, is_p50_met, is_p85_met, is_p95_met from marts.forecast_backtest"
            " order by number, as_of"
        ) == [
            (1, date(2026, 9, 7), False, False, True, True),
            (1, date(2026, 9, 14), False, True, True, None),
            (2, date(2026, 9, 7), True, None, None, None),
            (2, date(2026, 10, 5), True, False, None, None),
        ]


def test_scores():
    with _history().built() as warehouse:
        figures = "milestones, forecasts, met, pinball_days, sharpness_days, bias_days"
        rows = warehouse.rows(
            f"select level, {figures} from marts.forecast_accuracy"
            " where repo = '*' and method = 'forecast' order by all"
        )
        # Late by 9 days and early by 2; then early by 0 and 5; then by 10, and beyond the horizon of 742 days.
        assert rows == [
            (0.5, 2, 3, 1, pytest.approx((0.5 * 9 + 0.5 * 2) / 2), pytest.approx((9 + 3 + 15) / 3), 3.5),
            (0.85, 1, 2, 2, pytest.approx(0.15 * 5 / 2), 6.0, None),
            (0.95, 1, 2, 2, pytest.approx((0.05 * 10 + 0.05 * (742 - 26)) / 2), 6.0, None),
        ]
        simple = f"select method, {figures} from marts.forecast_accuracy where repo = '{REPO}' and level = 0.5"
        assert warehouse.rows(f"{simple} and method = 'target'") == [("target", 1, 1, 1, 0.5, 0.0, -1.0)]


def test_the_sentence_has_a_wilson_interval():
    with _history().built() as warehouse:
        low, high, sentence = warehouse.row(
            "select coverage_low, coverage_high, sentence from marts.forecast_accuracy"
            " where repo = '*' and method = 'forecast' and level = 0.5"
        )
        assert (low, high) == (pytest.approx(0.0615, abs=1e-4), pytest.approx(0.7924, abs=1e-4))
        assert sentence == "50 % dates were met 1 of 3 times (33 %, interval 6–79 %)"


def test_the_sentence_of_the_handbook():
    history = StoredHistory()
    history.milestone("Done", 1, state="closed", created_at=at("01-01 00:00"), closed_at=at("10-10 12:00"))
    for week in range(49):
        day = date.fromordinal(date(2025, 6, 2).toordinal() + 7 * week)
        met = date(2026, 10, 10) if week < 41 else date(2026, 10, 9)
        _said(history, 1, day, day, met, met)
    with history.built() as warehouse:
        assert (
            warehouse.one(
                "select sentence from marts.forecast_accuracy where repo = '*' and method = 'forecast' and level = 0.85"
            )
            == "85 % dates were met 41 of 49 times (84 %, interval 71–91 %)"
        )
