"""The bridge to the built-in sandbox: all that the product knows of the package ``roadmap_sandbox``.

Belongs here: how settings come to use the sandbox, where it keeps its state, and how a folder of recorded payloads
becomes what its GitHub holds. Simulating belongs to ``roadmap_sandbox``, which is imported inside functions: most
commands do without it, and it need not be installed where both sides have credentials.
"""

import json
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from roadmap_pipeline.errors import ConfigurationError, RoadmapError
from roadmap_pipeline.settings import REPLAY_GITHUB_TOKEN, SANDBOX_GITHUB_TOKEN, SANDBOX_NOTION_KEY, Settings

if TYPE_CHECKING:
    from roadmap_pipeline.github.dump.loading import Dump
    from roadmap_sandbox.content import GitHubContent
    from roadmap_sandbox.github.state import GitHubState
    from roadmap_sandbox.notion.state import NotionState
    from roadmap_sandbox.replay import Replay, ReplayReport

NOT_INSTALLED = (
    "the package roadmap_sandbox is not installed, so there is no sandbox: set GITHUB_TOKEN, GITHUB_REPOSITORY,"
    " NOTION_API_KEY and NOTION_PARENT_PAGE_ID, or install it"
)

Page = tuple[str, str, Callable[[], str]]
"""A page of ours that the sandbox shows: its path, its title, and what makes its HTML."""

_SERVER_FILE = "server.json"
_TIMES = ("created_at", "updated_at", "closed_at", "merged_at", "started_at", "completed_at", "run_started_at")


@dataclass(slots=True)
class RunningSandbox:
    """The two simulators, answering. ``environment`` is what a process needs to use them."""

    github: "GitHubState"
    notion: "NotionState"
    environment: dict[str, str]
    replay_report: list[dict[str, Any]] = field(default_factory=list)

    def wait(self) -> None:
        """Return once interrupted."""
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


@contextmanager
def running(settings: Settings, pages: Sequence[Page] = ()) -> Iterator[Settings]:
    """Yield settings with which both sides can be reached: unchanged where a side has credentials, else the sandbox's.

    Uses the sandbox that another process of this project serves, or serves it until the block ends.
    """
    if not settings.needs_sandbox:
        yield settings
        return
    attached_settings = attached(settings)
    if attached_settings is not None:
        yield attached_settings
        return
    with serve(settings, pages=pages) as sandbox:
        yield settings.with_sandbox(sandbox.environment)


