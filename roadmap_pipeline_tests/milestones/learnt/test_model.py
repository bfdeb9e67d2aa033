"""Learning from rows whose truth is known."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadmap_pipeline.milestones.learnt.model import SIGNALS, Row, learn, leave_one_out

MONDAY = date(2026, 1, 5)
WORK, TARGET = 0, 1


def _rows(number: int, weeks: int, late: float = 1.0, **known: float) -> list[Row]:
    """Return a milestone of which nothing is done in the first half of its time, and its target lies right.

    ``late``: how long it took, against its target. ``known`` are further signals, the same on all days.
    """
    rows = []
    for week in range(1, weeks):
        share = week / weeks
        signals: list[float | None] = [max(2 * share - 1, 0), late * share, 0.2, 1.0, None]
        for name, value in known.items():
            signals[list(SIGNALS).index(name)] = value
        rows.append(Row("acme/payments", number, MONDAY + timedelta(weeks=week), tuple(signals), share))
    return rows


def _milestones(*weeks: int) -> list[Row]:
    return [row for number, length in enumerate(weeks) for row in _rows(number, length)]


def test_the_truth_is_found_and_terms_add_up() -> None:
    rows = _milestones(8, 10, 12, 14, 16, 18, 20, 22, 9, 11)
    model = learn(rows)
    assert model.base == pytest.approx(0.5, abs=1e-4)
    assert (model.coefficients[[WORK, TARGET]] >= 0).all()
    assert model.coefficients[TARGET] > 0.5
    # Never seen to differ: they teach nothing. The last one is known of none.
    assert model.coefficients[2:].tolist() == [0, 0, 0]
    new = _rows(99, 15)
    errors = np.abs(model.shares(new) - [row.actual_share for row in new])
    assert errors.mean() < 0.08
    distances = np.array([row.signals[:4] for row in new], dtype=float) - model.centres[:4]
    assert np.clip(model.base + distances @ model.coefficients[:4], 0, 1).tolist() == model.shares(new).tolist()


def test_each_milestone_weighs_the_same_however_long_it_took() -> None:
    odd, others = _rows(0, 12, late=1.8), [row for number in range(1, 9) for row in _rows(number, 10)]
    once, thrice = learn([*odd, *others]), learn([*odd * 3, *others])
    assert thrice.base == once.base
    assert thrice.coefficients == pytest.approx(once.coefficients, abs=1e-5)


def test_a_signal_may_go_either_way_but_more_work_never_lowers_the_share() -> None:
    rows = []
    for number in range(12):
        grown = number % 2
        for row in _rows(number, 10):
            # Of milestones whose scope grows less time has passed, and the more is done the less.
            share = row.actual_share * (0.5 if grown else 1.0)
            rows.append(row._replace(signals=(1 - share, None, float(grown), None, None), actual_share=share))
    model = learn(rows)
    assert model.coefficients[WORK] == 0
    assert model.coefficients[2] < -0.1


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.floats(0, 1), st.one_of(st.none(), st.floats(0, 2)), st.floats(0, 1)),
        min_size=2, max_size=30,
    )
)  # fmt: skip
def test_any_history_gives_shares_and_the_same_ones_again(values: list[tuple[int, float, float | None, float]]) -> None:
    rows = [
        Row("r", number, MONDAY + timedelta(weeks=week), (done, target, None, target, done), share)
        for week, (number, done, target, share) in enumerate(values)
    ]
    model = learn(rows)
    shares = model.shares(rows)
    assert ((shares >= 0) & (shares <= 1)).all()
    assert (model.coefficients[[WORK, TARGET]] >= 0).all()
    again = learn(rows)
    assert (again.base, again.coefficients.tolist()) == (model.base, model.coefficients.tolist())


def test_a_milestone_is_not_learnt_from_when_it_is_judged() -> None:
    rows = _milestones(8, 10, 12)
    # One that differs from all others as much as can be.
    odd = [row._replace(number=9, signals=(0.0, 0.0, 0.9, 3.0, 1.0), actual_share=0.9) for row in _rows(9, 10)]
    judged = {(row.number, row.as_of): share for row, share in leave_one_out([*rows, *odd])}
    alone = learn(rows).shares(odd)
    assert [judged[9, row.as_of] for row in odd] == np.round(alone, 4).tolist()
    assert len(judged) == len(rows) + len(odd)
