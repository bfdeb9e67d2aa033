"""The tables that Python fills: their declarations, and making and loading them.

What was read (``raw``), what Python derived (``derived``), settings (``config``) and the state of the sync (``sync``).
Tables computed in SQL are described in ``dbt_like_sql``. No indexes: rows are replaced by key, delete and insert in one
transaction.
"""

from roadmap_pipeline.warehouse.source_tables.catalog import BY_NAME, SOURCES, TABLES
from roadmap_pipeline.warehouse.source_tables.creation import create_source_tables, describe_source_tables
from roadmap_pipeline.warehouse.source_tables.declaration import Column, SourceTable
from roadmap_pipeline.warehouse.source_tables.loading import arrow_table, replace_arrow, replace_rows, replace_table
from roadmap_pipeline.warehouse.source_tables.names import canonical_names

__all__ = [
    "BY_NAME",
    "SOURCES",
    "TABLES",
    "Column",
    "SourceTable",
    "arrow_table",
    "canonical_names",
    "create_source_tables",
    "describe_source_tables",
    "replace_arrow",
    "replace_rows",
    "replace_table",
]
