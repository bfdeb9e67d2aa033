"""All declared tables, in the order in which they are made.

Belongs here: putting the schemas' declarations together. How a table is declared belongs to ``declaration``.
"""

from collections.abc import Mapping

from roadmap_pipeline.warehouse.source_tables import config, derived, raw, sync
from roadmap_pipeline.warehouse.source_tables.declaration import SourceTable

TABLES: tuple[SourceTable, ...] = (*raw.TABLES, *derived.TABLES, *config.TABLES, *sync.TABLES)

BY_NAME: Mapping[str, SourceTable] = {table.qualified_name: table for table in TABLES}
"""By ``schema.name``."""
