"""The one resource: a workspace for the run.

Belongs here: its life, nothing else. In a run without credentials it keeps the built-in sandbox up until the run ends.
"""

from collections.abc import Callable, Iterator

import dagster as dg

from roadmap_pipeline.settings import Settings
from roadmap_pipeline.workspace import Workspace

WorkspaceParam = dg.ResourceParam[Workspace]


def workspace_resource(load: Callable[[], Settings]) -> dg.ResourceDefinition:
    """A resource that reads the settings when a run starts, so that definitions load without environment or network."""

    @dg.resource(description="Settings, clients of GitHub and Notion, and the warehouse.")
    def workspace(_: dg.InitResourceContext) -> Iterator[Workspace]:
        from roadmap_pipeline.sandbox.local import running

        with running(load()) as settings:
            made = Workspace(settings)
            try:
                yield made
            finally:
                made.close()

    return workspace
