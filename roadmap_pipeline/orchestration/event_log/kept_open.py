"""Dagster's event log whose SQLite files stay open from one event to the next.

Belongs here: how connections are kept. What is stored, and where, is Dagster's own and read by every other process as
before. Dagster opens and closes a connection for each statement, compiles the statement anew, waits for the disk at
each commit, and SQLite writes its log back into the file whenever the last connection closes: with ten events a step
that was more than half of a run with nothing new.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME, SqliteEventLogStorageWatchdog
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import QueuePool
from watchdog.events import FileSystemEvent, PatternMatchingEventHandler
from watchdog.observers import Observer

from roadmap_pipeline.orchestration.event_log.in_home import EventLogInHome

_BUSY_TIMEOUT_S = 30
"""As long as Dagster itself waits for another process that writes."""
_RUNS_KEPT_OPEN = 8
"""A server looks at many runs in its life, each of which has a file of its own."""


@dataclass(slots=True)
class _File:
    """An open file; one thread at a time uses its connection."""

    engine: Engine
    lock: threading.RLock = field(default_factory=threading.RLock)


class KeptOpenEventLog(EventLogInHome):
    """An event log with one connection a file, kept until the instance is closed or many other runs were looked at."""

    def __init__(self, base_dir: str | None = None, inst_data: Any = None) -> None:
        self._files: dict[str, _File] = {}
        self._tables: set[str] = set()
        self._choosing = threading.Lock()
        # Last: in a new folder it makes the common file, through the connections above.
        super().__init__(base_dir, inst_data)

    @contextmanager
    def run_connection(self, run_id: str | None = None) -> Iterator[Connection]:
        """Yield a connection with a transaction in the file of one run."""
        assert run_id is not None
        file = self._file(run_id)
        with file.lock, file.engine.begin() as connection:
            yield connection

    def index_connection(self) -> Any:
        """Return a connection with a transaction in the file that is common to all runs."""
        return self.run_connection(INDEX_SHARD_NAME)

    def has_table(self, table_name: str) -> bool:
        """Return whether the common file has this table; asked for each event of a check. Tables don't go away."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def watch(self, run_id: str, cursor: str | None, callback: Any) -> None:
        """Call ``callback`` with the events of a run as they are stored.

        Dagster looks at the run's file alone, which doesn't change while its writer keeps it open: its log does.
        """
        observer: Any = self._obs
        if observer is None:
            observer = Observer()
            observer.start()
            self._obs = observer
        watchdog = _Watchdog(self, run_id, callback, cursor)
        self._watchers[run_id][callback] = (watchdog, observer.schedule(watchdog, self._base_dir, recursive=True))

    def wipe(self) -> None:
        """Remove all events."""
        self._close()
        super().wipe()

    def dispose(self) -> None:
        """Close the files."""
        self._close()
        super().dispose()

    def _close(self) -> None:
        with self._choosing:
            while self._files:
                self._files.popitem()[1].engine.dispose()

    def _file(self, shard: str) -> _File:
        with self._choosing:
            file = self._files.pop(shard, None)
            if file is None:
                # Dagster makes the file and its tables.
                with super().run_connection(shard):
                    pass
                file = _File(self._engine(shard))
            self._files[shard] = file
            runs = [name for name in self._files if name != INDEX_SHARD_NAME]
            for name in runs[:-_RUNS_KEPT_OPEN]:
                self._files.pop(name).engine.dispose()
            return file

    def _engine(self, shard: str) -> Engine:
        engine = create_engine(
            self.conn_string_for_shard(shard),
            poolclass=QueuePool,
            pool_size=1,
            # Who asks within what it asked for gets a connection of its own for it, as with Dagster's storage.
            max_overflow=-1,
            # One after the other, but not always the same one: the file's lock sees to that.
            connect_args={"timeout": _BUSY_TIMEOUT_S, "check_same_thread": False},
        )
        event.listen(engine, "connect", _without_waiting_for_the_disk)
        return engine


class _Watchdog(SqliteEventLogStorageWatchdog):
    """A watchdog that looks at SQLite's log beside the run's file, too."""

    def __init__(self, storage: KeptOpenEventLog, run_id: str, callback: Any, cursor: str | None) -> None:
        super().__init__(storage, run_id, callback, cursor)
        PatternMatchingEventHandler.__init__(self, patterns=[self._log_path, f"{self._log_path}-wal"])

    def on_modified(self, event: FileSystemEvent) -> None:  # noqa: ARG002
        self._process_log()


def _without_waiting_for_the_disk(connection: sqlite3.Connection, _record: object) -> None:
    # In Dagster's journal mode (WAL) this keeps the file whole in any case; a power cut may cost the last events.
    connection.execute("pragma synchronous = normal")
