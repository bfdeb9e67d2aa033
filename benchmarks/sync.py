"""Requests of a two-way sync: a first publish, and one changed milestone among few and many rows.

    python benchmarks/sync.py

Both simulators run in this process and keep a journal of all requests. What counts is how the requests of one change
grow with the number of rows: by pages of 100 that are read, and by nothing else.
"""

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import duckdb
from measuring import table, verdict

from roadmap_pipeline import pipeline
from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.settings import SANDBOX_GITHUB_TOKEN, SANDBOX_NOTION_KEY, load_settings
from roadmap_sandbox import payloads
from roadmap_sandbox.content import GitHubContent
from roadmap_sandbox.defaults import PARENT_PAGE_ID
from roadmap_sandbox.github.app import create_app as create_github
from roadmap_sandbox.github.state import GitHubState
from roadmap_sandbox.notion.app import create_app as create_notion
from roadmap_sandbox.notion.state import NotionState
from roadmap_sandbox.server import Server

REPO = "acme/payments"
CLOCK = datetime(2026, 11, 16, 6, tzinfo=UTC)
ROWS = (4, 120, 450)
PAGE = 100
LISTS = 4
"""Lists that a sync reads whole: the rows, the milestones, and the tracking issues by label and by author."""
READ, WRITE = False, True
Requests = Counter[tuple[str, bool]]
"""Numbers of requests by side and whether they write."""


@dataclass(frozen=True)
class Sides:
    """Both simulators, and the project that brings them in step."""

    github: GitHubState
    notion: NotionState
    environment: dict[str, str]
    folder: Path

    def two_way(self) -> Requests:
        """Run ``roadmap two-way``; return what it asked for."""
        self.github.journal.clear()
        self.notion.journal.clear()
        with Runtime(load_settings(self.environment, self.folder)) as runtime:
            result = pipeline.two_way(runtime)
        assert not (result.failed or result.refused or result.plan.conflicts), result
        journals = (("GitHub", self.github.journal), ("Notion", self.notion.journal))
        return Counter((side, entry.mutating) for side, journal in journals for entry in journal)


def main() -> None:
    first: dict[int, tuple[Requests, float]] = {}
    changes: dict[str, dict[int, Requests]] = {name: {} for name in CHANGES}
    for rows in ROWS:
        with tempfile.TemporaryDirectory(prefix="roadmap-benchmark-") as folder, serving(rows, Path(folder)) as sides:
            start = time.perf_counter()
            first[rows] = sides.two_way(), time.perf_counter() - start
            assert not any(count for (_, writes), count in sides.two_way().items() if writes)
            for name, change in CHANGES.items():
                change(sides)
                changes[name][rows] = sides.two_way()
    report(first, changes)


def nothing(_sides: Sides) -> None:
    """Leave both sides as they are."""


def date_on_github(sides: Sides) -> None:
    """Move the due date of the second milestone."""
    body = {"due_on": "2027-01-31T12:00:00Z"}
    status, _ = sides.github.request("PATCH", f"/repos/{REPO}/milestones/2", body, user=payloads.user("ana", 11))
    assert status == 200


def date_in_notion(sides: Sides) -> None:
    """Move the target date of the third milestone's row."""
    with duckdb.connect(sides.environment["ROADMAP_WAREHOUSE"], read_only=True) as con:
        ((page_id,),) = con.execute("select page_id from sync.rows where title = 'Milestone 3'").fetchall()
    sides.notion.set_property(page_id, "📆 Target Date", "2027-02-28")


CHANGES: dict[str, Callable[[Sides], None]] = {
    "nothing": nothing,
    "a due date on GitHub": date_on_github,
    "a target date in Notion": date_in_notion,
}


@contextmanager
def serving(rows: int, folder: Path) -> Iterator[Sides]:
    """Serve a repository of so many milestones, and an empty page in Notion."""
    owner = payloads.user("acme", 1, type="Organization")
    times = {"created_at": CLOCK, "updated_at": CLOCK}
    repository = payloads.repository(REPO, 101, owner, pushed_at=CLOCK, **times)
    content = GitHubContent(
        clock=CLOCK,
        viewer=payloads.user("roadmap-pipeline[bot]", 900001, type="Bot"),
        repositories={REPO: repository},
    )
    content.milestones[REPO] = [
        payloads.milestone(
            repository, id=7000 + n, number=n, title=f"Milestone {n}", creator=owner, state="open", **times
        )
        for n in range(1, rows + 1)
    ]
    github = GitHubState(content, token=SANDBOX_GITHUB_TOKEN, rate_limit=None)
    notion = NotionState(CLOCK, token=SANDBOX_NOTION_KEY, parent_page_id=PARENT_PAGE_ID)
    # The server takes any ASGI application.
    with (
        Server(cast(Any, create_github(github))) as github_server,
        Server(cast(Any, create_notion(notion))) as notion_server,
    ):
        environment = {
            "GITHUB_TOKEN": SANDBOX_GITHUB_TOKEN,
            "GITHUB_REPOSITORY": REPO,
            "GITHUB_API_URL": github_server.base_url,
            "NOTION_API_KEY": SANDBOX_NOTION_KEY,
            "NOTION_PARENT_PAGE_ID": PARENT_PAGE_ID,
            "NOTION_API_URL": notion_server.base_url,
            "ROADMAP_NOW": CLOCK.isoformat(),
            "ROADMAP_WAREHOUSE": str(folder / "roadmap.duckdb"),
            "XDG_CACHE_HOME": str(folder / "cache"),
        }
        yield Sides(github, notion, environment, folder)


def report(first: dict[int, tuple[Requests, float]], changes: dict[str, dict[int, Requests]]) -> None:
    """Print the section."""
    print("## Requests of a two-way sync\n")
    print(
        "What is sent for one change, reading + writing, by the number of rows (and milestones, and tracking issues):\n"
    )
    least, most = min(ROWS), max(ROWS)
    pages = LISTS * ((most - 1) // PAGE - (least - 1) // PAGE)
    lines = []
    for name, by_rows in changes.items():
        lines += [
            [name, side, *(f"{by_rows[rows][side, READ]} + {by_rows[rows][side, WRITE]}" for rows in ROWS), ""]
            for side in ("GitHub", "Notion")
        ]
        total = {rows: sum(by_rows[rows].values()) for rows in ROWS}
        grown = total[most] - total[least]
        bar = f"{grown} more for {pages} more pages: {verdict(grown <= pages)}"
        lines.append([name, "both", *(str(total[rows]) for rows in ROWS), bar])
    print(
        table(["what changed", "side", *(f"{rows} rows" for rows in ROWS), f"bar: {most} rows against {least}"], lines)
    )
    print("\nThe first publish, which makes the databases, a row and a tracking issue for each milestone:\n")
    lines = [
        [
            rows,
            *(f"{requests[side, READ]:,} + {requests[side, WRITE]:,}" for side in ("GitHub", "Notion")),
            f"{sum(requests.values()) / rows:.1f}",
            f"{seconds:.0f} s",
        ]
        for rows, (requests, seconds) in first.items()
    ]
    print(table(["rows", "GitHub", "Notion", "requests per row", "without pacing"], lines))


if __name__ == "__main__":
    main()
