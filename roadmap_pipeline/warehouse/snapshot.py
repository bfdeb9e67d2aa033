"""The copy of the warehouse that readers open, so that they never lock out the writer.

Belongs here: making it, what it leaves out, which DuckDB can open it, and naming it. Reading it is ``query``.
"""

import os
import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from dbt_like_sql.runner.build import change_log
from dbt_like_sql.runner.database import literal
from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.warehouse.connection import STORAGE_VERSION, WarehouseError, connect, is_file, scalar, shown_path
from roadmap_pipeline.warehouse.lake.address import at_snapshot
from roadmap_pipeline.warehouse.lake.snapshots import mark_published
from roadmap_pipeline.warehouse.source_tables import describe_source_tables

if TYPE_CHECKING:
    import duckdb

_COPY_BYTES = 8 * 1024 * 1024
_REUSE = "experimental_metadata_reuse"
_publishing = threading.Lock()


def snapshot_path(path: str | Path) -> Path:
    """``roadmap.snapshot.duckdb`` for ``roadmap.duckdb``, in the same folder.

    Raises WarehouseError for ``ducklake:…`` and ``md:…``: they have snapshots of their own.
    """
    if not is_file(path):
        raise WarehouseError(f"{shown_path(path)} is no file and needs no snapshot; read it directly")
    path = Path(path)
    return path.with_name(f"{path.stem}.snapshot{path.suffix or '.duckdb'}")


def publish_snapshot(
    path: str | Path, *, storage_version: str = STORAGE_VERSION, lock_timeout_s: float | None = None
) -> Path:
    """Copy the warehouse ``path`` to its snapshot, comments included, and return the snapshot's path.

    The state of building (:data:`change_log.SCHEMAS`) is left out: it is nobody's data. The copy is made under another
    name and put in place at once: whoever has the old snapshot open keeps reading it, and a crash leaves it as it was.
    Every DuckDB from ``storage_version`` on can open it.

    Raises:
        WarehouseError: The warehouse is locked or (on Windows) a reader holds the old snapshot.
        ConfigurationError: The DuckDB installed here knows no ``storage_version``.
    """
    target = snapshot_path(path)
    building = target.with_name(target.name + ".building")
    held: list[BinaryIO] = []
    # One at a time: a second thread would remove the first one's half-made copy.
    with _publishing:
        try:
            _remove(building)
            with connect(path, lock_timeout_s=lock_timeout_s) as con:
                describe_source_tables(con)
                if os.name == "nt" or _storage_version(con) != storage_version:
                    _copy_tables(con, building, storage_version)
                else:
                    _copy_file(con, Path(path), building, held)
            _leave_out_plumbing(building)
            building.replace(target)
        except PermissionError as error:
            raise WarehouseError(
                f"The snapshot {target} can't be replaced ({error.strerror}): close the programs that read it"
            ) from error
        finally:
            for file in held:
                file.close()
            _remove(building)
    return target


def publish_lake_snapshot(path: str | Path) -> str:
    """Let readers open the lake ``path`` as it is now, comments included; return the address of that snapshot.

    Nothing is copied: a lake keeps its earlier states by itself.

    Raises:
        WarehouseError: The lake is locked.
    """
    with connect(path) as con:
        describe_source_tables(con)
        return at_snapshot(path, mark_published(con))


def _copy_file(con: "duckdb.DuckDBPyConnection", path: Path, building: Path, held: list[BinaryIO]) -> None:
    """Copy the file itself, ten times faster than its tables; ``con`` keeps everybody else out meanwhile.

    After a checkpoint everything is in the file, nothing in its log. The opened file goes to ``held``, to be closed
    after ``con``: POSIX drops a process's locks on a file as soon as it closes *any* descriptor of it.
    """
    con.execute("force checkpoint")
    held.append(path.open("rb"))
    with building.open("wb") as copy:
        shutil.copyfileobj(held[-1], copy, _COPY_BYTES)


def _copy_tables(con: "duckdb.DuckDBPyConnection", building: Path, storage_version: str) -> None:
    """Copy table by table: a file in another format, and on Windows, which lets nobody read one open for writing."""
    import duckdb

    live = scalar(con, "select current_database()")
    try:
        con.execute(f"attach {literal(str(building))} as snapshot_copy (storage_version {literal(storage_version)})")
    except duckdb.InvalidInputException as error:
        raise ConfigurationError(
            f"snapshot.storage_version: DuckDB {duckdb.__version__}, which is installed here, can't write"
            f" {storage_version}; give an earlier one, or leave it out for {STORAGE_VERSION}"
        ) from error
    try:
        con.execute(f'copy from database "{live}" to snapshot_copy')
        con.execute("checkpoint snapshot_copy")
    finally:
        con.execute("detach snapshot_copy")


def _storage_version(con: "duckdb.DuckDBPyConnection") -> str | None:
    """Return the format of the file that ``con`` has open: ``v1.2.0``, of which DuckDB says ``v1.2.0+``."""
    tag = "select tags['storage_version'] from duckdb_databases() where database_name = current_database()"
    version: str | None = scalar(con, tag)
    return version and version.rstrip("+")


def _leave_out_plumbing(building: Path) -> None:
    """Drop the schemas that are nobody's data, and let DuckDB lay the file out as older versions read it.

    Of tables that didn't change, a checkpoint keeps what says where their rows are, in a layout that DuckDB before 1.4
    fails to read. Without that, and with something to write, it says so anew for all tables.
    """
    import duckdb

    with duckdb.connect(str(building)) as con:
        con.execute(f"set {_REUSE} = false")
        for schema in change_log.SCHEMAS:
            con.execute(f"create schema if not exists {schema}")  # so that there is something to write
            con.execute(f"drop schema {schema} cascade")


def _remove(building: Path) -> None:
    building.unlink(missing_ok=True)
    building.with_name(building.name + ".wal").unlink(missing_ok=True)
