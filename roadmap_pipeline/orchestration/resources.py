"""The one resource: a workspace for the run.

Belongs here: its life, nothing else. In a run without credentials it keeps the built-in sandbox up until the run ends,
and in every run it lets *Terminate* reach all that is under way.
"""

from collections.abc import Callable, Iterator

import dagster as dg

from roadmap_pipeline import interruption
from roadmap_pipeline.runtime import Workspace
from roadmap_pipeline.settings import Settings

ENDED_LATE = "Something waited for an answer and was ended; what was done is kept, and the next run goes on from there."

WorkspaceParam = dg.ResourceParam[Workspace]


def workspace_resource(load: Callable[[], Settings]) -> dg.ResourceDefinition:
    """A resource that reads the settings when a run starts, so that definitions load without environment or network."""

    @dg.resource(description="Settings, clients of GitHub and Notion, and the warehouse.")
    def workspace(context: dg.InitResourceContext) -> Iterator[Workspace]:
        from roadmap_pipeline.sandbox import running

        def end_late() -> None:
            if context.instance is not None and context.run is not None:
                context.instance.report_run_canceled(context.run, ENDED_LATE)

        # Dagster raises in the main thread only: those that read, and a query under way, would go on.
        with interruption.watching(), interruption.told_last(end_late), running(load()) as settings:
            made = Workspace(settings)
            try:
                yield made
            finally:
                made.close()

    return workspace
