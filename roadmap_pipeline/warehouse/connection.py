"""Opening the warehouse: waiting for whoever writes to it, closing it always.

Belongs here: what every user of the warehouse needs. What a lake does otherwise than a file is in ``lake``, what is
stored is said in ``source_tables`` and ``dbt_like_sql``; the copy that readers open is made in ``snapshot``.
"""

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from dbt_like_sql.runner.build import change_log
from dbt_like_sql.runner.database import identifier, literal, rolled_back, scalar, transaction
from roadmap_pipeline import interruption
from roadmap_pipeline.interruption import waits
from roadmap_pipeline.warehouse import source_tables
from roadmap_pipeline.warehouse.errors import WarehouseError
from roadmap_pipeline.warehouse.lake.address import is_lake, parse, without_credentials
from roadmap_pipeline.warehouse.lake.attaching import attach_lake
from roadmap_pipeline.warehouse.lake.connections import lake_connection, release
from roadmap_pipeline.warehouse.lake.locks import WRITING, locked
from roadmap_pipeline.warehouse_configuration import DEFAULT_MEMORY_LIMIT, Warehouse, in_bytes

if TYPE_CHECKING:
    import duckdb

# The runner's helpers around a connection are for whoever opens one here, too.
__all__ = [
    "STORAGE_VERSION",
    "WarehouseError",
    "attach_reading",
    "connect",
    "is_file",
    "opened",
    "prepare_file",
    "rolled_back",
    "scalar",
    "shown_path",
    "transaction",
]

STORAGE_VERSION = "v1.2.0"
"""Format of a new warehouse's file: that of the oldest DuckDB with which its readers are supported.

DuckDB keeps the format of a file that is there already, and would give a new one its own, which no older one opens.
"""

FIRST_WAIT_S = 0.02
LONGEST_WAIT_S = 0.5
LOCK_TIMEOUT_S = 60.0
LAKE_LOCK_TIMEOUT_S = 1800.0
"""On a lake others' builds are no mistake but the usual thing."""

# What DuckDB says when somebody else has the file: POSIX, Windows (error 32), and another mode within this process.
_LOCKED = re.compile(
    r"Could not set lock on file|being used by another process|File is already open in"
    r"|same database file with a different configuration",
    re.IGNORECASE,
)
_HOLDER = re.compile(r"\(PID (\d+)\)")
# DuckDB names the catalog after the file, and a catalog called like a schema makes `schema.table` ambiguous.
_OWN_SCHEMAS = frozenset(
    {table.schema for table in source_tables.TABLES}
    | {"staging", "intermediate", "marts", "publish"}
    | set(change_log.SCHEMAS)
)
_RESERVED_STEMS = _OWN_SCHEMAS | {"main", "temp"}


@contextmanager
def connect(
    path: str | Path,
    *,
    read_only: bool = False,
    lock_timeout_s: float | None = None,
    exclusive: bool = True,
    is_private: bool = False,
    limits: Warehouse | None = None,
) -> Iterator["duckdb.DuckDBPyConnection"]:
    """Open the warehouse; times are UTC, and the tables that Python fills exist (unless ``read_only``). Always closes.

    One process at a time may write, and while it does nobody else can open the file, not even to read: the wait is for
    that lock only, at most ``lock_timeout_s`` seconds (default: a minute; half an hour on a lake). A missing file and
    its folder are created, unless ``read_only``. ``path`` may also be ``ducklake:…`` or ``md:…``. A lake is locked for
    other writers, unless ``exclusive`` is false: then all that is written has to go through ``transactions``.

    Connections of one process to a lake share its settings, unless they are ``is_private``. ``limits`` bound what a
    connection that writes takes; default: the configuration's.

    A safe point for stopping, which breaks off queries inside. Raises WarehouseError when the lock isn't given up in
    time, the file is missing (``read_only``), isn't a DuckDB file or can't be read.
    """
    interruption.check()
    timeout_s = lock_timeout_s
    if timeout_s is None:
        timeout_s = LAKE_LOCK_TIMEOUT_S if is_lake(path) else LOCK_TIMEOUT_S
    with _lake_locked(path, timeout_s) if not read_only and exclusive else nullcontext():
        con = _open(path, read_only=read_only, lock_timeout_s=timeout_s, is_private=is_private)
        try:
            # Signals alone don't reach a query: it would go on to its end.
            with interruption.breaking_off(con.interrupt):
                con.execute("set TimeZone = 'UTC'")
                if not read_only:
                    _limit(con, limits or Warehouse())
                    # a checkpoint after every few thousand payloads takes longer than storing them; closing makes one
                    con.execute("set checkpoint_threshold = '256MB'")
                    with nullcontext() if exclusive else _lake_locked(path, timeout_s):
                        _refuse_others_tables(con, path)
                        source_tables.create_source_tables(con)
                yield con
        except Exception:
            interruption.check()  # a query that was broken off has not failed
            raise
        finally:
            release(con)


