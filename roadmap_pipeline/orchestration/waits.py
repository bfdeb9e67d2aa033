"""GitHub's long waits as retries of the step, so that no worker and no place in a pool is blocked meanwhile.

Belongs here: turning RateLimited into what Dagster does about it. Short waits are the client's own.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from roadmap_pipeline.github.transport import RateLimited
from roadmap_pipeline.workspace import Workspace

LONG_WAITS = 12
"""How often a step waits for its quota: GitHub's quota is hourly, and a first back-fill takes eight of them."""


@contextmanager
def long_waits_as_retries(context: dg.AssetExecutionContext, workspace: Workspace) -> Iterator[None]:
    """Ask Dagster to run the step again once GitHub answers; what was done until then is kept, and not done again.

    A run that somebody waits for ends instead and says when to try again.
    """
    try:
        yield
    except RateLimited as error:
        if workspace.attended:
            raise dg.Failure(str(error), allow_retries=False) from error
        context.log.warning(str(error))
        raise dg.RetryRequested(max_retries=LONG_WAITS, seconds_to_wait=error.seconds) from error
