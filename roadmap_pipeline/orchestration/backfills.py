"""Work that the runs of one back-fill share.

Belongs here: telling that another run of it has done already what concerns no single partition.
"""

import dagster as dg
from dagster._core.storage.tags import BACKFILL_ID_TAG

_READ_LAST = dg.AssetKey(["raw", "read_failures"])
"""Of the tables that one ingest fills, which are recorded together."""


def already_read(context: dg.AssetExecutionContext) -> str | None:
    """Return a sentence when another run of this run's back-fill has read GitHub, else None.

    A back-fill of four weeks is four runs, each with the whole job's selection. They take turns at the warehouse, so
    the first one has ended its reading, or failed at it, before the next one asks.
    """
    backfill = context.run.tags.get(BACKFILL_ID_TAG)
    if backfill is None:
        return None
    event = context.instance.get_latest_materialization_event(_READ_LAST)
    run = None if event is None else context.instance.get_run_by_id(event.run_id)
    if run is None or run.run_id == context.run.run_id or run.tags.get(BACKFILL_ID_TAG) != backfill:
        return None
    return f"GitHub is not read again: run {run.run_id[:8]} of this back-fill did"
