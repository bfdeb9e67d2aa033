"""The copy of the warehouse that readers open, so that they never lock out the writer.

Belongs here: making it and naming it. Reading it is ``query``.
"""

import os
import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from roadmap_pipeline.warehouse.connection import WarehouseError, connect, is_file, scalar

if TYPE_CHECKING:
    import duckdb

_COPY_BYTES = 8 * 1024 * 1024
_publishing = threading.Lock()


def snapshot_path(path: str | Path) -> Path:
    """``roadmap.snapshot.duckdb`` for ``roadmap.duckdb``, in the same folder.

    Raises WarehouseError for ``ducklake:…`` and ``md:…``: they have snapshots of their own.
    """
    if not is_file(path):
        raise WarehouseError(f"{path} is no file and needs no snapshot; read it directly")
    path = Path(path)
    return path.with_name(f"{path.stem}.snapshot{path.suffix or '.duckdb'}")


def publish_snapshot(path: str | Path, *, lock_timeout_s: float | None = None) -> Path:
    """Copy everything in the warehouse ``path`` to its snapshot, comments included, and return the snapshot's path.

    The copy is made under another name and put in place at once: whoever has the old snapshot open keeps reading it,
    and a crash leaves it as it was. Raises WarehouseError when the warehouse is locked or (on Windows) a reader holds
    the old snapshot.
    """
    target = snapshot_path(path)
    building = target.with_name(target.name + ".building")
    held: list[BinaryIO] = []
    # One at a time: a second thread would remove the first one's half-made copy.
    with _publishing:
        try:
            _remove(building)
            with connect(path, lock_timeout_s=lock_timeout_s) as con:
                if os.name == "nt":
                    _copy_tables(con, building)
                else:
                    _copy_file(con, Path(path), building, held)
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


def _copy_file(con: "duckdb.DuckDBPyConnection", path: Path, building: Path, held: list[BinaryIO]) -> None:
    """Copy the file itself, ten times faster than its tables; ``con`` keeps everybody else out meanwhile.

    After a checkpoint everything is in the file, nothing in its log. The opened file goes to ``held``, to be closed
    after ``con``: POSIX drops a process's locks on a file as soon as it closes *any* descriptor of it.
    """
    con.execute("force checkpoint")
    held.append(path.open("rb"))
    with building.open("wb") as copy:
        shutil.copyfileobj(held[-1], copy, _COPY_BYTES)


def _copy_tables(con: "duckdb.DuckDBPyConnection", building: Path) -> None:
    """Copy table by table: Windows lets nobody read a file that is open for writing."""
    live = scalar(con, "select current_database()")
    con.execute(f"attach '{_quoted(str(building))}' as snapshot_copy")
    try:
        con.execute(f'copy from database "{live}" to snapshot_copy')
        con.execute("checkpoint snapshot_copy")
    finally:
        con.execute("detach snapshot_copy")


def _quoted(text: str) -> str:
    return text.replace("'", "''")


def _remove(building: Path) -> None:
    building.unlink(missing_ok=True)
    building.with_name(building.name + ".wal").unlink(missing_ok=True)