def attached(settings: Settings) -> Settings | None:
    """Return settings for the sandbox that is already up; None when it is needed and not up. Starts nothing."""
    if not settings.needs_sandbox:
        return settings
    server_file = settings.state_folder / "sandbox" / _SERVER_FILE
    try:
        environment: Mapping[str, str] = json.loads(server_file.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return settings.with_sandbox(environment) if _answers(environment) else None


def at_rest(settings: Settings) -> Settings:
    """Return settings for work on what is stored: where that is the sandbox's, with the sandbox's names and clock."""
    from roadmap_pipeline.warehouse.origin import stored_origin

    if not settings.needs_sandbox or stored_origin(settings.warehouse) != "sandbox":
        return settings
    with _available():
        from roadmap_sandbox.defaults import CLOCK, REPOSITORIES

        return settings.with_sandbox(
            _environment("http://127.0.0.1", "http://127.0.0.1", CLOCK, REPOSITORIES, SANDBOX_GITHUB_TOKEN)
        )


@contextmanager
def serve(
    settings: Settings, replay: Path | None = None, github_port: int = 0, pages: Sequence[Page] = ()
) -> Iterator[RunningSandbox]:
    """Serve both simulators on loopback ports until the block ends.

    Without ``replay`` GitHub holds the simulated organisation, writes are kept in ``data/sandbox`` and other processes
    of the project find it there. With ``replay`` it holds what hangs together of that folder, for this process only.
    The simulated Notion's first page links ``pages``.

    Raises:
        ConfigurationError: The package isn't installed, or nothing of ``replay`` can be served.
        RoadmapError: The port can't be bound, or kept writes don't fit any more.
    """
    with _available():
        if replay is None:
            with _serve_organisation(settings.state_folder / "sandbox", github_port, pages) as sandbox:
                yield sandbox
        else:
            with _serve_recording(replay, github_port) as sandbox:
                yield sandbox


def load_recording(directory: str | Path) -> tuple["GitHubContent", "ReplayReport"]:
    """Return what of the recorded payloads in ``directory`` can be served, with the clock at the newest time in it.

    Served is what hangs together: runs, pull requests, commits, issues, milestones and events of repositories that a
    record describes, jobs whose run is there, comments whose issue or pull request is there, logs whose job is there.
    The rest is counted in the report. Loading a dump into the warehouse needs none of this: there every record counts.

    Raises:
        ConfigurationError: As ``read_dump`` does, and when nothing can be served.
    """
    with _available():
        from roadmap_pipeline.github.dump.loading import read_dump
        from roadmap_pipeline.github.payloads.normalization import parse_time
        from roadmap_sandbox.replay import Replay

        dump = read_dump(directory)
        replay = Replay(_newest_time(dump), parse_time)
        _add_records(dump, replay)
        _add_logs(dump, replay)
        for unplaced in dump.unrecognised:
            replay.report.leave_out("record", unplaced.reason)
        for partial in dump.partial:
            replay.report.leave_out("field", f"{partial.reason} can't be used; the record is served without")
        if not replay.content.repositories:
            raise ConfigurationError(
                f"{directory} describes no repository that could be served: add a repository, a run or a pull request"
            )
        return replay.content, replay.report


@contextmanager
def _available() -> Iterator[None]:
    """Say it when the sandbox isn't installed, and pass its errors on as the product's."""
    try:
        from roadmap_sandbox.errors import SandboxError
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "roadmap_sandbox":
            raise
        raise ConfigurationError(NOT_INSTALLED) from None
    try:
        yield
    except SandboxError as error:
        raise RoadmapError(str(error)) from error


@contextmanager
def _serve_organisation(folder: Path, github_port: int, pages: Sequence[Page]) -> Iterator[RunningSandbox]:
    from roadmap_sandbox import local
    from roadmap_sandbox.html import ExtraPage

    folder.mkdir(parents=True, exist_ok=True)
    content = local.organisation(folder)
    with local.serve(
        content,
        github_token=SANDBOX_GITHUB_TOKEN,
        notion_token=SANDBOX_NOTION_KEY,
        writes_folder=folder,
        github_port=github_port,
        extra_pages=[ExtraPage(*page) for page in pages],
    ) as simulators:
        environment = _environment(
            simulators.github_url,
            simulators.notion_url,
            content.clock,
            tuple(content.repositories),
            SANDBOX_GITHUB_TOKEN,
        )
        server_file = folder / _SERVER_FILE
        server_file.write_text(json.dumps({**environment, "PID": str(os.getpid())}), encoding="utf-8")
        try:
            yield RunningSandbox(simulators.github, simulators.notion, environment)
        finally:
            server_file.unlink(missing_ok=True)


@contextmanager
def _serve_recording(directory: Path, github_port: int) -> Iterator[RunningSandbox]:
    from roadmap_sandbox import local

    content, report = load_recording(directory)
    rows = [{"kind": kind, "records": count, "state": "served"} for kind, count in report.served.items()]
    rows += [
        {"kind": kind, "records": count, "state": f"left out: {reason}"}
        for (kind, reason), count in sorted(report.left_out.items())
    ]
    with local.serve(
        content, github_token=REPLAY_GITHUB_TOKEN, notion_token=SANDBOX_NOTION_KEY, github_port=github_port
    ) as simulators:
        environment = _environment(
            simulators.github_url,
            simulators.notion_url,
            content.clock,
            tuple(content.repositories),
            REPLAY_GITHUB_TOKEN,
        )
        yield RunningSandbox(simulators.github, simulators.notion, environment, rows)


def _environment(
    github_url: str, notion_url: str, clock: datetime, repositories: tuple[str, ...], github_token: str
) -> dict[str, str]:
    from roadmap_sandbox.defaults import PARENT_PAGE_ID

    return {
        "GITHUB_TOKEN": github_token,
        "GITHUB_REPOSITORY": ",".join(repositories),
        "GITHUB_API_URL": github_url,
        "NOTION_API_KEY": SANDBOX_NOTION_KEY,
        "NOTION_PARENT_PAGE_ID": PARENT_PAGE_ID,
        "NOTION_API_URL": notion_url,
        "ROADMAP_NOW": clock.isoformat().replace("+00:00", "Z"),
    }


def _answers(environment: Mapping[str, str]) -> bool:
    """Return whether the processes that wrote ``environment`` still serve both sides."""
    import httpx

    try:
        github = httpx.get(
            f"{environment['GITHUB_API_URL']}/rate_limit",
            headers={"Authorization": f"Bearer {environment['GITHUB_TOKEN']}", "User-Agent": "roadmap_pipeline"},
            timeout=2,
        )
        notion = httpx.get(f"{environment['NOTION_API_URL']}/", timeout=2)
    except (httpx.HTTPError, KeyError):
        return False
    return github.status_code == 200 and notion.status_code == 200


def _add_records(dump: "Dump", replay: "Replay") -> None:
    from roadmap_pipeline.github.payloads import records
    from roadmap_pipeline.github.payloads.normalization import UnusableError
    from roadmap_pipeline.github.payloads.shapes import Kind

    for name, record in dump.repositories().items():
        replay.add_repository(name, record.payload)
    for kind in (
        Kind.WORKFLOW,
        Kind.RUN,
        Kind.PULL_REQUEST,
        Kind.COMMIT,
        Kind.ISSUE,
        Kind.PULL_REQUEST_VIEW,
        Kind.MILESTONE,
        Kind.ISSUE_EVENT,
    ):
        for record in dump.folded(kind):
            replay.add(str(kind), records.repository_of(record.payload), record.payload)
    replay.drop_views_without_pull_request()
    repositories = replay.repositories_by_run()
    for record in dump.folded(Kind.JOB):
        try:
            run_id = records.run_id_of(record.payload)
        except UnusableError:
            replay.add_job(None, None, record.payload)
        else:
            replay.add_job(repositories.get(run_id), run_id, record.payload)
    threads = replay.threads()
    for record in dump.folded(Kind.COMMENT):
        repo, number = records.repository_of(record.payload), records.issue_number_of(record.payload)
        replay.add_comment(threads, repo, number, record.payload)


def _add_logs(dump: "Dump", replay: "Replay") -> None:
    from roadmap_pipeline.github.dump.archives import KnownJob, place_logs
    from roadmap_pipeline.github.dump.files import BrokenFileError

    jobs = [
        KnownJob(job["id"], repo, job["run_id"], job.get("run_attempt") or 1, job.get("name") or "", True)
        for repo, items in replay.content.jobs.items()
        for job in items
    ]
    placed, unplaced = place_logs(dump.logs, jobs)
    logs: dict[int, bytes] = {}
    for job_id, log in placed.items():
        try:
            logs[job_id] = log.read()
        except BrokenFileError as error:
            replay.report.leave_out("log", str(error))
            if error.part:
                logs[job_id] = error.part
    replay.content.logs = logs
    replay.report.served["log"] += len(logs)
    for log_file in unplaced:
        replay.report.leave_out("log", log_file.reason)


def _newest_time(dump: "Dump") -> datetime:
    times = list(_times(record.payload for kept in dump.records.values() for record in kept))
    if not times:
        raise ConfigurationError("the recorded payloads hold no time, so nothing could be served")
    return max(times).replace(tzinfo=UTC)


def _times(payloads: Iterable[Mapping[str, Any]]) -> Iterator[datetime]:
    from roadmap_pipeline.github.payloads.normalization import parse_time

    for payload in payloads:
        for name in _TIMES:
            moment = parse_time(payload.get(name))
            if moment is not None:
                yield moment
