"""Locks of a lake among those who write: PostgreSQL's advisory ones, which end with the process that holds them.

Belongs here: taking a lock, once a process however often it is asked for, and waiting for whoever holds it. What is
done under it is for others to say.
"""

import hashlib
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from roadmap_pipeline import interruption
from roadmap_pipeline.interruption import waits
from roadmap_pipeline.warehouse.errors import WarehouseError
from roadmap_pipeline.warehouse.lake.address import LakeAddress, without_credentials
from roadmap_pipeline.warehouse.lake.attaching import REMEDY

if TYPE_CHECKING:
    from psycopg2.extensions import connection

WRITING = "writing"
"""The lock of whoever writes: an ingest takes it for each of its transactions, all others while they are connected."""
SILENT_S = 5.0
"""Waiting longer than this is said, with who is waited for."""
_SLICE_MS = 500
"""PostgreSQL serves those who wait in turn; after this a stop is looked for, and the wait goes on."""
_LONGEST_NAME = 63


@dataclass(slots=True)
class _Holder:
    """A lock of this process: how often it is held, and the session that holds it."""

    taking: threading.Lock = field(default_factory=threading.Lock)
    count: int = 0
    session: Any = None


_holders: dict[tuple[int, LakeAddress, str], _Holder] = {}
_registry = threading.Lock()


@contextmanager
def locked(address: LakeAddress, name: str, timeout_s: float) -> Iterator[None]:
    """Within the block no other process holds the lock ``name`` of the lake; threads of this process share it.

    Args:
        address: The lake.
        name: The lock.
        timeout_s: Seconds after which waiting is given up.

    Raises:
        WarehouseError: Another process still holds it; it is named. Or PostgreSQL doesn't answer.
        Interrupted: The work was asked to stop while it waited.
    """
    with _registry:
        # A process that was forked has none of its parent's locks.
        holder = _holders.setdefault((os.getpid(), address, name), _Holder())
    with holder.taking:
        if holder.count == 0:
            _take(holder, address, name, timeout_s)
        holder.count += 1
    try:
        yield
    finally:
        with holder.taking:
            holder.count -= 1
            if holder.count == 0:
                _give_up(holder, address, name)


def _take(holder: _Holder, address: LakeAddress, name: str, timeout_s: float) -> None:
    psycopg2 = _driver()
    number = _number(address, name)
    started_at = time.monotonic()
    is_told = timeout_s <= 0
    while True:
        is_new = holder.session is None
        try:
            if is_new:
                holder.session = _session(address)
            with holder.session.cursor() as cursor:
                cursor.execute("select pg_try_advisory_lock(%s)", [number])
                if cursor.fetchone()[0]:
                    return
                waited_s = time.monotonic() - started_at
                if waited_s >= timeout_s:
                    raise WarehouseError(
                        f"The warehouse {_shown(address)} is locked: {_who(cursor, number)}, and still did after"
                        f" {timeout_s:g} s. Wait for that process or end it"
                    )
                if not is_told and waited_s >= SILENT_S:
                    is_told = True
                    waits.warning(
                        "%s: %s; waiting for it, at most %g s", _shown(address), _who(cursor, number), timeout_s
                    )
                interruption.check()
                # In the queue of those who wait: looking again and again, one could be overtaken for ever.
                with suppress(psycopg2.errors.LockNotAvailable):
                    cursor.execute("select pg_advisory_lock(%s)", [number])
                    return
        except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
            _close(holder)
            if is_new:
                raise WarehouseError(f"The warehouse {_shown(address)} can't be locked: {_one_line(error)}") from None
            # The server was started anew since the session was last used.


def _give_up(holder: _Holder, address: LakeAddress, name: str) -> None:
    psycopg2 = _driver()
    try:
        with holder.session.cursor() as cursor:
            cursor.execute("select pg_advisory_unlock(%s)", [_number(address, name)])
    except (psycopg2.OperationalError, psycopg2.InterfaceError):
        _close(holder)  # the lock went with its session


def _close(holder: _Holder) -> None:
    if holder.session is not None:
        with suppress(_driver().Error):
            holder.session.close()
    holder.session = None


def _driver() -> Any:
    try:
        import psycopg2
        import psycopg2.errors
    except ModuleNotFoundError:
        raise WarehouseError(f"ROADMAP_WAREHOUSE names a lake, and psycopg2 is not installed here: {REMEDY}") from None
    return psycopg2


def _session(address: LakeAddress) -> "connection":
    psycopg2 = _driver()
    secret = {} if address.password is None else {"password": address.password}
    session = psycopg2.connect(address.connection, application_name=_own_name(), **secret)
    session.autocommit = True
    with session.cursor() as cursor:
        cursor.execute("select set_config('lock_timeout', %s, false)", [str(_SLICE_MS)])
    return session


def _number(address: LakeAddress, name: str) -> int:
    """Return the number by which PostgreSQL knows a lock: of 64 bits, signed."""
    digest = hashlib.sha256(f"roadmap_pipeline {address.schema} {name}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def _who(cursor: Any, number: int) -> str:
    """Return who holds a lock, in words."""
    cursor.execute(
        "select s.application_name from pg_locks as l join pg_stat_activity as s on s.pid = l.pid"
        " where l.locktype = 'advisory' and l.granted and l.objsubid = 1"
        " and l.database = (select oid from pg_database where datname = current_database())"
        " and (l.classid::bigint << 32 | l.objid::bigint) = %s",
        [number],
    )
    row = cursor.fetchone()
    return f"{row[0] if row and row[0] else 'another process'} holds it"


def _own_name() -> str:
    """Return how this process is named to those who wait for it; no words of its command line, which may be secret."""
    program = Path(sys.argv[0]).name
    words = [program, *(word for word in sys.argv[1:2] if program == "roadmap" and not word.startswith("-"))]
    return f"process {os.getpid()} on {socket.gethostname()} ({' '.join(words)})"[:_LONGEST_NAME]


def _shown(address: LakeAddress) -> str:
    return f"ducklake:postgres:{without_credentials(address.connection)}"


def _one_line(error: Exception) -> str:
    return without_credentials(" ".join(str(error).split()))
