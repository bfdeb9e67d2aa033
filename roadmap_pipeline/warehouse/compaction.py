"""Giving back the room that replaced rows took, in a file and in a lake.

Belongs here: a file, and what is told of both. A lake's own steps are in ``lake.maintenance``.
"""

from dataclasses import dataclass
from pathlib import Path

from dbt_like_sql.runner.database import identifier, literal, scalar
from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.warehouse.connection import STORAGE_VERSION, connect, is_file, prepare_file, shown_path
from roadmap_pipeline.warehouse.lake.address import is_lake
from roadmap_pipeline.warehouse.lake.maintenance import Size, compact_lake

__all__ = ["Compaction", "Size", "compact"]


@dataclass(frozen=True, slots=True)
class Compaction:
    """The size of a warehouse before and after it was compacted."""

    warehouse: str
    before: Size
    after: Size


def compact(warehouse: str | Path, keep_days: float) -> Compaction:
    """Make the warehouse as small as its rows are; what readers have open stays.

    Args:
        warehouse: The warehouse, which nobody else writes to meanwhile.
        keep_days: Of a lake: earlier states younger than that are kept, and so are their files.

    Raises:
        ConfigurationError: It is neither a file nor a lake.
        WarehouseError: It is locked, or there is none.
    """
    if is_lake(warehouse):
        with connect(warehouse) as con:
            before, after = compact_lake(con, keep_days)
        return Compaction(shown_path(warehouse), before, after)
    if not is_file(warehouse):
        raise ConfigurationError(f"{shown_path(warehouse)} is compacted by those who keep it")
    path = Path(warehouse)
    prepare_file(path, read_only=True)
    before = Size(1, path.stat().st_size)
    _rewrite(path)
    return Compaction(str(path), before, Size(1, path.stat().st_size))


def _rewrite(path: Path) -> None:
    """Put a copy of all tables in the file's place, while nobody else can have it open.

    Whoever opened the old file meanwhile, and gets its lock only now, notices that it has lost its name and opens the
    new one: see ``connection``.
    """
    copy = path.with_name(path.name + ".compacting")
    _remove(copy)
    try:
        with connect(path) as con:
            con.execute(f"attach {literal(str(copy))} as compacted (storage_version '{STORAGE_VERSION}')")
            con.execute(f"copy from database {identifier(scalar(con, 'select current_database()'))} to compacted")
            con.execute("checkpoint compacted")
            con.execute("detach compacted")
            # Nothing is left to be written when the old file is closed, which has lost its name by then.
            con.execute("force checkpoint")
            copy.replace(path)
    finally:
        _remove(copy)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.with_name(path.name + ".wal").unlink(missing_ok=True)
