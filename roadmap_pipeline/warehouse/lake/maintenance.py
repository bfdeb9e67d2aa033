"""Keeping a lake small: few big files instead of many small ones, and no states that nobody reads any more.

Belongs here: the steps, in their order, and what a lake takes. When they are done is for others to say.
"""

from typing import TYPE_CHECKING, NamedTuple

from dbt_like_sql.runner.database import literal
from roadmap_pipeline.warehouse.lake.attaching import CATALOG
from roadmap_pipeline.warehouse.lake.snapshots import read_published

if TYPE_CHECKING:
    import duckdb


class Size(NamedTuple):
    """Files, and bytes of all of them together."""

    files: int
    bytes: int


def compact_lake(con: "duckdb.DuckDBPyConnection", keep_days: float) -> tuple[Size, Size]:
    """Merge files, and forget states that are older than ``keep_days`` and not the one that readers open.

    Files that no state needs any more are removed once they have been unneeded for ``keep_days``: whoever has an older
    state open keeps reading it so long.

    Returns:
        The sizes of the rows' files before and after it, without those that wait to be removed.
    """
    before = size(con)
    catalog = literal(CATALOG)
    con.execute(f"call ducklake_flush_inlined_data({catalog})")
    con.execute(f"call ducklake_rewrite_data_files({catalog})")
    con.execute(f"call ducklake_merge_adjacent_files({catalog})")
    keep = f"now() - to_seconds({keep_days * 86_400})"
    published = read_published(con)
    expired = con.execute(
        f"select snapshot_id from {CATALOG}.snapshots() where snapshot_time < {keep}"  # noqa: S608
        f" and snapshot_id is distinct from {'null' if published is None else published}"
        f" and snapshot_id < (select max(snapshot_id) from {CATALOG}.snapshots()) order by 1"
    ).fetchall()
    if expired:
        versions = ", ".join(str(number) for (number,) in expired)
        con.execute(f"call ducklake_expire_snapshots({catalog}, versions => [{versions}])")
    con.execute(f"call ducklake_cleanup_old_files({catalog}, older_than => {keep})")
    return before, size(con)


def size(con: "duckdb.DuckDBPyConnection") -> Size:
    """Return what the present rows take in the storage."""
    ((files, total),) = con.execute(
        "select coalesce(sum(file_count + delete_file_count), 0)::bigint,"  # noqa: S608
        f" coalesce(sum(file_size_bytes + delete_file_size_bytes), 0)::bigint from {CATALOG}.table_info()"
    ).fetchall()
    return Size(int(files), int(total))
