"""The simulated GitHub with one organisation of many repositories, few of them busy, served from a process of its own.

    python benchmarks/serving_organisation.py --busy 50 --quiet 950 --runs 100

Prints its address and serves until standard input ends; a line on it makes an hour's new runs in the busy ones.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from serving import CLOCK, Maker, Served, served_by

OWNER = "acme"
DAYS = 400
JOBS = 2
RUNS_OF_QUIET = 2
RUNS_AN_HOUR = 4
"""New runs of each busy repository."""


@dataclass(frozen=True, slots=True)
class Size:
    """The size of an organisation: repositories, and runs of each busy one."""

    busy: int
    quiet: int
    runs: int

    @property
    def repositories(self) -> int:
        """The number of all repositories."""
        return self.busy + self.quiet

    def arguments(self) -> list[str]:
        """Return the options of the command line that say it."""
        return ["--busy", str(self.busy), "--quiet", str(self.quiet), "--runs", str(self.runs)]


def add_arguments(parser: argparse.ArgumentParser, size: Size) -> None:
    """Add the options that :meth:`Size.arguments` gives, with the defaults of ``size``."""
    parser.add_argument("--busy", type=int, default=size.busy)
    parser.add_argument("--quiet", type=int, default=size.quiet)
    parser.add_argument("--runs", type=int, default=size.runs)


@contextmanager
def serving_organisation(env: Mapping[str, str], size: Size) -> Iterator[Served]:
    """Serve an organisation; ``new_run`` of what is yielded makes an hour's runs."""
    command = [sys.executable, str(Path(__file__).resolve()), *size.arguments()]
    with served_by(command, env) as served:
        yield served


def main() -> None:
    from roadmap_sandbox import payloads
    from roadmap_sandbox.content import GitHubContent
    from roadmap_sandbox.github.app import create_app
    from roadmap_sandbox.github.state import GitHubState
    from roadmap_sandbox.server import Server

    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    add_arguments(parser, Size(50, 950, 100))
    arguments = parser.parse_args()
    size = Size(arguments.busy, arguments.quiet, arguments.runs)
    owner = payloads.user(OWNER, 1, type="Organization")
    content = GitHubContent(clock=CLOCK, viewer=payloads.user("roadmap-pipeline[bot]", 900001, type="Bot"))
    makers = [_add_repository(content, owner, size, position) for position in range(size.repositories)]
    state = GitHubState(content, rate_limit=None)
    state.limits.graphql_limit = 1_000_000
    app: Any = create_app(state)
    with Server(cast(Any, app)) as server:
        print(server.base_url, flush=True)
        made = size.runs
        for _ in sys.stdin:
            for repo, maker in makers[: size.busy]:
                for number in range(made + 1, made + RUNS_AN_HOUR + 1):
                    state.put_run(repo, maker.run(number), maker.jobs(number, JOBS))
            made += RUNS_AN_HOUR
            print("made", flush=True)


def _add_repository(content: Any, owner: dict[str, Any], size: Size, position: int) -> tuple[str, Maker]:
    """Add a repository with its runs, and of a busy one a milestone; return its name and what makes its runs."""
    from roadmap_sandbox import payloads

    is_busy = position < size.busy
    repo = f"{OWNER}/{'busy' if is_busy else 'quiet'}-{position:04}"
    times = {"created_at": CLOCK - timedelta(days=2 * DAYS), "updated_at": CLOCK, "pushed_at": CLOCK}
    content.repositories[repo] = payloads.repository(repo, 1_000 + position, owner, **times)
    minimal = payloads.minimal_repository(repo, 1_000 + position, owner)
    runs = size.runs if is_busy else RUNS_OF_QUIET
    between = timedelta(days=DAYS - 1) / max(1, runs)
    # The newest runs of quiet ones are spread over the weeks, as pushes to them are.
    maker = Maker(
        payloads, minimal, runs + (0 if is_busy else position % 7), first_id=position * 10_000, between=between
    )
    numbers = range(1, runs + 1)
    content.runs[repo] = [maker.run(number) for number in numbers]
    content.jobs[repo] = [job for number in numbers for job in maker.jobs(number, JOBS)]
    if is_busy:
        content.milestones[repo] = [
            payloads.milestone(
                minimal,
                id=50_000 + position,
                number=1,
                title=f"Release of {repo}",
                creator=owner,
                created_at=CLOCK - timedelta(days=90),
                updated_at=CLOCK - timedelta(days=9),
                due_on=CLOCK + timedelta(days=30),
            )
        ]
    return repo, maker


if __name__ == "__main__":
    main()
