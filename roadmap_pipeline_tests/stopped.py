"""A small organisation behind both simulators, and `roadmap` in a process of its own that a test interrupts."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import httpx

from roadmap_pipeline.settings import SANDBOX_GITHUB_TOKEN, SANDBOX_NOTION_KEY
from roadmap_pipeline_tests.github.conftest import CLOCK, REPO, small_world
from roadmap_pipeline_tests.sync.conftest import SimulatedServices
from roadmap_pipeline_tests.warehouse.readings import everything_read
from roadmap_sandbox.content import GitHubContent
from roadmap_sandbox.defaults import PARENT_PAGE_ID
from roadmap_sandbox.github.app import create_app as create_github
from roadmap_sandbox.github.state import GitHubState
from roadmap_sandbox.notion.app import create_app as create_notion
from roadmap_sandbox.notion.state import NotionState
from roadmap_sandbox.server import Server

ROADMAP = Path(sys.executable).parent / "roadmap"
AT_MOST_S = 5.0
"""Between Ctrl+C and the end of the process."""
_LONGEST_S = 1800


@dataclass(frozen=True)
class Process:
    """A command under way; ``lines`` are those of its standard error, as they come."""

    process: "subprocess.Popen[str]"
    lines: "queue.Queue[str | None]"
    said: list[str]

    def wait_for(self, text: str) -> None:
        """Wait until a line holds ``text``."""
        while (line := self.lines.get(timeout=_LONGEST_S)) is not None:
            if text in line:
                return
        raise AssertionError(f"it ended without {text!r}: {self.said}")

    def interrupt(self) -> float:
        """Send Ctrl+C; returns the seconds until the process has ended."""
        sent_at = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(_LONGEST_S)
        return time.monotonic() - sent_at

    def last_line(self) -> str:
        """Return the last line of standard error, once it has ended."""
        while self.lines.get(timeout=_LONGEST_S) is not None:
            pass
        return self.said[-1]


@dataclass(frozen=True)
class SmallWorld:
    """Both simulators, and the folder of a project that uses them."""

    github: GitHubState
    notion: NotionState
    environment: dict[str, str]
    folder: Path
    pulls: Sequence[int] = (2,)
    """The pull requests whose comments are looked at."""

    def start(self, *words: str) -> Process:
        """Start `roadmap` with ``words``."""
        process = subprocess.Popen(
            [ROADMAP, *words],
            env={**os.environ, **self.environment},
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        lines: queue.Queue[str | None] = queue.Queue()
        said: list[str] = []

        def read() -> None:
            assert process.stderr is not None
            with process.stderr:
                for line in process.stderr:
                    said.append(line.rstrip("\n"))
                    lines.put(said[-1])
            lines.put(None)

        threading.Thread(target=read, daemon=True).start()
        return Process(process, lines, said)

    def run(self, *words: str) -> int:
        """`roadmap` with ``words``, to its end; returns the exit code."""
        return self.start(*words).process.wait(_LONGEST_S)

    def states(self) -> list[str]:
        """Return how the runs of the instance ended, the newest first."""
        if not Path(self.environment["DAGSTER_HOME"]).exists():
            return []
        with dg.DagsterInstance.from_config(self.environment["DAGSTER_HOME"]) as instance:
            return [run.status.value for run in instance.get_runs()]

    def tables(self) -> dict[str, list[str]]:
        """Return what was read, and all marts, without when and from which port."""
        found = everything_read(self.environment["ROADMAP_WAREHOUSE"])
        address = self.environment["GITHUB_API_URL"]
        return {name: [repr(row).replace(address, "") for row in rows] for name, rows in found.items()}

    def seen(self) -> dict[str, Any]:
        """Everything that people can see on both sides, each thing as often as it is there."""
        with self._services() as services:
            return services.final([(REPO, number) for number in self.pulls])

    def row(self, title: str) -> dict[str, Any]:
        """Return a row of the roadmap in Notion by property name."""
        with self._services() as services:
            return services.row(title)

    @contextmanager
    def _services(self) -> Iterator[SimulatedServices]:
        headers = {"Authorization": f"Bearer {SANDBOX_NOTION_KEY}", "Notion-Version": "2026-03-11"}
        with httpx.Client(headers=headers, trust_env=False) as http:
            warehouse = Path(self.environment["ROADMAP_WAREHOUSE"])
            yield SimulatedServices(self.github, self.notion, self.environment, warehouse, http)


@contextmanager
def small(folder: Path, content: GitHubContent | None = None, pulls: Sequence[int] = (2,)) -> Iterator[SmallWorld]:
    """Serve the small organisation, or other ``content``, for a project in ``folder``."""
    github = GitHubState(content or small_world(), token=SANDBOX_GITHUB_TOKEN, rate_limit=None)
    notion = NotionState(CLOCK, token=SANDBOX_NOTION_KEY, parent_page_id=PARENT_PAGE_ID)
    with Server(create_github(github)) as github_server, Server(create_notion(notion)) as notion_server:
        environment = {
            "GITHUB_TOKEN": SANDBOX_GITHUB_TOKEN,
            "GITHUB_REPOSITORY": REPO,
            "GITHUB_API_URL": github_server.base_url,
            "NOTION_API_KEY": SANDBOX_NOTION_KEY,
            "NOTION_PARENT_PAGE_ID": PARENT_PAGE_ID,
            "NOTION_API_URL": notion_server.base_url,
            "ROADMAP_NOW": CLOCK.isoformat(),
            "ROADMAP_WAREHOUSE": str(folder / "roadmap.duckdb"),
            "DAGSTER_HOME": str(folder / "dagster"),
        }
        yield SmallWorld(github, notion, environment, folder, pulls)
