"""The catalogue is complete, and writes the same lines for the same detail."""

from random import Random

import pytest

from roadmap_sandbox.organisation.causes import CAUSES
from roadmap_sandbox.organisation.odds import DEFECTS, RECURRING, TRANSIENT, draw
from roadmap_sandbox.organisation.workflows import WORKFLOWS

BY_HAND = {"gate", "too-long", "over-limit"}
"""Causes that no chance draws: the gate's, and those of the runs that a time limit cuts off."""


def test_every_cause_can_happen_and_every_drawn_one_exists() -> None:
    drawn = {cause for table in (DEFECTS, TRANSIENT) for weights in table.values() for cause in weights}
    assert drawn | BY_HAND == set(CAUSES)
    assert set(CAUSES) >= RECURRING


def test_every_kind_of_job_can_fail() -> None:
    kinds = {job.kind for workflows in WORKFLOWS.values() for workflow in workflows for job in workflow.jobs}
    assert kinds - set(TRANSIENT) == {"gate"}
    assert set(DEFECTS) <= kinds


@pytest.mark.parametrize("cause", sorted(CAUSES))
def test_lines_depend_on_the_detail_alone(cause: str) -> None:
    for repository in ("payments", "storefront", "platform"):
        lines = CAUSES[cause].lines(5, repository)
        assert lines == CAUSES[cause].lines(5, repository)
        assert not any("\n" in line or "{" in line.replace("{ name:", "").replace('{ "message"', "") for line in lines)
        if CAUSES[cause].exit_code is None and cause != "lost":
            assert any(line.startswith("##[error]") for line in lines)


def test_draw_follows_the_weights() -> None:
    rng = Random(3)
    drawn = [draw(rng, {"often": 9, "seldom": 1}) for _ in range(2_000)]
    assert 0.87 < drawn.count("often") / len(drawn) < 0.93
