"""The resources of a Dagster run: its settings, GitHub, Notion, the warehouse, and the runtime made of them.

Belongs here: their life, nothing else. In a run without credentials the settings keep the built-in sandbox up until the
run ends, and in every run they let *Terminate* reach all that is under way.

Each is configured at launch, without anything that must be given: only so does Dagster make one of each in a run, which
those that depend on it share. Credentials are no configuration of theirs, since that is stored with each run, and not
``EnvVar`` either: one that isn't set is an error to Dagster, and here what chooses the sandbox.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import PrivateAttr

from roadmap_pipeline import interruption
from roadmap_pipeline.pipeline.repository_discovery import discover
from roadmap_pipeline.runtime import Runtime, github_client, notion_client
from roadmap_pipeline.settings import Settings
from roadmap_pipeline.warehouse.session import WarehouseSession

if TYPE_CHECKING:
    from roadmap_pipeline.github.client.client import GitHubClient
    from roadmap_pipeline.notion.client import NotionClient

ENDED_LATE = "Something waited for an answer and was ended; what was done is kept, and the next run goes on from there."

SettingsParam = dg.ResourceParam[Settings]
WarehouseParam = dg.ResourceParam[WarehouseSession]
RuntimeParam = dg.ResourceParam[Runtime]


def settings_resource(load: Callable[[], Settings]) -> Any:
    """Return a resource that reads the settings when a run starts: definitions load without environment or network."""

    class SettingsResource(dg.ConfigurableResource[Settings]):
        """The environment and roadmap.toml."""

        @contextmanager
        def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Settings]:
            from roadmap_pipeline.sandbox import running

            def end_late() -> None:
                if context.instance is not None and context.run is not None:
                    context.instance.report_run_canceled(context.run, ENDED_LATE)

            # Dagster raises in the main thread only: those that read, and a query under way, would go on.
            with interruption.watching(), interruption.notify_last(end_late), running(load()) as settings:
                yield settings

    return SettingsResource.configure_at_launch()


class GitHubResource(dg.ConfigurableResource["GitHubResource"]):
    """The client of GitHub, made when it is first needed."""

    settings: dg.ResourceDependency[Settings]
    _client: Any = PrivateAttr(default=None)

    def client(self) -> "GitHubClient":
        """Return the one client of the run."""
        if self._client is None:
            self._client = github_client(self.settings)
        client: GitHubClient = self._client
        return client

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:  # noqa: ARG002
        """Give back its connections."""
        if self._client is not None:
            self._client.close()


class NotionResource(dg.ConfigurableResource["NotionResource"]):
    """The client of Notion, made when it is first needed."""

    settings: dg.ResourceDependency[Settings]
    _client: Any = PrivateAttr(default=None)

    def client(self) -> "NotionClient":
        """Return the one client of the run."""
        if self._client is None:
            self._client = notion_client(self.settings)
        client: NotionClient = self._client
        return client

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:  # noqa: ARG002
        """Give back its connections."""
        if self._client is not None:
            self._client.close()


class WarehouseResource(dg.ConfigurableResource[WarehouseSession]):
    """The one session of the warehouse."""

    settings: dg.ResourceDependency[Settings]

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[WarehouseSession]:  # noqa: ARG002
        """Yield the session; the file is closed after it."""
        session = WarehouseSession(self.settings.warehouse)
        try:
            yield session
        finally:
            session.close()


class RuntimeResource(dg.ConfigurableResource[Runtime]):
    """All of them in one, as the stages of the pipeline take them."""

    settings: dg.ResourceDependency[Settings]
    github: dg.ResourceDependency[GitHubResource]
    notion: dg.ResourceDependency[NotionResource]
    warehouse: dg.ResourceDependency[WarehouseSession]

    def create_resource(self, context: dg.InitResourceContext) -> Runtime:  # noqa: ARG002
        """Return the runtime; what it is made of closes itself."""
        runtime = Runtime(
            self.settings,
            make_github=lambda _settings: self.github.client(),
            make_notion=lambda _settings: self.notion.client(),
            make_warehouse=lambda _settings: self.warehouse,
        )
        discover(runtime)
        return runtime


def run_resources(
    load: Callable[[], Settings], *, github: Any = None, notion: Any = None, warehouse: Any = None
) -> dict[str, Any]:
    """Return the resources of runs whose settings ``load`` reads; the others replace ours, each on its own."""
    settings = settings_resource(load)
    github = github or GitHubResource.configure_at_launch(settings=settings)
    notion = notion or NotionResource.configure_at_launch(settings=settings)
    warehouse = warehouse or WarehouseResource.configure_at_launch(settings=settings)
    return {
        "settings": settings,
        "github": github,
        "notion": notion,
        "warehouse": warehouse,
        "runtime": RuntimeResource.configure_at_launch(
            settings=settings, github=github, notion=notion, warehouse=warehouse
        ),
    }


def resources_of(runtime: Runtime) -> Mapping[str, Any]:
    """Return the resources of a run that works with ``runtime``, whose maker closes it."""
    return {"settings": runtime.settings, "warehouse": runtime.warehouse, "runtime": runtime}
