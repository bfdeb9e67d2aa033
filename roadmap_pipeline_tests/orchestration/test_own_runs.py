"""A run whose process was killed keeps nobody waiting; whoever waits for one that lives is told for which."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner
from dagster._core.events import EngineEventData
from dagster._core.storage.tags import GRPC_INFO_TAG

from roadmap_pipeline.cli.app import main
from roadmap_pipeline.orchestration import own_runs
from roadmap_pipeline.orchestration.event_log import open_instance
from roadmap_pipeline.orchestration.own_runs import free_dead_runs, under_way
from roadmap_pipeline_tests.stopped import small
from roadmap_sandbox.github.faults import Fault

POOL = "duckdb_writer"
STARTED = dg.DagsterRunStatus.STARTED


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test(temp_dir=str(tmp_path)) as made:
        made.event_log_storage.set_concurrency_slots(POOL, 1)
        yield made


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / own_runs.FOLDER).mkdir()
    return tmp_path


def holding(instance: dg.DagsterInstance, **tags: str) -> dg.DagsterRun:
    """Return a run under way that has the only place in the pool."""
    run = dg.DagsterRun(job_name="main", status=STARTED, tags=tags)
    instance.add_run(run)
    assert instance.event_log_storage.claim_concurrency_slot(POOL, run.run_id, "github_ingest").is_claimed
    return run


def of_the_ui(instance: dg.DagsterInstance, process: int, folder: Path, ago_s: float = 0.0) -> dg.DagsterRun:
    """Return a run that a code server which doesn't answer any more started in ``process``, ``ago_s`` seconds ago."""
    run = holding(instance, **{GRPC_INFO_TAG: json.dumps({"host": "localhost", "socket": str(folder / "gone")})})
    event = dg.DagsterEvent("ENGINE_EVENT", run.job_name, event_specific_data=EngineEventData.in_process(process))
    entry = dg.EventLogEntry(None, "debug", "Started process for run.", run.run_id, time.time() - ago_s)
    instance.handle_new_event(entry._replace(dagster_event=event))
    return run


def status(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dg.DagsterRunStatus:
    stored = instance.get_run_by_id(run.run_id)
    assert stored is not None
    return stored.status


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_killed_run_gives_up_its_place(home: Path, instance: dg.DagsterInstance) -> None:
    killed = holding(instance)
    next_run = dg.DagsterRun(job_name="main")
    with under_way(home, instance, next_run.run_id) as others:
        assert others == []
        assert instance.event_log_storage.claim_concurrency_slot(POOL, next_run.run_id, "github_ingest").is_claimed
        instance.add_run(dg.DagsterRun("main", next_run.run_id, status=STARTED))
        with under_way(home, instance, "another") as seen:
            assert seen == [f"`roadmap run` of process {os.getpid()}"]
    assert status(instance, killed) == dg.DagsterRunStatus.FAILURE


def test_what_the_ui_launched_lives_as_long_as_its_process(
    home: Path, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    run = of_the_ui(instance, process.pid, tmp_path)
    assert free_dead_runs(home, instance) == {run.run_id: f"run {run.run_id[:8]} of main, from the Dagster UI,"}
    process.kill()
    process.wait()
    assert free_dead_runs(home, instance) == {}
    assert status(instance, run) == dg.DagsterRunStatus.FAILURE
    assert instance.event_log_storage.get_concurrency_info(POOL).active_slot_count == 0


def test_the_number_of_a_process_that_is_another_programs_now_is_no_life(
    home: Path, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    process = subprocess.Popen(["sleep", "600"])
    try:
        run = of_the_ui(instance, process.pid, tmp_path)
        assert free_dead_runs(home, instance) == {}
        assert status(instance, run) == dg.DagsterRunStatus.FAILURE
    finally:
        process.kill()
        process.wait()


def test_the_number_of_a_python_process_that_began_later_is_no_life(
    home: Path, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        run = of_the_ui(instance, process.pid, tmp_path, ago_s=60)
        assert free_dead_runs(home, instance) == {}, "as in a container that was restarted"
        assert status(instance, run) == dg.DagsterRunStatus.FAILURE
    finally:
        process.kill()
        process.wait()


def test_who_waits_for_a_place_is_told_for_whom_and_the_dead_give_it_up(
    home: Path,
    instance: dg.DagsterInstance,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(own_runs, "SILENT_S", 0.2)
    storage = instance.event_log_storage
    run = dg.DagsterRun(job_name="main", status=STARTED)
    with under_way(home, instance, run.run_id):
        instance.add_run(run)
        process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        later = of_the_ui(instance, process.pid, tmp_path)
        assert not storage.claim_concurrency_slot(POOL, run.run_id, "marts").is_claimed
        wait_until(lambda: bool(caplog.messages))
        assert caplog.messages == [
            f"run {later.run_id[:8]} of main, from the Dagster UI, uses the pool {POOL}, for which the step marts waits"
        ]
        process.kill()
        process.wait()
        wait_until(lambda: storage.claim_concurrency_slot(POOL, run.run_id, "marts").is_claimed)
    assert len(caplog.messages) == 1, "said once"


@pytest.mark.slow
def test_after_kill_9_within_a_step_the_next_run_begins_at_once(tmp_path: Path) -> None:
    with small(tmp_path) as world:
        stuck = threading.Event()
        world.github.faults.before(stuck.set, skip=40)
        world.github.faults.add(Fault("slow", seconds=600.0), times=1000, skip=41)
        run = world.start("run")
        assert stuck.wait(120), run.said
        with open_instance(world.environment["DAGSTER_HOME"]) as instance:
            assert instance.event_log_storage.get_concurrency_info(POOL).active_slot_count == 1, "within a step"
        run.process.kill()
        run.process.wait()
        assert world.states() == ["STARTED"]
        world.github.faults.clear()
        again = CliRunner().invoke(main, ["run"], env=world.environment)
        assert again.exit_code == 0, again.output
        assert "waiting:" not in again.stderr
        assert world.states() == ["SUCCESS", "FAILURE"]
