"""The built-in sandbox of this project: where its state lies, who serves it, and how settings come to use it.

Belongs here: starting both simulators, keeping their writes in ``data/sandbox``, and letting a second process use the
ones that are already up. What they answer is in ``sandbox.github`` and ``sandbox.notion``.
"""

import gc
import gzip
import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from roadmap_pipeline.settings import REPLAY_GITHUB_TOKEN, SANDBOX_GITHUB_TOKEN, SANDBOX_NOTION_KEY, Settings
from roadmap_pipeline.warehouse.origin import stored_origin

if TYPE_CHECKING:
    from roadmap_sandbox.content import GitHubContent
    from roadmap_sandbox.github.state import GitHubState
    from roadmap_sandbox.notion.state import NotionState

CLOCK = datetime(2026, 11, 16, 6, tzinfo=UTC)
"""The sandbox's time: it stands still, so that every run on every machine gives the same numbers."""

REPOSITORIES = ("acme/payments", "acme/storefront", "acme/platform")
PARENT_PAGE_ID = "5a11d0c5-0000-4000-8000-00000000ac3e"

_SERVER_FILE = "server.json"


@dataclass(slots=True)
class Served:
    """Both simulators, answering. ``environment`` is what a process needs to use them."""

    github: "GitHubState"
    notion: "NotionState"
    environment: dict[str, str]
    replay_report: list[dict[str, Any]] = field(default_factory=list)

    def wait(self) -> None:
        """Until interrupted."""
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


@contextmanager
def running(settings: Settings) -> Iterator[Settings]:
    """Settings with which both sides can be reached: unchanged where a side has credentials, else the sandbox's.

    Uses the sandbox that another process of this project serves, or serves it until the block ends.
    """
    if not settings.needs_sandbox:
        yield settings
        return
    found = attached(settings)
    if found is not None:
        yield found
        return
    with serve(settings) as served:
        yield settings.with_sandbox(served.environment)


def attached(settings: Settings) -> Settings | None:
    """Settings for the sandbox that is already up; None when it is needed and not up. Starts nothing."""
    if not settings.needs_sandbox:
        return settings
    server_file = settings.state_folder / "sandbox" / _SERVER_FILE
    try:
        environment: Mapping[str, str] = json.loads(server_file.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return settings.with_sandbox(environment) if _answers(environment) else None


def at_rest(settings: Settings) -> Settings:
    """Settings for work on what is stored: where that is the sandbox's, with the sandbox's names and clock."""
    if not settings.needs_sandbox or stored_origin(settings.warehouse) != "sandbox":
        return settings
    return settings.with_sandbox(_environment("http://127.0.0.1", "http://127.0.0.1", CLOCK, REPOSITORIES))


@contextmanager
def serve(settings: Settings, replay: Path | None = None, github_port: int = 0) -> Iterator[Served]:
    """Serve both simulators on loopback ports until the block ends.

    Without ``replay`` GitHub holds the simulated organisation, writes are kept in ``data/sandbox`` and other processes
    of the project find it there. With ``replay`` it holds what hangs together of that folder, for this process only.
    """
    from roadmap_sandbox.github.app import create_app as create_github
    from roadmap_sandbox.github.state import GitHubState
    from roadmap_sandbox.notion.app import create_app as create_notion
    from roadmap_sandbox.notion.state import NotionState
    from roadmap_sandbox.server import Server

    folder = settings.state_folder / "sandbox"
    report: list[dict[str, Any]] = []
    writes: dict[str, Path] = {}
    token = SANDBOX_GITHUB_TOKEN if replay is None else REPLAY_GITHUB_TOKEN
    if replay is None:
        folder.mkdir(parents=True, exist_ok=True)
        content = _organisation(folder)
        writes = {side: folder / f"{side}-writes.jsonl" for side in ("github", "notion")}
    else:
        from roadmap_sandbox.replay import load

        content, loaded = load(replay)
        report = [{"kind": str(kind), "records": count, "state": "served"} for kind, count in loaded.served.items()]
        report += [
            {"kind": str(kind), "records": count, "state": f"left out: {reason}"}
            for (kind, reason), count in sorted(loaded.left_out.items())
        ]
    github = GitHubState(content, writes_path=writes.get("github"), token=token, rate_limit=None)
    notion = NotionState(
        content.clock, writes_path=writes.get("notion"), token=SANDBOX_NOTION_KEY, parent_page_id=PARENT_PAGE_ID
    )
    with (
        _out_of_the_collectors_way(),
        Server(create_github(github), github_port) as github_server,
        Server(create_notion(notion)) as notion_server,
    ):
        environment = _environment(
            github_server.base_url, notion_server.base_url, content.clock, tuple(content.repositories), token
        )
        served = Served(github, notion, environment, report)
        if replay is not None:
            yield served
            return
        server_file = folder / _SERVER_FILE
        server_file.write_text(json.dumps({**environment, "PID": str(os.getpid())}), encoding="utf-8")
        try:
            yield served
        finally:
            server_file.unlink(missing_ok=True)


def _environment(
    github_url: str, notion_url: str, clock: datetime, repositories: tuple[str, ...], token: str = SANDBOX_GITHUB_TOKEN
) -> dict[str, str]:
    return {
        "GITHUB_TOKEN": token,
        "GITHUB_REPOSITORY": ",".join(repositories),
        "GITHUB_API_URL": github_url,
        "NOTION_API_KEY": SANDBOX_NOTION_KEY,
        "NOTION_PARENT_PAGE_ID": PARENT_PAGE_ID,
        "NOTION_API_URL": notion_url,
        "ROADMAP_NOW": clock.isoformat().replace("+00:00", "Z"),
    }


@contextmanager
def _out_of_the_collectors_way() -> Iterator[None]:
    """Let Python not look for cycles among the objects there are now: a million that stay while they are served."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _organisation(folder: Path) -> "GitHubContent":
    from roadmap_sandbox.organisation import generate

    content, truth = generate(clock=CLOCK)
    truth_file = folder / "truth.json.gz"
    if not truth_file.exists():
        # What really happened, for tests and for the curious: no table is computed from it.
        truth_file.write_bytes(gzip.compress(json.dumps(truth.to_json()).encode(), mtime=0))
    return content


def _answers(environment: Mapping[str, str]) -> bool:
    """Whether the processes that wrote ``environment`` still serve both sides."""
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
