"""The layout of the readers' snapshot within its file, which DuckDB before 1.4 has to be able to follow.

Belongs here: a warehouse whose file those versions fail to read, and the look at bytes that shows it without them.
``oldest_reader`` lets the oldest one open the snapshot of such a warehouse.

DuckDB describes its tables in a chain of pieces of 4 KB, 64 of which share a block. From 1.4 on a checkpoint leaves
the pieces of unchanged tables where they are, with their pointers to the pieces that followed them once, whose block
may hold something else by now. Newer versions don't follow such a pointer; older ones do, and end with "Failed to load
metadata pointer".
"""

import shutil
from pathlib import Path

import duckdb

from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline.warehouse.snapshot import publish_snapshot
from roadmap_pipeline.warehouse.source_tables import describe_source_tables

_TABLES = 70
"""Enough to describe that more than one block is needed: some table's last piece is the last one of its block."""
_COLUMNS = 20
"""So few that a table is described in less than a piece: none skips the last one of a block."""
_HEADERS = 3 * 4096
_BLOCK = 256 * 1024
_CHECKSUM = 8
_PIECE = (_BLOCK - _CHECKSUM) // 64 // 8 * 8
_NONE = 2**64 - 1
_NUMBER = 2**56 - 1
"""The bits of a pointer with the block's number; those above say which piece of it."""


def lost_pointers(path: Path) -> list[tuple[int, int]]:
    """Return the pieces in use, by block and number, that point to a block which holds no description any more."""
    with duckdb.connect(str(path), read_only=True) as con:
        found = con.execute("select block_id, total_blocks, free_list from pragma_metadata_info()").fetchall()
    file, blocks = path.read_bytes(), {block for block, _, _ in found}
    lost = []
    for block, pieces, free in found:
        for piece in set(range(pieces)) - set(free):
            start = _HEADERS + block * _BLOCK + _CHECKSUM + piece * _PIECE
            pointer = int.from_bytes(file[start : start + 8], "little")
            if pointer != _NONE and pointer & _NUMBER not in blocks:
                lost.append((block, piece))
    return lost


def warehouse_with_a_lost_pointer(folder: Path) -> tuple[Path, int]:
    """Return a warehouse that DuckDB before 1.4 fails to read, and how many of the tables ``marts.t…`` it has.

    Its last one is described up to the end of a block, and what followed it was dropped. Which one that is depends on
    what is described before it, so that one after the other is tried.
    """
    full, path = folder / "full.duckdb", folder / "roadmap.duckdb"
    with connect(full) as con:
        describe_source_tables(con)
        con.execute("create schema marts")
    columns = ", ".join(f"{number} as c{number}" for number in range(_COLUMNS))
    with duckdb.connect(str(full)) as con:  # by name, since that is the order in which tables are described
        con.execute("".join(f"create table marts.t{table:02} as select {columns};" for table in range(_TABLES)))
    for kept in range(1, _TABLES):
        shutil.copy(full, path)
        with duckdb.connect(str(path)) as con:
            drops = "".join(f"drop table marts.t{table:02};" for table in range(kept, _TABLES))
            con.execute(f"begin; {drops} commit")
        if lost_pointers(path):
            with duckdb.connect(str(path)) as con:  # or the next description gets the block that became free
                con.execute("create table marts.rows as select hash(range) as value from range(200000)")
            return path, kept
    raise AssertionError(f"DuckDB {duckdb.__version__} leaves no lost pointer: is the snapshot's mend still needed?")


def test_each_pointer_within_the_snapshot_leads_to_a_description(tmp_path: Path) -> None:
    path, kept = warehouse_with_a_lost_pointer(tmp_path)
    assert len(lost_pointers(path)) == 1
    snapshot = publish_snapshot(path)
    assert lost_pointers(snapshot) == []
    with duckdb.connect(str(snapshot), read_only=True) as con:
        for table in range(kept):
            assert con.execute(f"from marts.t{table:02}").fetchall() == [tuple(range(_COLUMNS))]
        assert con.execute("select count(*), count(distinct value) from marts.rows").fetchall() == [(200_000, 200_000)]
