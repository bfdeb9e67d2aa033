"""Stop means stop: what is under way ends at a safe point, is kept, and the next command goes on from there.

The long form, with processes of their own and at random moments, is ``interrupts`` (`make test-interrupts`).
"""

import logging
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from click.testing import CliRunner

from roadmap_pipeline import interruption
from roadmap_pipeline.cli.app import main
from roadmap_pipeline.interruption import Interrupted
from roadmap_pipeline.orchestration.build import build_definitions
from roadmap_pipeline.settings import load_settings
from roadmap_pipeline.warehouse.connection import connect, transaction
from roadmap_pipeline_tests.stopped import SmallWorld, small

READS = 40
"""Requests before the interrupt; of some three hundred."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[SmallWorld]:
    with small(tmp_path) as made:
        yield made


def press_ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def reads_of_jobs(world: SmallWorld) -> list[str]:
    return [entry.path for entry in world.github.journal if entry.path.endswith("/jobs")]


def asked(world: SmallWorld) -> int:
    return len(world.github.journal)


@pytest.mark.slow
def test_a_run_that_is_stopped_while_it_reads_is_canceled_and_the_next_reading_goes_on(
    world: SmallWorld, tmp_path: Path
) -> None:
    world.github.faults.before(press_ctrl_c, skip=READS)
    stopped = CliRunner().invoke(main, ["run"], env=world.environment)
    assert stopped.exit_code == 130
    last = stopped.stderr.splitlines()[-1]
    assert last.startswith("interrupted: what was done is kept, and the next run goes on from there (read: ")
    assert world.states() == ["CANCELED"]
    before = asked(world)
    assert "marts.ci_weekly" not in world.tables(), "no later step was done"

    summary = CliRunner().invoke(main, ["ingest"], env=world.environment)
    assert summary.exit_code == 0, summary.output
    with small(tmp_path / "undisturbed") as other:
        (tmp_path / "undisturbed").mkdir()
        CliRunner().invoke(main, ["ingest"], env=other.environment)
        assert world.tables() == other.tables()
        assert before < asked(other) > asked(world) - before, "nobody went on, and what was read is not read again"


def test_terminate_in_the_ui_ends_the_step_and_does_not_try_it_again(world: SmallWorld) -> None:
    settings = load_settings(world.environment, world.folder)
    job = build_definitions(settings).resolve_job_def("hourly_ingest")
    with dg.DagsterInstance.ephemeral() as instance:

        def terminate() -> None:
            (run,) = instance.get_runs()
            instance.report_run_canceling(run)  # as the UI does
            press_ctrl_c()

        world.github.faults.before(terminate, skip=READS)
        with pytest.raises((dg.DagsterExecutionInterruptedError, KeyboardInterrupt)):
            job.execute_in_process(instance=instance)
        (run,) = instance.get_runs()
        assert run.status == dg.DagsterRunStatus.CANCELED
        events = [log.dagster_event_type for log in instance.all_logs(run.run_id)]
    assert dg.DagsterEventType.STEP_UP_FOR_RETRY not in events
    assert len(reads_of_jobs(world)) < 130, "nobody went on"


def test_a_query_under_way_is_broken_off_and_its_transaction_taken_back(tmp_path: Path) -> None:
    endless = (
        "insert into kept select count(*) from range(100000000) as a, range(1000) as b where a.range % 7 = b.range"
    )

    def work() -> None:
        with connect(tmp_path / "w.duckdb") as con:
            con.execute("create table kept (n bigint)")
            threading.Timer(0.2, press_ctrl_c).start()
            with transaction(con):
                con.execute("insert into kept values (1)")
                con.execute(endless)

    with pytest.raises(Interrupted):
        interruption.stoppable(work)
    with duckdb.connect(str(tmp_path / "w.duckdb")) as con:
        assert con.execute("from kept").fetchall() == []


def test_what_is_shielded_is_done_to_its_end_but_waits_and_then_the_work_stops() -> None:
    done = []

    def work() -> None:
        with interruption.shielded():
            press_ctrl_c()
            while not interruption.requested():
                pass
            press_ctrl_c()
            interruption.check()
            done.append("all of it")
            with pytest.raises(Interrupted):
                interruption.sleep(600)
        done.append("more")

    with pytest.raises(Interrupted):
        interruption.stoppable(work)
    assert done == ["all of it"]
    assert not interruption.requested(), "the next command is not concerned"


def test_every_thread_learns_of_it_and_who_must_know_first_does() -> None:
    learnt: list[str] = []

    def wait(name: str) -> None:
        try:
            interruption.sleep(600)
        except Interrupted:
            learnt.append(name)

    def work() -> None:
        thread = threading.Thread(target=wait, args=("thread",))
        thread.start()
        with interruption.notify_first(lambda: learnt.append("first")):
            press_ctrl_c()
            wait("work")
        thread.join()
        interruption.check()

    with pytest.raises(Interrupted):
        interruption.stoppable(work)
    assert learnt[0] == "first"
    assert sorted(learnt) == ["first", "thread", "work"]


def test_a_command_that_waits_for_another_says_so_at_once_and_for_what(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "w.duckdb"
    said = threading.Event()

    class Noticed(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            caplog.handler.emit(record)
            said.set()

    handler = Noticed(logging.WARNING)
    interruption.waits.addHandler(handler)
    try:
        with duckdb.connect(str(path)) as held:

            def let_go() -> None:
                said.wait(60)
                held.close()

            threading.Thread(target=let_go).start()
            with connect(path, read_only=True, lock_timeout_s=60):
                pass
    finally:
        interruption.waits.removeHandler(handler)
    assert f"{path}: this process itself has it open" in caplog.text
    assert "waiting for it, at most 60 s" in caplog.text
