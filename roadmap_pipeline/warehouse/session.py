"""The session of a warehouse, which stays loaded between steps that follow each other at once.

Belongs here: how long, and who lets go. Opening the file costs more than most models: DuckDB reads its catalogue and,
when the last connection closes, writes its log back.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from roadmap_pipeline.warehouse.connection import connect, is_file
from roadmap_pipeline.warehouse_configuration import Warehouse

if TYPE_CHECKING:
    import duckdb

LINGER_S = 0.2
"""Far below what anybody else waits for the lock, and above what lies between two steps of a run."""
LONGEST_S = 10.0
"""After this the file is given up between two steps, so that a long run lets others in."""


class WarehouseSession:
    """The connections of one run to its warehouse, one after the other; used by one thread at a time.

    The file is locked for at most :data:`LINGER_S` seconds longer than the connection is open.
    """

    def __init__(self, path: str, limits: Warehouse | None = None) -> None:
        self._path = path
        self._limits = limits
        self._lock = threading.Lock()
        self._anchor: duckdb.DuckDBPyConnection | None = None
        self._loaded_at = 0.0
        self._timer: threading.Timer | None = None

    @contextmanager
    def connect(
        self, *, lock_timeout_s: float | None = None, exclusive: bool = True
    ) -> Iterator["duckdb.DuckDBPyConnection"]:
        """Open the warehouse as ``connection.connect`` does, faster when the last connection has just been closed."""
        import duckdb

        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
        with connect(self._path, lock_timeout_s=lock_timeout_s, exclusive=exclusive, limits=self._limits) as con:
            with self._lock:
                if self._anchor is None and is_file(self._path):
                    # A cursor of `con` would not do: those who connect later wouldn't find the loaded file.
                    self._anchor, self._loaded_at = duckdb.connect(self._path), time.monotonic()
            try:
                yield con
            finally:
                self._leave()

    def close(self) -> None:
        """Let go of the file; it is closed when this returns, unless another connection is open."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            if self._anchor is not None:
                self._anchor.close()
                self._anchor = None

    def _leave(self) -> None:
        if time.monotonic() - self._loaded_at > LONGEST_S:
            self.close()
            return
        with self._lock:
            self._timer = threading.Timer(LINGER_S, self.close)
            self._timer.daemon = True
            self._timer.start()
