"""Dagster's event log for a run within this process: its SQLite files stay open from the first event to the last.

Belongs here: how connections are kept. What is stored, and where, is Dagster's own and read by every other process as
before. Dagster opens and closes a connection for each statement, compiles the statement anew, waits for the disk at
each commit, and SQLite writes its log back into the file whenever the last connection closes: with ten events a step
that was more than half of a run with nothing new.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME, SqliteEventLogStorage
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import QueuePool

_BUSY_TIMEOUT_S = 30
"""As long as Dagster itself waits for another process that writes."""


def open_instance(home: str) -> dg.DagsterInstance:
    """The instance in ``home``, with its event log kept open if that is the default one; other storages stay."""
    ref = InstanceRef.from_dir(home)
    defaults = InstanceRef.config_defaults(home)
    if ref.storage_data == defaults["storage"]:
        assert defaults["event_log_storage"] is not None
        ref = InstanceRef.from_dir(
            home,
            overrides={
                "event_log_storage": {
                    "module": __name__,
                    "class": OpenEventLog.__name__,
                    "config": dict(defaults["event_log_storage"].config_dict),
                }
            },
        )
    return dg.DagsterInstance.from_ref(ref)


class OpenEventLog(SqliteEventLogStorage):
    """:class:`SqliteEventLogStorage` with one connection a file, kept until the instance is closed."""

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        self._engines: dict[str, Engine] = {}
        self._tables: set[str] = set()
        self._one_at_a_time = threading.Lock()
        # Last: in a new folder it makes the common file, through the connections above.
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> "OpenEventLog":
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def run_connection(self, run_id: str | None = None) -> Iterator[Connection]:
        """A transaction in the file of one run."""
        assert run_id is not None
        with self._one_at_a_time:
            engine = self._engines.get(run_id)
            if engine is None:
                # Dagster makes the file and its tables.
                with super().run_connection(run_id):
                    pass
                engine = self._engines[run_id] = self._engine(run_id)
            with engine.begin() as connection:
                yield connection

    def index_connection(self) -> Any:
        """A transaction in the file that is common to all runs."""
        return self.run_connection(INDEX_SHARD_NAME)

    def has_table(self, table_name: str) -> bool:
        """Whether the common file has this table; asked for each event of a check. Tables don't go away."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def dispose(self) -> None:
        """Close the files."""
        while self._engines:
            self._engines.popitem()[1].dispose()
        super().dispose()

    def _engine(self, shard: str) -> Engine:
        engine = create_engine(
            self.conn_string_for_shard(shard),
            poolclass=QueuePool,
            pool_size=1,
            max_overflow=0,
            # One after the other, but not always the same one: the lock above sees to that.
            connect_args={"timeout": _BUSY_TIMEOUT_S, "check_same_thread": False},
        )
        event.listen(engine, "connect", _without_waiting_for_the_disk)
        return engine


def _without_waiting_for_the_disk(connection: sqlite3.Connection, _record: object) -> None:
    # In Dagster's journal mode (WAL) this keeps the file whole in any case; a power cut may cost the last events.
    connection.execute("pragma synchronous = normal")