def _limit(con: "duckdb.DuckDBPyConnection", limits: Warehouse) -> None:
    """Let DuckDB use no more memory than the configuration says; what exceeds it goes to the disk.

    Settings belong to all connections of the process to this file: what is set already is left alone, since the folder
    can't change once something lies in it.
    """
    ((memory, folder),) = con.execute(
        "select current_setting('memory_limit'), current_setting('temp_directory')"
    ).fetchall()
    if limits.memory_limit is not None or in_bytes(memory) > in_bytes(DEFAULT_MEMORY_LIMIT):
        con.execute(f"set memory_limit = {literal(limits.memory_limit or DEFAULT_MEMORY_LIMIT)}")
    if limits.temp_directory not in (None, folder):
        con.execute(f"set temp_directory = {literal(str(limits.temp_directory))}")


@contextmanager
def _lake_locked(path: str | Path, timeout_s: float) -> Iterator[None]:
    """Let nobody else write to a lake; a file's own lock sees to itself."""
    if not is_lake(path):
        yield
        return
    with locked(parse(path), WRITING, timeout_s):
        yield


def _refuse_others_tables(con: "duckdb.DuckDBPyConnection", path: str | Path) -> None:
    """Raise WarehouseError for a database that somebody uses for something else: tables of ours don't go there."""
    import duckdb

    with suppress(duckdb.CatalogException):
        con.table("config.origin")  # the look at all tables costs as much as opening the file
        return
    found = con.execute(
        "select schema_name || '.' || table_name from duckdb_tables() where database_name = current_database()"
        " and not internal and not list_contains(?, schema_name) order by 1 limit 1",
        [sorted(_OWN_SCHEMAS)],
    ).fetchall()
    if found:
        raise WarehouseError(
            f"{shown_path(path)} is a database with other tables ({found[0][0]}), no warehouse of roadmap;"
            " set ROADMAP_WAREHOUSE to another file"
        )


def is_file(path: str | Path) -> bool:
    """Return whether ``path`` names a DuckDB file, not a DuckLake or MotherDuck database."""
    return not str(path).startswith(("ducklake:", "md:"))


def shown_path(path: str | Path) -> str:
    """Return how a warehouse is named where people read it: of ``ducklake:…`` and ``md:…`` without credentials."""
    return str(path) if is_file(path) else without_credentials(str(path))


def opened(path: str | Path, configuration: Mapping[str, str]) -> "duckdb.DuckDBPyConnection":
    """Return a reading connection of a database opened with DuckDB's settings; the caller closes it.

    Raises:
        WarehouseError: It can't be opened.
    """
    return _open(path, read_only=True, lock_timeout_s=LOCK_TIMEOUT_S, configuration=configuration)


def attach_reading(con: "duckdb.DuckDBPyConnection", path: str | Path, name: str) -> None:
    """Attach a snapshot, or the warehouse itself, to another database as ``name``, for reading only."""
    if is_lake(path):
        address = parse(path)
        attach_lake(con, address, name, read_only=True, at=address.snapshot)
    else:
        con.execute(f"attach {literal(str(path))} as {identifier(name)} (read_only)")


