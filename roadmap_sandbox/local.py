"""Both simulators together on loopback ports, with the simulated organisation in them and their writes in a folder.

Belongs here: starting them and where their state lies. What they answer is in ``github`` and ``notion``; how a program
comes to use them is the program's business.
"""

import gc
import gzip
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from roadmap_sandbox.content import GitHubContent
from roadmap_sandbox.defaults import CLOCK, PARENT_PAGE_ID
from roadmap_sandbox.github.app import create_app as create_github
from roadmap_sandbox.github.state import GitHubState
from roadmap_sandbox.html import ExtraPage
from roadmap_sandbox.notion.app import create_app as create_notion
from roadmap_sandbox.notion.state import NotionState
from roadmap_sandbox.organisation import generate
from roadmap_sandbox.server import Server


@dataclass(frozen=True, slots=True)
class Simulators:
    """The two simulators, answering at their base URLs (no trailing slash)."""

    github: GitHubState
    notion: NotionState
    github_url: str
    notion_url: str


def organisation(folder: Path) -> GitHubContent:
    """Return the simulated organisation, and leave the truth about it in ``folder``."""
    content, truth = generate(clock=CLOCK)
    truth_file = folder / "truth.json.gz"
    if not truth_file.exists():
        # What really happened, for tests and for the curious: no table is computed from it.
        truth_file.write_bytes(gzip.compress(json.dumps(truth.to_json()).encode(), mtime=0))
    return content


@contextmanager
def serve(
    content: GitHubContent,
    *,
    github_token: str,
    notion_token: str,
    writes_folder: Path | None = None,
    github_port: int = 0,
    extra_pages: Sequence[ExtraPage] = (),
) -> Iterator[Simulators]:
    """Serve both simulators until the block ends.

    Args:
        content: What GitHub holds; Notion starts with one empty page and the same clock.
        github_token: The token that may do everything on GitHub.
        notion_token: The integration's token.
        writes_folder: Where writes are kept over restarts; without it they end with the block.
        github_port: The port of GitHub; 0 takes a free one, as Notion does.
        extra_pages: Pages that Notion's first page links, too.

    Raises:
        SandboxError: The port can't be bound, or kept writes can't be carried out again.
    """
    writes = {
        side: None if writes_folder is None else writes_folder / f"{side}-writes.jsonl" for side in ("github", "notion")
    }
    github = GitHubState(content, writes_path=writes["github"], token=github_token, rate_limit=None)
    notion = NotionState(content.clock, writes_path=writes["notion"], token=notion_token, parent_page_id=PARENT_PAGE_ID)
    with (
        _out_of_the_collectors_way(),
        Server(create_github(github), github_port) as github_server,
        Server(create_notion(notion, extra_pages)) as notion_server,
    ):
        yield Simulators(github, notion, github_server.base_url, notion_server.base_url)


@contextmanager
def _out_of_the_collectors_way() -> Iterator[None]:
    """Keep Python from looking for cycles among today's objects: a million that stay while they are served."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
