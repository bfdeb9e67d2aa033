"""A process that reads is killed, again and again: nothing is lost, nothing is read twice for long."""

import pytest

from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline_tests.github import reader
from roadmap_pipeline_tests.github.conftest import CLOCK, REPO, everything, small_world
from roadmap_sandbox.github.state import TOKEN

pytestmark = pytest.mark.slow

KILLED_AT = (1, 4, 8, 9, 30, 47, 60)
"""The last request of each process."""
UNDER_WAY = 300
"""Requests whose answers a process may not have stored yet: two batches of what hangs on runs, and a list."""


def read_once(served, path):
    return reader.start(served.base_url, path, REPO, TOKEN, CLOCK)


def test_kills_at_many_requests_change_nothing(serve, tmp_path):
    served = serve(small_world())
    assert read_once(served, tmp_path / "undisturbed.duckdb").wait() == 0
    undisturbed_requests = len(served.journal())
    kills = 0
    for skip in KILLED_AT:
        process = read_once(served, tmp_path / "killed.duckdb")
        served.state.faults.before(process.kill, skip=skip)
        kills += process.wait() < 0
        served.state.faults.clear()
    assert kills == len(KILLED_AT)
    assert read_once(served, tmp_path / "killed.duckdb").wait() == 0
    assert len(served.journal()) < undisturbed_requests + sum(KILLED_AT) + UNDER_WAY
    with connect(tmp_path / "undisturbed.duckdb") as one, connect(tmp_path / "killed.duckdb") as other:
        assert everything(other) == everything(one)
    assert read_once(served, tmp_path / "killed.duckdb").wait() == 0
    assert {status for _, _, status in served.journal()} <= {304, 404, 410, 302}