def _open(
    path: str | Path,
    *,
    read_only: bool,
    lock_timeout_s: float,
    configuration: Mapping[str, str] | None = None,
    is_private: bool = False,
) -> "duckdb.DuckDBPyConnection":
    import duckdb

    if is_lake(path):
        return lake_connection(path, read_only=read_only, is_private=is_private)
    if is_file(path):
        prepare_file(Path(path), read_only=read_only)
    deadline = time.monotonic() + lock_timeout_s
    wait_s = FIRST_WAIT_S
    while True:
        try:
            if is_file(path) and not read_only:
                _create(Path(path))
            known = _identity(path)
            con = duckdb.connect(str(path), read_only=read_only, config=dict(configuration or {}))
            if _identity(path) == known:
                return con
            # Another file took its place after this one was opened and before it was locked: see ``compaction``.
            con.close()
        except duckdb.Error as error:
            message = str(error)
            if not _LOCKED.search(message):
                # the message of a database elsewhere may repeat the words that were to open it
                raise _explained(path, message) from (error if is_file(path) else None)
            if wait_s == FIRST_WAIT_S and lock_timeout_s > 0:
                waits.warning(
                    "%s: %s; waiting for it, at most %g s", shown_path(path), _holder(message), lock_timeout_s
                )
            remaining_s = deadline - time.monotonic()
            if remaining_s <= 0:
                raise _lock_timeout(path, message, lock_timeout_s) from error
            interruption.sleep(min(wait_s, remaining_s))
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)


def _identity(path: str | Path) -> int | None:
    """Return the number by which the file system knows what is at ``path``; None for nothing, or no file."""
    try:
        return Path(path).stat().st_ino
    except OSError:
        return None


def _create(path: Path) -> None:
    """Make an empty warehouse of :data:`STORAGE_VERSION` where there is none yet."""
    import duckdb

    if path.exists() and path.stat().st_size:
        return
    with duckdb.connect(":memory:") as con:
        con.execute(f"attach {literal(str(path))} as created (storage_version '{STORAGE_VERSION}')")


def prepare_file(path: Path, *, read_only: bool = False) -> None:
    """Make the folder of a warehouse, unless ``read_only``. Raises WarehouseError when there can be no such file."""
    if path.stem.lower() in _RESERVED_STEMS:
        raise WarehouseError(
            f"{path}: a warehouse file can't be called {path.name}, since {path.stem} is one of its schemas;"
            " give it another name, e.g. roadmap.duckdb"
        )
    if read_only:
        if not path.exists():
            raise WarehouseError(f"{path} does not exist; run `roadmap run` to make it")
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WarehouseError(
            f"{path}: its folder can't be created ({error.strerror}); set ROADMAP_WAREHOUSE to a file in another folder"
        ) from error


def _explained(path: str | Path, message: str) -> WarehouseError:
    if "not a valid DuckDB database file" in message:
        remedy = "it is not a DuckDB file; move it away or set ROADMAP_WAREHOUSE to another file"
    elif "newer version" in message or "older version" in message or "storage version" in message:
        remedy = f"another version of DuckDB wrote it: {message}"
    else:
        remedy = f"{message}; set ROADMAP_WAREHOUSE to a file that can be opened"
    if not is_file(path):
        remedy = without_credentials(remedy)
    return WarehouseError(f"The warehouse {shown_path(path)} can't be opened: {remedy}")


def _lock_timeout(path: str | Path, message: str, lock_timeout_s: float) -> WarehouseError:
    return WarehouseError(
        f"The warehouse {shown_path(path)} is locked: {_holder(message)}, and still did after {lock_timeout_s:g} s."
        " Wait for that process or end it; to read, open the snapshot beside the file instead"
    )


def _holder(message: str) -> str:
    """Return who has the file open, in words, as far as DuckDB and the operating system tell."""
    holder = _HOLDER.search(message)
    if holder is None:
        if "different configuration" in message:
            return "this process itself has it open in the other mode (reading or writing)"
        return "another process holds it"
    command = _command(int(holder[1]))
    return f"process {holder[1]}{f' ({command})' if command else ''} holds it"


def _command(process: int) -> str:
    """Return the program that a process runs, where Linux tells; no further words of it, which may be secret."""
    try:
        words = Path(f"/proc/{process}/cmdline").read_text(encoding="utf-8", errors="replace").split("\0")
    except OSError:
        return ""
    names = [Path(word).name for word in words if word and not word.startswith("-")]
    if len(names) > 1 and names[0].startswith("python") and words[1] and not words[1].startswith("-"):
        names = names[1:]
    return " ".join(names[:2] if names[:1] == ["roadmap"] else names[:1])
