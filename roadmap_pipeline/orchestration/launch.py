"""Running the main job in this process, and serving the UI, on the instance in DAGSTER_HOME."""

import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType

import dagster as dg
from dagster._core.definitions.repository_definition import SINGLETON_REPOSITORY_NAME
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.utils import make_new_run_id

from roadmap_pipeline import interruption, pipeline
from roadmap_pipeline.errors import EXPECTED_ERRORS, ConfigurationError, RoadmapError, in_one_line
from roadmap_pipeline.interruption import waits
from roadmap_pipeline.orchestration.build import build_definitions
from roadmap_pipeline.orchestration.event_log import open_instance
from roadmap_pipeline.orchestration.own_runs import OWN, free_dead_runs, free_pools, under_way
from roadmap_pipeline.orchestration.partitions import last_complete_week
from roadmap_pipeline.orchestration.resources import resources_of
from roadmap_pipeline.pipeline import instance_file
from roadmap_pipeline.run_summary import RunSummary
from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.settings import Settings, project_root
from roadmap_pipeline.warehouse.connection import is_file, shown_path

_WITHOUT_NAGGING = {"PYTHONWARNINGS": "ignore:Function `dev_command` is superseded"}
"""`dg dev` is for developers of Dagster projects and is not installed; `dagster dev` does the same."""

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""Progress is drawn by the command line; the run's log is in the UI."""

_MODULE = "roadmap_pipeline.definitions"

PORTS_TRIED = 20


