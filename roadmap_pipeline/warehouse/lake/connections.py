"""The connections of this process to its lakes.

Belongs here: keeping an opened lake, since opening one takes as long as a small build, and knowing which lake a
connection is one of. Opening is in ``attaching``.
"""

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from roadmap_pipeline.warehouse.lake.address import LakeAddress, parse
from roadmap_pipeline.warehouse.lake.attaching import CATALOG, open_lake

if TYPE_CHECKING:
    import duckdb

_KEPT_READERS = 2
"""Opened snapshots that are kept: a server's readers come again, to the newest one."""

_opened: dict[tuple[int, str, bool], "duckdb.DuckDBPyConnection"] = {}
_addresses: dict[int, LakeAddress] = {}
_lock = threading.Lock()


def lake_connection(warehouse: str | Path, *, read_only: bool, is_private: bool = False) -> "duckdb.DuckDBPyConnection":
    """Return a connection of one's own to an opened lake; the caller gives it back by :func:`release`.

    Args:
        warehouse: The lake.
        read_only: Whether nothing can be written.
        is_private: Whether nobody else gets the opened lake, so that its settings can be locked.

    Raises:
        ConfigurationError: It is no address of a lake.
        WarehouseError: It can't be opened.
    """
    import duckdb

    address = parse(warehouse)
    if is_private:
        return open_lake(warehouse, read_only=read_only, at=address.snapshot)
    key = (os.getpid(), str(warehouse), read_only)
    with _lock:
        con = None
        if (kept := _opened.pop(key, None)) is not None:
            try:
                con = _cursor(kept)
                _opened[key] = kept
            except duckdb.Error:  # PostgreSQL was started anew, or the storage changed
                kept.close()
        if con is None:
            _opened[key] = open_lake(warehouse, read_only=read_only, at=address.snapshot)
            con = _cursor(_opened[key])
            _forget_old_readers()
        _addresses[id(con)] = address
    return con


def _cursor(kept: "duckdb.DuckDBPyConnection") -> "duckdb.DuckDBPyConnection":
    con = kept.cursor()
    con.execute(f"use {CATALOG}.main")
    return con


def _forget_old_readers() -> None:
    readers = [key for key in _opened if key[2]]
    for key in readers[:-_KEPT_READERS]:
        _opened.pop(key).close()


def release(con: "duckdb.DuckDBPyConnection") -> None:
    """Give back a connection; the lake stays open."""
    with _lock:
        _addresses.pop(id(con), None)
    con.close()


def address_of(con: "duckdb.DuckDBPyConnection") -> LakeAddress | None:
    """Return the address of the lake that ``con`` writes to; None where it is of another kind of warehouse."""
    return _addresses.get(id(con))
