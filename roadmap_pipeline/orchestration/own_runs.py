"""The runs of an instance that are under way, and tidying up after those whose process was killed.

Belongs here: which runs live, and what others hold that a run waits for. A run of a process that was killed is STARTED
for ever in Dagster's own records and keeps its places in the pools: every later run would wait for it. A run of the
command line locks a file for as long as it lives; of a run that the UI launched the code server knows, or its process.
"""

import fcntl
import json
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from dagster._core.storage.tags import GRPC_INFO_TAG

from roadmap_pipeline.interruption import waits

FOLDER = "own_runs"
OWN = {"roadmap/started_by": "roadmap run"}
"""The tag of runs of the command line."""
SILENT_S = 5.0
"""Waiting for a place in a pool longer than this is said, with who has it."""
_SERVER_TIMEOUT_S = 3
_CLOCKS_DIFFER_S = 2.0
"""A process that began longer than this after the log named its number is another one."""
_LAST_LOOK_S = 1.0
"""A look at the pools under way when the run ends holds nobody up."""
_KILLED = "The process of this run was killed; what it did is kept, and the next run goes on from there."


@contextmanager
def under_way(home: Path, instance: dg.DagsterInstance, run_id: str) -> Iterator[list[str]]:
    """Within the block the run is known to be alive. Yield the other runs of the instance that are, in words."""
    folder = home / FOLDER
    folder.mkdir(exist_ok=True)
    others = free_dead_runs(home, instance)
    # Locked before it has its name: a file that isn't locked is a dead run's.
    file = folder / f".{run_id}"
    with file.open("w", encoding="utf-8") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        held.write(str(os.getpid()))
        held.flush()
        file = file.rename(folder / run_id)
        try:
            with _announcing_waits(home, instance, run_id):
                yield list(others.values())
        finally:
            file.unlink(missing_ok=True)
            free_pools(instance, run_id)


def free_pools(instance: dg.DagsterInstance, run_id: str) -> None:
    """Give up what a run holds or waits for in the pools."""
    if instance.event_log_storage.supports_global_concurrency_limits:
        instance.event_log_storage.free_concurrency_slots_for_run(run_id)


def free_dead_runs(home: Path, instance: dg.DagsterInstance) -> dict[str, str]:
    """Let runs whose process was killed be FAILED, and free what they hold.

    Where the launcher can tell how its runs are (Kubernetes, Docker), Dagster's own monitoring sees to these.

    Returns:
        The runs that are under way by their id, each in words.
    """
    processes = _own_processes(home / FOLDER)
    is_watched = instance.run_launcher.supports_check_run_worker_health
    alive = {}
    if instance.event_log_storage.supports_global_concurrency_limits:
        for run_id in instance.event_log_storage.get_concurrency_run_ids():
            known = instance.get_run_by_id(run_id)
            if known is None or known.is_finished:
                free_pools(instance, run_id)
    for run in instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING])):
        if run.run_id in processes:
            alive[run.run_id] = f"`roadmap run` of process {processes[run.run_id]}"
        elif (is_watched and not OWN.items() <= run.tags.items()) or (
            GRPC_INFO_TAG in run.tags and _is_alive(instance, run)
        ):
            alive[run.run_id] = f"run {run.run_id[:8]} of {run.job_name}, from the Dagster UI,"
        else:
            instance.report_run_failed(run, _KILLED)
            free_pools(instance, run.run_id)
    return alive


def _own_processes(folder: Path) -> dict[str, str]:
    """Return the process of each run of the command line that is under way; remove the files of dead ones."""
    processes = {}
    for file in sorted(folder.glob("[!.]*")):
        try:
            with file.open(encoding="utf-8") as held:
                try:
                    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    processes[file.name] = held.read()
                else:
                    file.unlink(missing_ok=True)
        except FileNotFoundError:
            continue  # that run has just ended
    return processes


