"""The snapshot of a lake that readers open: what it was after the last build, however much was ingested since.

Belongs here: noting which it is, and finding it. A lake keeps its earlier states by itself; how long is said in
``maintenance``.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from dbt_like_sql.runner.database import scalar, transaction
from roadmap_pipeline.warehouse.lake.attaching import CATALOG
from roadmap_pipeline.warehouse.lake.connections import lake_connection, release

if TYPE_CHECKING:
    import duckdb

_TABLE = "build.published"
_COMMENTS = (
    f"comment on table {_TABLE} is 'State of building, no data of anybody: the snapshot of this lake that readers"
    " open.'",
    f"comment on column {_TABLE}.snapshot is 'Number of the snapshot.'",
)


def mark_published(con: "duckdb.DuckDBPyConnection") -> int:
    """Let readers open the lake as it is now; return the number of that snapshot."""
    number = int(scalar(con, f"select max(snapshot_id) from {CATALOG}.snapshots()"))  # noqa: S608
    with transaction(con):
        con.execute(f"create table if not exists {_TABLE} (snapshot bigint)")
        con.execute("; ".join(_COMMENTS))
        con.execute(f"delete from {_TABLE}")  # noqa: S608
        con.execute(f"insert into {_TABLE} values (?)", [number])  # noqa: S608
    return number


def published_snapshot(warehouse: str | Path) -> int | None:
    """Return the number of the snapshot that readers open; None while there is none."""
    con = lake_connection(warehouse, read_only=True)
    try:
        return read_published(con)
    finally:
        release(con)


def read_published(con: "duckdb.DuckDBPyConnection") -> int | None:
    """Return what :func:`published_snapshot` does, by a connection of the lake."""
    import duckdb

    try:
        number: int | None = scalar(con, f"select max(snapshot) from {_TABLE}")  # noqa: S608
    except duckdb.CatalogException:
        return None
    return number
