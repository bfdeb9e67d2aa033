"""The code location: wiring only.

:func:`build_definitions` puts assets, jobs, schedules, sensors and the resource together; nothing here reads settings
or the network until a run or a tick needs it, only in which week the stored data begin.
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from roadmap_pipeline.orchestration.assets import derived, models, published, sources
from roadmap_pipeline.orchestration.jobs import jobs
from roadmap_pipeline.orchestration.partitions import iso_weeks
from roadmap_pipeline.orchestration.resources import workspace_resource
from roadmap_pipeline.orchestration.schedules import schedules
from roadmap_pipeline.orchestration.sensors import automation, on_merge_sensor
from roadmap_pipeline.settings import Settings, dagster_home, load_settings
from roadmap_pipeline.warehouse.models import project


def build_definitions(settings: Settings | None = None, resources: Mapping[str, Any] | None = None) -> dg.Definitions:
    """All definitions. ``settings`` stand for the environment's; ``resources`` replace ours by name (tests)."""

    def load() -> Settings:
        return settings if settings is not None else load_settings()

    weeks = iso_weeks(dagster_home()) if settings is None else iso_weeks(settings.dagster_home, settings.now().date())

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
        jobs=jobs,
        schedules=schedules,
        sensors=[on_merge_sensor(load), automation],
        resources={"workspace": workspace_resource(load), **(resources or {})},
        # One run, one process: ten to twenty times cheaper than a process a step, and the warehouse has one writer.
        executor=dg.in_process_executor,
    )


defs = build_definitions()
