"""Ctrl+C at twenty random moments of a run, and while a server doesn't answer.

A suite of its own (`make test-interrupts`): some forty processes. The short form is ``test_interruption``.
"""

import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from roadmap_pipeline_tests.stopped import AT_MOST_S, SmallWorld, small
from roadmap_sandbox.github.faults import Fault

EARLIEST_S = 0.5
"""Before that the interpreter is still starting."""
MOMENTS = [round(0.85 * random.Random(f"moment {number}").random(), 3) for number in range(20)]
"""Shares of the time that an undisturbed run takes; the next one may be somewhat faster."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[SmallWorld]:
    with small(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return how long a run takes, and what it comes to."""
    with small(tmp_path_factory.mktemp("undisturbed")) as made:
        started_at = time.monotonic()
        assert made.run("run") == 0
        seconds = time.monotonic() - started_at
        assert made.run("run") == 0  # reads what the first one wrote: its tracking issues
        return {"seconds": seconds, "tables": made.tables(), "seen": made.seen()}


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_interrupt_at_a_random_moment_ends_the_run_and_the_next_one_completes_it(
    moment: float, world: SmallWorld, undisturbed: dict[str, Any]
) -> None:
    run = world.start("run")
    time.sleep(EARLIEST_S + moment * (undisturbed["seconds"] - EARLIEST_S))
    seconds = run.interrupt()
    assert run.process.returncode == 130, run.said
    assert seconds <= AT_MOST_S, run.said
    assert run.last_line().startswith("interrupted: what was done is kept"), run.said
    assert set(world.states()) <= {"CANCELED"}
    assert world.run("run") == 0
    assert world.states()[0] == "SUCCESS"
    assert world.run("run") == 0
    assert world.tables() == undisturbed["tables"]
    assert world.seen() == undisturbed["seen"]


def test_a_server_that_does_not_answer_holds_nobody_up(world: SmallWorld) -> None:
    world.github.faults.add(Fault("slow", seconds=60.0), times=100, skip=20)
    run = world.start("run")
    run.wait_for("Reading")
    time.sleep(1.0)
    assert run.interrupt() <= AT_MOST_S
    assert run.process.returncode == 130
    assert world.states() == ["CANCELED"]
    world.github.faults.clear()
    assert world.run("ingest") == 0


def test_a_second_run_says_what_it_waits_for_and_stops_when_it_is_told_to(world: SmallWorld) -> None:
    world.github.faults.add(Fault("slow", seconds=20.0), times=100, skip=20)
    first = world.start("run")
    first.wait_for("Reading")
    second = world.start("run")
    second.wait_for(f"process {first.process.pid} (roadmap run) holds it; waiting")
    assert second.interrupt() <= AT_MOST_S
    assert second.process.returncode == 130
    assert first.interrupt() <= AT_MOST_S
