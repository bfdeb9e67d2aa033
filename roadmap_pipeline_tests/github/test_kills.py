"""A process that reads is killed, again and again: nothing is lost, nothing is read twice for long."""

import pytest

from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline_tests.github import reader
from roadmap_pipeline_tests.github.conftest import CLOCK, REPO, everything, small_world
from roadmap_sandbox.github.state import TOKEN

KILLED_AT = (1, 4, 8, 9, 30, 47, 60)
"""Which request of each process is its last."""
UNDER_WAY = 300
"""Requests whose answers a process may not have stored yet: two batches of what hangs on runs, and a list."""


def read_once(world, path):
    return reader.start(world.base_url, path, REPO, TOKEN, CLOCK)


@pytest.mark.slow
def test_kills_at_many_requests_change_nothing(serve, tmp_path):
    world = serve(small_world())
    assert read_once(world, tmp_path / "undisturbed.duckdb").wait() == 0
    undisturbed_requests = len(world.journal())
    kills = 0
    for skip in KILLED_AT:
        process = read_once(world, tmp_path / "killed.duckdb")
        world.state.faults.before(process.kill, skip=skip)
        kills += process.wait() < 0
        world.state.faults.clear()
    assert kills == len(KILLED_AT)
    assert read_once(world, tmp_path / "killed.duckdb").wait() == 0
    assert len(world.journal()) < undisturbed_requests + sum(KILLED_AT) + UNDER_WAY
    with connect(tmp_path / "undisturbed.duckdb") as one, connect(tmp_path / "killed.duckdb") as other:
        assert everything(other) == everything(one)
    assert read_once(world, tmp_path / "killed.duckdb").wait() == 0
    assert {status for _, _, status in world.journal()} <= {304, 404, 410, 302}
