"""`roadmap ui` as a service manager or a shell's background job runs it: it answers, and ends with all it started."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from roadmap_pipeline_tests.conftest import Ran


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/server_info", timeout=5) as response:
            return response.status == 200
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


@pytest.mark.slow
def test_it_answers_and_ends_on_sigterm_although_interrupts_are_ignored(ran: Ran, tmp_path: Path) -> None:
    port = free_port()
    environment = {**os.environ, **ran.served.environment, "DAGSTER_HOME": str(tmp_path / "dagster")}
    environment["ROADMAP_WAREHOUSE"] = ran.settings.warehouse
    process = subprocess.Popen(
        ["sh", "-c", 'trap \'\' INT; exec "$0" ui --port "$1"', Path(sys.executable).parent / "roadmap", str(port)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 120
        while not answers(port):
            assert process.poll() is None, "it ended before it answered"
            assert time.monotonic() < deadline, "it does not answer"
            time.sleep(0.5)
        process.terminate()
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
    assert not answers(port)
