"""The check that both sides were compared lately: a sync that answers well and does nothing must be noticed.

Belongs here: the check, and the job that makes it when nothing else runs. Sentences are
:mod:`roadmap_pipeline.reports.sync_status`'.
"""

from datetime import UTC, datetime

import dagster as dg

from roadmap_pipeline.orchestration.assets.sources import OWNERS, WRITER
from roadmap_pipeline.orchestration.resources import WarehouseParam

_NAME = "verified_within_a_day"
_ASSET = dg.AssetKey(["sync", "verifications"])


@dg.asset_check(
    asset=_ASSET,
    name=_NAME,
    description="Within a day a sync has found Notion and GitHub as they should be, or has read back what it wrote.",
    pool=WRITER,
)
def verified_within_a_day(warehouse: WarehouseParam) -> dg.AssetCheckResult:
    """Warn when nothing was verified for a day."""
    from roadmap_pipeline.reports.sync_status import last_verified_at, staleness

    with warehouse.connect() as con:
        problem = staleness(con, datetime.now(UTC).replace(tzinfo=None))
        verified_at = last_verified_at(con)
    return dg.AssetCheckResult(
        passed=problem is None,
        severity=dg.AssetCheckSeverity.WARN,
        description=problem,
        metadata={"last verified (UTC)": "never" if verified_at is None else f"{verified_at:%Y-%m-%d %H:%M}"},
    )


sync_freshness = dg.define_asset_job(
    "sync_freshness",
    owners=OWNERS,
    selection=dg.AssetSelection.checks(dg.AssetCheckKey(_ASSET, _NAME)),
    description="Whether Notion and GitHub were compared within a day.",
)
