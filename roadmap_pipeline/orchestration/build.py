"""Putting the code location together: assets, jobs, schedules, sensors and resources.

Belongs here: wiring only. Nothing here reads settings or the network until a run or a tick needs it, only in which week
the stored data begin, and which schedules and sensors run from the start.
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from roadmap_pipeline.orchestration.assets import derived, models, published, sources
from roadmap_pipeline.orchestration.freshness import sync_freshness, verified_within_a_day
from roadmap_pipeline.orchestration.jobs import jobs
from roadmap_pipeline.orchestration.partitions import iso_weeks
from roadmap_pipeline.orchestration.resources import run_resources
from roadmap_pipeline.orchestration.schedules import schedules
from roadmap_pipeline.orchestration.sensors import sensors
from roadmap_pipeline.settings import Settings, dagster_home, load_automation, load_settings
from roadmap_pipeline.warehouse.models import project


def build_definitions(settings: Settings | None = None, resources: Mapping[str, Any] | None = None) -> dg.Definitions:
    """Return all definitions.

    Args:
        settings: Stand for the environment's.
        resources: Stand for all of ours, under the same names.
    """

    def load() -> Settings:
        return settings if settings is not None else load_settings()

    weeks = iso_weeks(dagster_home()) if settings is None else iso_weeks(settings.dagster_home, settings.now().date())

    automation = load_automation() if settings is None else settings.configuration.automation

    def in_stored_weeks(spec: dg.AssetSpec) -> dg.AssetSpec:
        return spec if spec.partitions_def is None else spec.replace_attributes(partitions_def=weeks)

    assets: list[dg.AssetsDefinition | dg.AssetSpec] = [
        *sources.sources,
        sources.github_ingest,
        *derived.assets,
        *models.model_assets(project()),
        *published.assets,
    ]
    return dg.Definitions(
        assets=list(dg.map_asset_specs(in_stored_weeks, assets)),
        asset_checks=[verified_within_a_day],
        jobs=[*jobs, sync_freshness],
        schedules=schedules(automation.names),
        sensors=sensors(load, automation),
        resources=run_resources(load) if resources is None else resources,
        # One run, one process: ten to twenty times cheaper than a process a step, and the warehouse has one writer.
        executor=dg.in_process_executor,
    )
