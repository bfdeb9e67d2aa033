"""`roadmap run` in processes of its own: killed by SIGKILL at random moments, and two of them at once.

A suite of its own (`make soak`). What Python runs on its way out doesn't run, locks and slots stay behind as they do
when a machine is switched off.
"""

import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from roadmap_pipeline_tests.github.conftest import REPO
from roadmap_pipeline_tests.stopped import SmallWorld, small

EARLIEST_S = 0.5
"""Before that the interpreter is still starting."""
SHARES = [round(random.Random(f"kill {number}").random(), 3) for number in range(16)]
"""Shares of the time that an undisturbed run takes; the writes come in its last third."""
LATE = [round(0.6 + 0.4 * share, 3) for share in SHARES[:8]]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[SmallWorld]:
    with small(tmp_path) as made:
        made.environment["XDG_CACHE_HOME"] = str(tmp_path / "cache")
        yield made


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return how long a run takes, and what it comes to once a second one has read what the first one wrote."""
    with small(tmp_path_factory.mktemp("undisturbed")) as made:
        started_at = time.monotonic()
        assert made.run("run") == 0
        seconds = time.monotonic() - started_at
        assert made.run("run") == 0
        return {"seconds": seconds, "tables": made.tables(), "seen": seen(made)}


def assert_as_undisturbed(world: SmallWorld, undisturbed: dict[str, Any]) -> None:
    """Assert that one more run comes to what undisturbed ones come to, and leaves nothing to write."""
    assert world.run("run") == 0
    assert world.tables() == undisturbed["tables"]
    assert seen(world) == undisturbed["seen"]
    writes(world)
    assert world.run("sync") == 0
    assert writes(world) == []


def seen(world: SmallWorld) -> dict[str, Any]:
    """Return what people see on both sides; tracking issues by title, each as often as it is there."""
    status, issues = world.github.request("GET", f"/repos/{REPO}/issues?state=all&per_page=100")
    assert status == 200
    ours = [issue for issue in issues if "<!-- gh-roadmap" in (issue["body"] or "")]
    counted = Counter((one["title"], one["state"]) for one in ours if one["state_reason"] != "duplicate")
    return {**world.seen(), "tracking issues": counted}


def writes(world: SmallWorld) -> list[tuple[str, str]]:
    """Return the writing requests since the last call."""
    entries = [
        (entry.method, entry.path) for side in (world.notion, world.github) for entry in side.journal if entry.mutating
    ]
    world.notion.journal.clear()
    world.github.journal.clear()
    return entries


@pytest.mark.parametrize("share", [*SHARES, *LATE])
def test_a_run_killed_at_a_random_moment_is_completed_by_the_next(
    share: float, world: SmallWorld, undisturbed: dict[str, Any]
) -> None:
    run = world.start("run")
    time.sleep(EARLIEST_S + share * (undisturbed["seconds"] - EARLIEST_S))
    run.process.kill()
    run.process.wait()
    assert world.run("run") == 0
    assert_as_undisturbed(world, undisturbed)


@pytest.mark.parametrize("share", SHARES[:4])
def test_two_runs_at_once_come_to_what_one_comes_to(
    share: float, world: SmallWorld, undisturbed: dict[str, Any]
) -> None:
    first = world.start("run")
    time.sleep(share * undisturbed["seconds"])
    second = world.start("run")
    for run in (first, second):
        assert run.process.wait(600) == 0, run.said
    assert_as_undisturbed(world, undisturbed)
