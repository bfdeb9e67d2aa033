"""One sync at a time on a machine: who waits, for whom, how long, and what a dead process leaves."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from roadmap_pipeline import interruption
from roadmap_pipeline.errors import RoadmapError
from roadmap_pipeline.interruption import Interrupted
from roadmap_pipeline.settings import Settings, load_settings
from roadmap_pipeline.sync import lock
from roadmap_pipeline.sync.lock import STRIPES, exclusive

HOLDER = """
import json, sys, time
from roadmap_pipeline.settings import load_settings
from roadmap_pipeline.sync.lock import exclusive
with exclusive(load_settings(json.loads(sys.argv[1]))):
    print("held", flush=True)
    time.sleep(600)
"""
ENVIRONMENT = {
    "GITHUB_TOKEN": "secret",
    "GITHUB_REPOSITORY": "acme/payments,acme/storefront",
    "GITHUB_API_URL": "http://127.0.0.1:1",
    "NOTION_API_KEY": "secret",
    "NOTION_API_URL": "http://127.0.0.1:2",
    "NOTION_PARENT_PAGE_ID": "5a11d0c5-0000-4000-8000-00000000ac3e",
}
Waits = Callable[[], list[str]]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return a machine of its own."""
    return {**ENVIRONMENT, "XDG_CACHE_HOME": str(tmp_path / "cache"), "ROADMAP_WAREHOUSE": str(tmp_path / "w.duckdb")}


@pytest.fixture
def settings(environment: dict[str, str], tmp_path: Path) -> Settings:
    return load_settings(environment, tmp_path)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Say at once what is waited for."""
    monkeypatch.setattr(lock, "SILENT_S", 0.1)


@contextmanager
def held_by_another(environment: dict[str, str]) -> Iterator["subprocess.Popen[str]"]:
    import json

    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, json.dumps(environment)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def can_begin(settings: Settings) -> bool:
    """Return whether another thread, which is nothing else to the lock than another process, can sync at once."""

    def begin() -> bool:
        try:
            with exclusive(settings, timeout_s=0):
                return True
        except RoadmapError:
            return False

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(begin).result()


@pytest.mark.parametrize(
    ("change", "excludes"),
    [
        ({}, True),
        ({"ROADMAP_WAREHOUSE": "another.duckdb"}, True),
        ({"GITHUB_REPOSITORY": "acme/other", "GITHUB_API_URL": "http://127.0.0.1:9"}, True),
        ({"NOTION_PARENT_PAGE_ID": "5a11d0c500004000800000000000ffff"}, True),
        ({"NOTION_API_URL": "http://127.0.0.1:9", "GITHUB_REPOSITORY": "ACME/Storefront"}, True),
        ({"NOTION_API_URL": "http://127.0.0.1:9", "GITHUB_REPOSITORY": "acme/other"}, False),
        ({"NOTION_PARENT_PAGE_ID": "5a11d0c500004000800000000000ffff", "GITHUB_API_URL": "http://127.0.0.1:9"}, False),
    ],
    ids=["same", "warehouse", "same page", "same repositories", "one repository", "other repository", "all else"],
)
def test_who_writes_to_the_same_place_waits(
    change: dict[str, str], excludes: bool, environment: dict[str, str], settings: Settings, tmp_path: Path
) -> None:
    other = load_settings({**environment, **change}, tmp_path)
    with exclusive(settings):
        assert can_begin(other) is not excludes
    assert can_begin(other)


def test_another_machine_does_not_wait(environment: dict[str, str], settings: Settings, tmp_path: Path) -> None:
    with exclusive(settings):
        assert can_begin(load_settings({**environment, "XDG_CACHE_HOME": str(tmp_path / "elsewhere")}, tmp_path))


def test_a_sync_within_a_sync_does_not_wait_for_itself(settings: Settings) -> None:
    with exclusive(settings):
        with exclusive(settings, timeout_s=0):
            pass
        assert not can_begin(settings), "the inner one releases nothing"
    assert list(settings.lock_folder.iterdir()) == [], "nothing is left behind"


def test_whoever_waits_says_for_whom_and_goes_on_when_that_process_is_killed(
    environment: dict[str, str], settings: Settings, impatient: None, caplog: pytest.LogCaptureFixture
) -> None:
    with held_by_another(environment) as process:
        threading.Timer(1.0, process.kill).start()
        with exclusive(settings):
            assert process.wait(10) == -signal.SIGKILL
        assert [record.getMessage().partition(";")[0] for record in caplog.records] == [
            f"process {process.pid} (-c) writes to Notion page 5a11d0c5-0000-4000-8000-00000000ac3e at"
            " http://127.0.0.1:2"
        ]


def test_waiting_ends_with_an_error_that_names_the_other_process(
    environment: dict[str, str], settings: Settings, impatient: None
) -> None:
    with (
        held_by_another(environment) as process,
        pytest.raises(RoadmapError, match=rf"process {process.pid} \(-c\) writes to .* still did after 0.5 s"),
        exclusive(settings, timeout_s=0.5),
    ):
        pass


def test_waiting_can_be_interrupted(environment: dict[str, str], settings: Settings) -> None:
    def work() -> None:
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
        with exclusive(settings):
            raise AssertionError("another process holds it")

    with held_by_another(environment):
        started_at = time.monotonic()
        with pytest.raises(Interrupted):
            interruption.stoppable(work)
        assert time.monotonic() - started_at < 5


def test_of_many_at_once_each_has_its_turn(settings: Settings) -> None:
    inside: list[int] = []
    most: list[int] = []

    def turn(number: int) -> None:
        with exclusive(settings):
            inside.append(number)
            most.append(len(inside))
            time.sleep(0.01)
            inside.remove(number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(turn, range(16)))
    assert most == [1] * 16


def test_where_the_users_folder_cannot_be_written_to_the_systems_is_used(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "file").touch()
    refused = replace(settings, lock_folder=tmp_path / "file" / "locks")
    with exclusive(refused):
        assert not can_begin(refused)
        assert len(list((tmp_path / f"roadmap_pipeline-{os.getuid()}").iterdir())) == 3
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "file"))
    with pytest.raises(RoadmapError, match="set XDG_CACHE_HOME"), exclusive(refused):
        pass


def test_an_organisation_of_a_thousand_repositories_takes_few_files(
    environment: dict[str, str], settings: Settings, tmp_path: Path
) -> None:
    names = ",".join([*(f"acme/service-{number}" for number in range(1_000)), "acme/storefront"])
    many = load_settings({**environment, "GITHUB_REPOSITORY": names}, tmp_path)
    with exclusive(many):
        assert len(list(many.lock_folder.iterdir())) <= STRIPES + 1
        assert not can_begin(settings), "one of them is the same"
