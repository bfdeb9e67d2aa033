"""The simulated GitHub with one repository of many runs, served from a process of its own.

    python benchmarks/serving.py --runs 10000 [--jobs 1] [--remember]

Prints its address and serves until standard input ends; the line ``new`` on it makes one more run.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

REPO = "acme/payments"
CLOCK = datetime(2026, 11, 16, 6, tzinfo=UTC)
BETWEEN_RUNS = timedelta(minutes=10)
FAILED = 7
"""One run in so many fails."""


@dataclass(frozen=True, slots=True)
class Served:
    """A simulator that is up."""

    url: str
    process: "subprocess.Popen[str]"

    def new_run(self) -> None:
        """Make one more run, now."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write("new\n")
        self.process.stdin.flush()
        self.process.stdout.readline()


@contextmanager
def serving(env: Mapping[str, str], runs: int, *, jobs: int = 0, remember: bool = False) -> Iterator[Served]:
    """Serve ``runs`` runs of ``jobs`` jobs.

    With ``remember`` a question asked before is answered from memory, so that the simulator's own work doesn't hide
    differences between readers.
    """
    command = [sys.executable, str(Path(__file__).resolve()), "--runs", str(runs), "--jobs", str(jobs)]
    command += ["--remember"] if remember else []
    with served_by(command, env) as served:
        yield served


@contextmanager
def served_by(command: list[str], env: Mapping[str, str]) -> Iterator[Served]:
    """Start a process that prints its address, and end it by closing its standard input."""
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(env))
    assert server.stdin is not None and server.stdout is not None
    try:
        yield Served(server.stdout.readline().strip(), server)
    finally:
        server.stdin.close()
        server.wait()
        server.stdout.close()


def main() -> None:
    from roadmap_sandbox import payloads
    from roadmap_sandbox.content import GitHubContent
    from roadmap_sandbox.github.app import create_app
    from roadmap_sandbox.github.state import GitHubState
    from roadmap_sandbox.server import Server

    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--jobs", type=int, default=0)
    parser.add_argument("--remember", action="store_true")
    arguments = parser.parse_args()
    owner = payloads.user("acme", 1, type="Organization")
    times = {"created_at": CLOCK, "updated_at": CLOCK, "pushed_at": CLOCK}
    content = GitHubContent(
        clock=CLOCK,
        viewer=payloads.user("roadmap-pipeline[bot]", 900001, type="Bot"),
        repositories={REPO: payloads.repository(REPO, 101, owner, **times)},
    )
    maker = Maker(payloads, payloads.minimal_repository(REPO, 101, owner), arguments.runs)
    numbers = range(1, arguments.runs + 1)
    content.runs[REPO] = [maker.run(number) for number in numbers]
    content.jobs[REPO] = [job for number in numbers for job in maker.jobs(number, arguments.jobs)]
    state = GitHubState(content, rate_limit=None)
    app: Any = create_app(state)
    # The server takes any ASGI application.
    with Server(cast(Any, Remembering(app) if arguments.remember else app)) as server:
        print(server.base_url, flush=True)
        for made, _ in enumerate(sys.stdin, arguments.runs + 1):
            state.put_run(REPO, maker.run(made), maker.jobs(made, arguments.jobs))
            print("made", flush=True)


class Remembering:
    """Answers a second question like the first from memory."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._answers: dict[bytes, list[Any]] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        question = scope["raw_path"] + b"?" + scope["query_string"]
        if question not in self._answers:
            messages: list[Any] = []

            async def keep(message: Any) -> None:
                messages.append(message)

            await self._app(scope, receive, keep)
            self._answers[question] = messages
        for message in self._answers[question]:
            await send(message)


class Maker:
    """Payloads of runs and jobs; number ``last`` ended just before the clock.

    Args:
        payloads: The simulator's module of payloads.
        repository: The runs' repository, as runs hold it.
        last: The number of the newest run.
        first_id: Added to the numbers, so that no two repositories share an id.
        between: The time from one run to the next.
    """

    def __init__(
        self,
        payloads: Any,
        repository: dict[str, Any],
        last: int,
        *,
        first_id: int = 0,
        between: timedelta = BETWEEN_RUNS,
    ) -> None:
        self._payloads = payloads
        self._repository = repository
        self._person = payloads.user("ana", 11)
        self._last = last
        self._first_id = first_id
        self._between = between

    def _moment(self, number: int) -> datetime:
        return CLOCK - timedelta(hours=2) - self._between * (self._last - number)

    def run(self, number: int) -> dict[str, Any]:
        moment, sha = self._moment(number), f"{self._first_id + number:040x}"
        made: dict[str, Any] = self._payloads.workflow_run(
            self._repository,
            id=9_000_000_000 + self._first_id + number,
            run_number=number,
            workflow_id=self._first_id + 7 + number % 5,
            name="CI",
            path=f".github/workflows/ci-{number % 5}.yml",
            head_branch="main",
            head_sha=sha,
            event="push",
            status="completed",
            conclusion="success" if number % FAILED else "failure",
            created_at=moment,
            updated_at=moment + timedelta(minutes=9),
            actor=self._person,
            display_title=f"Change number {number}",
            head_commit=self._payloads.head_commit(
                sha, message=f"Change number {number}", at=moment, author="Ana", email="ana@example.org"
            ),
        )
        return made

    def jobs(self, number: int, count: int) -> list[dict[str, Any]]:
        moment = self._moment(number)
        end = moment + timedelta(minutes=9)
        return [
            self._payloads.job(
                self._repository,
                id=9_100_000_000 + (self._first_id + number) * 100 + position,
                run_id=9_000_000_000 + self._first_id + number,
                run_attempt=1,
                name=f"job {position}",
                workflow_name="CI",
                head_branch="main",
                head_sha=f"{self._first_id + number:040x}",
                status="completed",
                conclusion="success" if number % FAILED or position else "failure",
                created_at=moment,
                started_at=moment,
                completed_at=end,
                steps=[self._payloads.step(1, "Set up job", started_at=moment, completed_at=end)],
                runner_id=3,
                runner_name="GitHub Actions 3",
            )
            for position in range(count)
        ]


if __name__ == "__main__":
    main()