def _is_alive(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Return whether the process of a run that the UI launched is there.

    The code server that started it knows, also from another container; where it was killed, too, the run may go on.
    """
    return _server_knows(run) or any(_is_python(process, named_at) for process, named_at in _processes(instance, run))


def _server_knows(run: dg.DagsterRun) -> bool:
    from dagster._core.errors import DagsterUserCodeUnreachableError
    from dagster._grpc.client import DagsterGrpcClient
    from dagster._grpc.types import CanCancelExecutionRequest, CanCancelExecutionResult
    from dagster._serdes import deserialize_value

    place = json.loads(run.tags[GRPC_INFO_TAG])
    client = DagsterGrpcClient(
        port=place.get("port"), socket=place.get("socket"), host=place["host"], use_ssl=bool(place.get("use_ssl"))
    )
    try:
        answer = client.can_cancel_execution(CanCancelExecutionRequest(run_id=run.run_id), timeout=_SERVER_TIMEOUT_S)
    except DagsterUserCodeUnreachableError:
        return False
    return deserialize_value(answer, CanCancelExecutionResult).can_cancel


def _processes(instance: dg.DagsterInstance, run: dg.DagsterRun) -> Iterator[tuple[int, float]]:
    """Yield the processes that the run's log names, its own and those of its steps, each with when (POSIX seconds)."""
    for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT):
        event = entry.dagster_event
        value = None if event is None else event.engine_event_data.metadata.get("pid")
        if isinstance(value, dg.TextMetadataValue) and (value.text or "").isdecimal():
            yield int(value.text or ""), entry.timestamp


def _is_python(process: int, named_at: float) -> bool:
    """Return whether a process lives that can be a run's.

    Numbers are given again: after a restart of the machine to any program, and in a container that was restarted to
    other Python processes, since they are small there. Those began after the log named the number.
    """
    try:
        os.kill(process, 0)
        is_python = b"python" in Path(f"/proc/{process}/cmdline").read_bytes()
        return is_python and _started_at(process) < named_at + _CLOCKS_DIFFER_S
    except (ProcessLookupError, PermissionError):
        return False
    except OSError:
        return True  # no /proc here, so the number has to do


def _started_at(process: int) -> float:
    """Return when a process began, in POSIX seconds by the clock as it is now; proc_pid_stat(5), field 22."""
    # The second field is the name of the program, which may hold blanks and brackets.
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    booted_at = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    return booted_at + int(fields[19]) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _announcing_waits(home: Path, instance: dg.DagsterInstance, run_id: str) -> Iterator[None]:
    """Within the block people learn for whom a step of the run waits, and it stops waiting for the dead."""
    if not instance.event_log_storage.supports_global_concurrency_limits:
        yield
        return
    ended = threading.Event()

    def watch() -> None:
        announced: set[str] = set()
        while not ended.wait(SILENT_S / 2):
            blocked = _blocked_steps(instance, run_id)
            if blocked:
                _announce(blocked, announced, free_dead_runs(home, instance))

    thread = threading.Thread(target=watch, name="pool-waits", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(_LAST_LOOK_S)


def _blocked_steps(instance: dg.DagsterInstance, run_id: str) -> dict[str, tuple[str, set[str]]]:
    """Return the run's steps that have been waiting for long, each with its pool and the runs that have its places."""
    storage = instance.event_log_storage
    blocked = {}
    for pool in storage.get_concurrency_keys():
        info = storage.get_concurrency_info(pool)
        for step in info.pending_steps:
            waited_s = time.time() - step.enqueued_timestamp.timestamp()
            if step.run_id == run_id and step.assigned_timestamp is None and waited_s > SILENT_S:
                blocked[step.step_key] = (pool, info.active_run_ids | info.assigned_run_ids)
    return blocked


def _announce(blocked: Mapping[str, tuple[str, set[str]]], announced: set[str], alive: Mapping[str, str]) -> None:
    for step, (pool, run_ids) in blocked.items():
        holders = [alive[run_id] for run_id in sorted(run_ids) if run_id in alive]
        if holders and step not in announced:
            announced.add(step)
            waits.warning("%s uses the pool %s, for which the step %s waits", " and ".join(holders), pool, step)
