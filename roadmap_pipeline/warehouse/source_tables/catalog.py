"""All declared tables, in the order in which they are made.

Belongs here: putting the schemas' declarations together. How a table is declared belongs to ``declaration``.
"""

from collections.abc import Mapping

from dbt_like_sql.runner.project.sources import Sources
from roadmap_pipeline.warehouse.source_tables import config, derived, raw, reading, sync
from roadmap_pipeline.warehouse.source_tables.declaration import SourceTable

TABLES: tuple[SourceTable, ...] = (*raw.TABLES, *reading.TABLES, *derived.TABLES, *config.TABLES, *sync.TABLES)

SOURCES = Sources(
    TABLES,
    change_keys=dict.fromkeys(
        ("raw.workflow_runs", "raw.workflow_jobs", "raw.job_logs", "raw.run_details", "derived.failure_verdicts"),
        "run_id",
    ),
)
"""The tables as the SQL models' runner knows them; those that hold a row per run or job are followed run by run."""

BY_NAME: Mapping[str, SourceTable] = SOURCES.by_name
"""By ``schema.name``."""
