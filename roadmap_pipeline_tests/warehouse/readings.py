"""The content of a warehouse, without what tells when and how often it was read: for comparing two ways to the same.

Belongs here: which columns those are.
"""

from pathlib import Path
from typing import Any

from dbt_like_sql.runner.database import columns_of
from roadmap_pipeline.github.ingest.store import READ_TABLES
from roadmap_pipeline.warehouse.connection import connect

_WHEN = frozenset({"read_at"})
_MOVES = {"issue_events": frozenset({"payload"})}
"""Columns that hold other things as they were when they were read: an event's payload its issue and its comments."""
_OF_WRITES = frozenset({"sync_changes", "sync_reliability"})
"""Marts of the journal: who runs more often writes more often."""


def everything_read(warehouse: str | Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of what was read and of all marts, by table, in one order."""
    found = {}
    with connect(warehouse, read_only=True) as con:
        tables = con.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = current_database() union all"
            " select schema_name, view_name from duckdb_views() where database_name = current_database()"
            " and not internal"
        ).fetchall()
        for schema, name in sorted(tables):
            if (schema == "raw" and name in {*READ_TABLES, "run_details", "read_failures"}) or (
                schema == "marts" and name not in _OF_WRITES
            ):
                columns = [
                    column
                    for column, _ in columns_of(con, f"{schema}.{name}")
                    if column not in _WHEN | _MOVES.get(name, frozenset())
                ]
                listed = ", ".join(f'"{column}"' for column in columns)
                found[f"{schema}.{name}"] = con.execute(f"select {listed} from {schema}.{name} order by all").fetchall()
    return found
