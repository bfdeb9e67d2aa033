"""The runs that the command line does in processes of its own: which are under way, and tidying up after a kill.

Belongs here: a locked file a run beside Dagster's own records, in which a run of a process that was killed is STARTED
for ever and keeps its places in the pools: every later run would wait for it.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

FOLDER = "own_runs"
_KILLED = "The process of this run was killed; what it did is kept, and the next run goes on from there."


@contextmanager
def under_way(home: Path, instance: dg.DagsterInstance, run_id: str) -> Iterator[list[str]]:
    """Within the block the run is known to be alive. Yield the other runs of the instance that are, in words."""
    folder = home / FOLDER
    folder.mkdir(exist_ok=True)
    others = _others(folder, instance)
    # Locked before it has its name: a file that isn't locked is a dead run's.
    file = folder / f".{run_id}"
    with file.open("w", encoding="utf-8") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        held.write(str(os.getpid()))
        held.flush()
        file = file.rename(folder / run_id)
        try:
            yield others
        finally:
            file.unlink(missing_ok=True)
            free_pools(instance, run_id)


def free_pools(instance: dg.DagsterInstance, run_id: str) -> None:
    """Give up what a run holds or waits for in the pools."""
    if instance.event_log_storage.supports_global_concurrency_limits:
        instance.event_log_storage.free_concurrency_slots_for_run(run_id)


def _others(folder: Path, instance: dg.DagsterInstance) -> list[str]:
    alive = _alive(folder)
    others = []
    if instance.event_log_storage.supports_global_concurrency_limits:
        for run_id in instance.event_log_storage.get_concurrency_run_ids():
            known = instance.get_run_by_id(run_id)
            if known is None or known.is_finished:
                free_pools(instance, run_id)
    for run in instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING])):
        if run.run_id in alive:
            others.append(f"`roadmap run` of process {alive[run.run_id]}")
        elif run.remote_job_origin is not None:
            others.append(f"run {run.run_id[:8]} of {run.job_name}, from the Dagster UI,")
        else:
            instance.report_run_failed(run, _KILLED)
            free_pools(instance, run.run_id)
    return others


def _alive(folder: Path) -> dict[str, str]:
    """Return the process of each run that is under way; remove the files of dead ones."""
    processes = {}
    for file in sorted(folder.glob("[!.]*")):
        with file.open(encoding="utf-8") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                processes[file.name] = held.read()
            else:
                file.unlink(missing_ok=True)
    return processes
