"""Small helpers around DuckDB: spelling names and values, transactions, single values.

Belongs here: what every user of a connection needs and DuckDB's own interface lacks. Opening databases is left to
whoever calls the runner.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

_rolled_back: set[int] = set()


def identifier(name: str) -> str:
    """Return ``name`` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def relation_name(schema: str, name: str) -> str:
    """Return the SQL name of the table ``schema.name``, both parts quoted."""
    return f"{identifier(schema)}.{identifier(name)}"


def literal(value: bool | int | float | str) -> str:
    """Return ``value`` as an SQL literal."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    return "'" + value.replace("'", "''") + "'"


def scalar(con: "duckdb.DuckDBPyConnection", sql: str, params: Sequence[Any] = ()) -> Any:
    """Return the first column of the first row, or None without rows; leaves no open result behind."""
    rows = con.execute(sql, params or None).fetchall()
    return rows[0][0] if rows else None


def is_lake(con: "duckdb.DuckDBPyConnection") -> bool:
    """Return whether ``con`` has a DuckLake database open, which can't do all that a DuckDB file can."""
    kind = scalar(con, "select type from duckdb_databases() where database_name = current_database()")
    return bool(kind == "ducklake")


def cursor_of(con: "duckdb.DuckDBPyConnection") -> "duckdb.DuckDBPyConnection":
    """Return another connection to the same database, in which names mean what they mean in ``con``.

    DuckDB's own starts in the database that was opened first, which a lake is never.
    """
    place = scalar(con, "select current_database()")
    cursor = con.cursor()
    cursor.execute(f"use {identifier(place)}.main")
    return cursor


def count_rows(con: "duckdb.DuckDBPyConnection", relation: str) -> int:
    """Return how many rows ``relation`` (an SQL name) has."""
    return int(scalar(con, f"select count(*) from {relation}"))  # noqa: S608


def columns_of(con: "duckdb.DuckDBPyConnection", relation: str) -> tuple[tuple[str, str], ...]:
    """Return the columns of ``relation`` (an SQL name) as (name, DuckDB type)."""
    return tuple((str(row[0]), str(row[1])) for row in con.execute(f"describe {relation}").fetchall())


def first_line(error: Exception) -> str:
    """Return the first line of what DuckDB says; the others repeat the statement."""
    return str(error).split("\n", 1)[0]


@contextmanager
def transaction(con: "duckdb.DuckDBPyConnection") -> Iterator[None]:
    """Make all statements inside take effect together, or none when an exception leaves the block.

    Inside :func:`rolled_back` it is a part of that, and takes effect as little as the rest.
    """
    if id(con) in _rolled_back:
        yield
        return
    con.execute("begin transaction")
    try:
        yield
    except BaseException:
        con.execute("rollback")
        raise
    con.execute("commit")


@contextmanager
def rolled_back(con: "duckdb.DuckDBPyConnection") -> Iterator[None]:
    """Take back whatever happens inside; what was computed can be read until the block is left."""
    con.execute("begin transaction")
    _rolled_back.add(id(con))
    try:
        yield
    finally:
        _rolled_back.discard(id(con))
        con.execute("rollback")
