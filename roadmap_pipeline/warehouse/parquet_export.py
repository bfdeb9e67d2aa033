"""The tables as Parquet files, for tools that don't read DuckDB.

Belongs here: which tables, and writing each. The folder's replacement is ``folders``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dbt_like_sql.runner.database import literal, relation_name
from roadmap_pipeline.errors import ConfigurationError, RoadmapError
from roadmap_pipeline.progress import task
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline.warehouse.folders import replaced_folder
from roadmap_pipeline.warehouse.query import published

if TYPE_CHECKING:
    import duckdb

DEFAULT_SCHEMAS = ("marts", "publish")


@dataclass(frozen=True, slots=True)
class ExportedTable:
    """A table as ``schema.name``, its rows, and its file."""

    name: str
    rows: int
    path: Path


def export_tables(
    warehouse: str | Path, directory: Path, schemas: Sequence[str] = DEFAULT_SCHEMAS
) -> list[ExportedTable]:
    """Write every table and view of ``schemas`` to ``directory/<schema>/<table>.parquet``, all of one snapshot.

    Tables without rows are written too, with their columns. ``directory`` is replaced as a whole at the end, or left
    as it was. Raises ConfigurationError for unknown schemas and a folder with a person's files, WarehouseError
    without a snapshot, RoadmapError when a file can't be written.
    """
    import duckdb

    exported = []
    with connect(published(warehouse), read_only=True) as con:
        tables = _tables(con, schemas)
        with (
            replaced_folder(directory, "Parquet") as building,
            task("Writing Parquet files", total=len(tables)) as progress,
        ):
            for schema, name in tables:
                progress.describe(f"{schema}.{name}")
                file = Path(schema) / f"{name}.parquet"
                (building / schema).mkdir(exist_ok=True)
                relation = relation_name(schema, name)
                try:
                    ((rows,),) = con.execute(
                        f"copy (from {relation}) to {literal(str(building / file))} (format parquet, compression zstd)"
                    ).fetchall()
                except duckdb.Error as error:
                    raise RoadmapError(f"{directory / file} can't be written: {error}") from error
                exported.append(ExportedTable(f"{schema}.{name}", int(rows), directory / file))
                progress.advance()
    return exported


def _tables(con: "duckdb.DuckDBPyConnection", schemas: Sequence[str]) -> list[tuple[str, str]]:
    rows = con.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = current_database() and not internal"
        " union all select schema_name, view_name from duckdb_views()"
        " where database_name = current_database() and not internal order by all"
    ).fetchall()
    known = list(dict.fromkeys(schema for schema, _ in rows))
    if unknown := [schema for schema in schemas if schema not in known]:
        raise ConfigurationError(
            *(f"the snapshot has no schema {schema}; it has {', '.join(known) or 'none yet'}" for schema in unknown)
        )
    return [(schema, name) for schema, name in rows if schema in schemas]
