"""The clients and the one warehouse session of a run, with its settings and its summary; handed to every stage.

Belongs here: making the clients from the settings, once, so that their counters tell what went out in the run.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from roadmap_pipeline.run_summary import RunSummary
from roadmap_pipeline.settings import Settings, Side

if TYPE_CHECKING:
    from roadmap_pipeline.github.client.client import GitHubClient
    from roadmap_pipeline.notion.client import NotionClient
    from roadmap_pipeline.sync.journal import Journal
    from roadmap_pipeline.warehouse.session import WarehouseSession


def github_client(settings: Settings) -> "GitHubClient":
    """Return a client of GitHub as the settings say.

    Raises:
        ValueError: There are no credentials for it.
    """
    from roadmap_pipeline.github.client.client import GitHubClient

    token = settings.github_token
    credentials = settings.github_app if token is None else token.get_secret_value()
    if credentials is None:
        raise ValueError("no GitHub token; ask missing() first")
    limits = settings.configuration.limits
    return GitHubClient(
        credentials,
        base_url=settings.github_api_url,
        points_per_minute=None if settings.deployment != "real" else limits.github_points_per_minute,
        quota_reserve=limits.github_quota_reserve,
    )


def notion_client(settings: Settings) -> "NotionClient":
    """Return a client of Notion as the settings say.

    Raises:
        ValueError: There is no key for it.
    """
    from roadmap_pipeline.notion.client import NotionClient

    key = settings.notion_api_key
    if key is None:
        raise ValueError("no Notion key; ask missing() first")
    limits = settings.configuration.limits
    return NotionClient(
        key.get_secret_value(),
        base_url=settings.notion_api_url,
        requests_per_second=None if settings.deployment != "real" else limits.notion_requests_per_second,
    )


def warehouse_session(settings: Settings) -> "WarehouseSession":
    """Return a session of the warehouse that the settings name."""
    from roadmap_pipeline.warehouse.session import WarehouseSession

    return WarehouseSession(settings.warehouse, settings.configuration.warehouse)


@dataclass
class Runtime:
    """The settings of one run, and the clients and the warehouse session made from them when they are first needed."""

    settings: Settings
    run_summary: RunSummary = field(default_factory=RunSummary)
    make_github: Callable[[Settings], "GitHubClient"] = field(default=github_client, repr=False)
    make_notion: Callable[[Settings], "NotionClient"] = field(default=notion_client, repr=False)
    make_warehouse: Callable[[Settings], "WarehouseSession"] = field(default=warehouse_session, repr=False)
    _written: dict[str, int] = field(default_factory=lambda: {"notion": 0, "github": 0}, init=False, repr=False)

    @cached_property
    def github(self) -> "GitHubClient":
        """The client of GitHub; the side must not be missing: see :meth:`missing`."""
        return self.make_github(self.settings)

    @cached_property
    def notion(self) -> "NotionClient":
        """The client of Notion; the side must not be missing: see :meth:`missing`."""
        return self.make_notion(self.settings)

    @cached_property
    def journal(self) -> "Journal":
        """The memory of the sync."""
        from roadmap_pipeline.sync.journal import Journal

        return Journal(self.warehouse)

    @cached_property
    def warehouse(self) -> "WarehouseSession":
        """The one session of the warehouse, for many short steps in a row."""
        return self.make_warehouse(self.settings)

    def __enter__(self) -> "Runtime":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def missing(self, side: Side | str) -> str | None:
        """Return why a side is left out of this run, naming the variables to set; None when it is not."""
        needed = {
            "github": (self.settings.github_side, "GITHUB_TOKEN and GITHUB_REPOSITORY"),
            "notion": (self.settings.notion_side, "NOTION_API_KEY and NOTION_PARENT_PAGE_ID"),
        }
        state, variables = needed[side]
        if state != "missing":
            return None
        name = {"github": "GitHub", "notion": "Notion"}[side]
        return f"{name} is skipped: {variables} are not set"

    def writes(self) -> dict[str, int]:
        """Return the number of writing requests that went out so far, by side."""
        return {
            side: before + (self.__dict__[side].writes if side in self.__dict__ else 0)
            for side, before in self._written.items()
        }

    def counts(self) -> str:
        """Return what was read and written so far, in words; empty when nothing was."""
        read = [f"{count:,} {table.replace('_', ' ')}" for table, count in self.run_summary.read.items() if count]
        names = {"notion": "Notion", "github": "GitHub"}
        sent = [f"{count:,} to {names[side]}" for side, count in self.writes().items() if count]
        parts = [f"read: {', '.join(read)}"] if read else []
        return "; ".join([*parts, *([f"requests that write: {', '.join(sent)}"] if sent else [])])

    def close(self) -> None:
        """Give back connections. What was written stays counted."""
        self._written = self.writes()
        for name in ("github", "notion", "warehouse"):
            client = self.__dict__.pop(name, None)
            if client is not None:
                client.close()