@contextmanager
def open_home(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """Yield the instance in DAGSTER_HOME, which is made where there is none."""
    home = instance_file.renew(settings.dagster_home)
    os.environ["DAGSTER_HOME"] = str(home)
    with open_instance(str(home)) as instance:
        yield instance


def run_main_job(runtime: Runtime) -> RunSummary:
    """Run the job ``main`` for the last complete week, recorded in DAGSTER_HOME; return its summary.

    Raises:
        RoadmapError: A step failed. It is the project's own error, so that the command line prints its one line.
        Interrupted: A person stopped it; the run is CANCELED.
    """
    started = time.monotonic()
    settings, run_summary = runtime.settings, runtime.run_summary
    pipeline.preflight(runtime)
    home = instance_file.renew(settings.dagster_home)
    os.environ["DAGSTER_HOME"] = str(home)
    definitions = build_definitions(settings, resources_of(runtime))
    job = definitions.resolve_job_def("main")
    with open_instance(str(home)) as instance:
        # The Timeline and the page of jobs find runs by their code location. Those that the UI launches get it from
        # there, and `execute_in_process` has no argument for it.
        create = partial(instance.create_run_for_job, remote_job_origin=_origin(job.name))
        instance.create_run_for_job = create  # type: ignore[method-assign]
        run_id = make_new_run_id()
        try:
            with under_way(home, instance, run_id) as others:
                for other in others:
                    waits.warning("%s is under way; this run waits for it where both need the same step", other)
                with _canceled_when_stopped(instance, run_id):
                    job.execute_in_process(
                        instance=instance,
                        partition_key=last_complete_week(settings.now().date()),
                        run_config=_QUIET,
                        asset_selection=_selection(definitions, runtime),
                        run_id=run_id,
                        tags=OWN,
                    )
        except (dg.DagsterError, dg.Failure) as error:
            raise _own_error(error) from error
    run_summary.writes = runtime.writes()
    run_summary.warehouse = shown_path(settings.warehouse)
    run_summary.notes.extend(note for side in ("github", "notion") if (note := runtime.missing(side)))
    run_summary.roadmap = pipeline.roadmap_table(runtime)
    run_summary.seconds = time.monotonic() - started
    return run_summary


@contextmanager
def _canceled_when_stopped(instance: dg.DagsterInstance, run_id: str) -> Iterator[None]:
    """Let the run be CANCELED, as one that was terminated in the UI is, when a person stops what is inside."""

    def announce() -> None:
        run = instance.get_run_by_id(run_id)
        if run is not None and not run.is_finished:
            instance.report_run_canceling(run, "Asked to stop: the run ends at the next safe point.")

    def cancel() -> None:
        run = instance.get_run_by_id(run_id)
        if run is not None and run.status not in (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.CANCELED):
            instance.report_run_canceled(run, "Stopped; what was done is kept, and the next run goes on from there.")
        free_pools(instance, run_id)

    with interruption.notify_first(announce), interruption.notify_last(cancel):
        try:
            yield
        except KeyboardInterrupt:
            cancel()  # Dagster has, unless the run had hardly begun
            raise


def _workspace_file() -> Path | None:
    """Return the checkout's ``workspace.yaml``; None in a wheel."""
    file = project_root() / "workspace.yaml"
    return file if file.is_file() else None


def _origin(job_name: str) -> RemoteJobOrigin:
    location = _MODULE.partition(".")[0] if _workspace_file() else _MODULE
    return RemoteJobOrigin(
        RemoteRepositoryOrigin(RegisteredCodeLocationOrigin(location), SINGLETON_REPOSITORY_NAME), job_name
    )


def _selection(definitions: dg.Definitions, runtime: Runtime) -> list[dg.AssetKey] | None:
    """Return what runs without a missing side: a skipped step would skip all that follows, also what is stored."""
    left_out = {
        group
        for side, groups in (("github", ("raw", "plumbing", "github")), ("notion", ("notion",)))
        if runtime.missing(side)
        for group in groups
    }
    if not left_out:
        return None
    nodes = definitions.resolve_asset_graph().asset_nodes
    return [node.key for node in nodes if node.is_executable and node.group_name not in left_out]


def _own_error(error: BaseException) -> Exception:
    """Return the project's error at the bottom of what Dagster raised, or its last words as one."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, EXPECTED_ERRORS):
            return cause
        error, cause = cause, cause.__cause__ or cause.__context__
    return RoadmapError(in_one_line(error) or f"{type(error).__name__}: {error}")


def free_port(host: str, port: int) -> int:
    """Return ``port``, or the next one after it that nobody listens on.

    Raises:
        ConfigurationError: Nothing can listen there, since the address isn't this machine's or needs rights.
    """
    for number in range(port, min(port + PORTS_TRIED, 65536)):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, number))
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    continue
                raise ConfigurationError(
                    f"--host {host} --port {number}: nothing can listen there ({error.strerror}); choose others"
                ) from error
            return int(probe.getsockname()[1])
    raise ConfigurationError(f"--port {port}: this one and the next {PORTS_TRIED - 1} are taken; choose another")


def _absolute(environment: Mapping[str, str]) -> dict[str, str]:
    """Return those of our variables that name a file, independent of the current folder."""
    files = {name: environment.get(name, "") for name in ("ROADMAP_WAREHOUSE", "ROADMAP_CONFIG")}
    return {name: str(Path(file).expanduser().absolute()) for name, file in files.items() if file and is_file(file)}


def serve_ui(settings: Settings, host: str, port: int, environment: Mapping[str, str]) -> int:
    """Serve the Dagster UI and daemon until interrupted; return the exit code."""
    home = instance_file.renew(settings.dagster_home)
    with open_instance(str(home)) as instance:
        free_dead_runs(home, instance)
    workspace_file = _workspace_file()
    target = ["-w", str(workspace_file)] if workspace_file else ["-m", _MODULE]
    command = [str(Path(sys.executable).parent / "dagster"), "dev", *target, "-h", host, "-p", str(port)]
    process: subprocess.Popen[bytes] | None = None

    def stop(_signal: int, _frame: FrameType | None) -> None:
        if process is not None:
            os.killpg(process.pid, signal.SIGINT)

    # In any case and before the start: a shell starts background jobs with interrupts ignored, which `dagster dev`
    # would inherit, and a service manager sends SIGTERM.
    previous = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        # A group of its own: `dagster dev` starts five processes and ends them on an interrupt of the whole group only.
        process = subprocess.Popen(  # noqa: S603
            command,
            # Beside a checkout's dagster.yaml it would warn that this one, which is copied to its home, isn't used.
            cwd=home if (settings.root / "dagster.yaml").is_file() else settings.root,
            env={**_WITHOUT_NAGGING, **environment, **_absolute(environment), "DAGSTER_HOME": str(home)},
            start_new_session=True,
        )
        code = process.wait()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    return 0 if code == -signal.SIGINT else code
