"""Taking a warehouse along to another place: from a file into a lake, or back.

Belongs here: copying what can't be computed again. Models are built from it where it arrives.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from dbt_like_sql.runner.build import change_log
from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.progress import task
from roadmap_pipeline.warehouse.connection import (
    WarehouseError,
    attach_reading,
    connect,
    is_file,
    prepare_file,
    shown_path,
)
from roadmap_pipeline.warehouse.origin import stored_origin
from roadmap_pipeline.warehouse.source_tables import SOURCES, TABLES
from roadmap_pipeline.warehouse.transactions import in_transaction

if TYPE_CHECKING:
    import duckdb

_SOURCE = "copied_from"


def copy_warehouse(source: str | Path, target: str | Path) -> dict[str, int]:
    """Copy all rows that Python stored in ``source`` into the empty warehouse ``target``, all or nothing.

    Returns:
        The number of rows by table.

    Raises:
        ConfigurationError: ``target`` has rows already.
        WarehouseError: One of the two can't be opened.
    """
    import duckdb

    if is_file(source):
        prepare_file(Path(source), read_only=True)
    if stored_origin(target) is not None:
        raise ConfigurationError(f"{shown_path(target)} holds rows already: set ROADMAP_WAREHOUSE to a new warehouse")
    with connect(target) as con, task("Copying tables", total=len(TABLES)) as progress:
        try:
            attach_reading(con, source, _SOURCE)
        except duckdb.Error as error:
            message = str(error).split("\n", 1)[0]
            raise WarehouseError(f"{shown_path(source)} can't be read: {message}") from error

        def copy() -> dict[str, int]:
            copied = {}
            for table in TABLES:
                progress.describe(table.qualified_name)
                copied[table.qualified_name] = _copy_table(con, table.qualified_name)
                progress.advance()
            return copied

        try:
            return in_transaction(con, copy)
        finally:
            con.execute(f"detach {_SOURCE}")


def _copy_table(con: "duckdb.DuckDBPyConnection", name: str) -> int:
    """Copy a table by the names of its columns: an older version may have fewer of them, or lack the table."""
    import duckdb

    try:
        con.table(f"{_SOURCE}.{name}")
    except duckdb.CatalogException:
        return 0
    con.execute(f"delete from {name}")  # noqa: S608
    ((count,),) = con.execute(f"insert into {name} by name from {_SOURCE}.{name}").fetchall()
    if name in SOURCES.change_keys:
        change_log.note_everything(con, SOURCES, name)
    return int(count)
