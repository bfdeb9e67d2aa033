"""Failures of tools nobody wrote rules for are told apart, and shown by the line of their cause."""

from collections import Counter
from pathlib import Path

import pytest

from roadmap_pipeline.failures.rules.taxonomy import CATEGORIES
from roadmap_pipeline_tests.failures.public_logs import HELD_OUT, STUDIED, Case, macro_f1, read


@pytest.fixture(scope="module", params=[HELD_OUT, STUDIED], ids=lambda path: path.stem)
def cases(request: pytest.FixtureRequest) -> list[Case]:
    path: Path = request.param
    return read(path)


def test_the_labels_hold_together(cases: list[Case]) -> None:
    assert len(cases) >= 60
    assert max(Counter(case.id for case in cases).values()) == 1
    assert max(Counter(case.tool for case in cases).values()) <= 3
    for case in cases:
        assert case.category in CATEGORIES, case.id
        assert case.source.startswith("https://"), case.id
        assert all(text in case.log.decode() for text in (*case.cause, *case.tests)), case.id


def test_the_category_is_the_labelled_one(cases: list[Case]) -> None:
    assert macro_f1(cases) >= 0.90
    assert sum(case.is_specific for case in cases) >= 0.90 * len(cases)


def test_the_line_shown_is_that_of_the_cause(cases: list[Case]) -> None:
    assert sum(case.is_inside for case in cases) >= 0.97 * len(cases)
    of_one_line = [case for case in cases if case.is_one_line]
    assert sum(case.is_exact for case in of_one_line) >= 0.85 * len(of_one_line)
