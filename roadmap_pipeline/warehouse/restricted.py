"""SQL of one's own on the warehouse, without any way out of it.

Belongs here: a query that reads tables and nothing else: no file, no network, no extension, no setting; it writes
nothing, in bounded time and memory. DuckDB holds that itself, by how the database is opened. Who runs what is others'
business.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from roadmap_pipeline import interruption
from roadmap_pipeline.warehouse.connection import WarehouseError, is_file, opened
from roadmap_pipeline.warehouse.query import QueryError, require_query

if TYPE_CHECKING:
    import duckdb

SECONDS = 10.0
"""The time that a query may take."""

MEMORY = "1GB"

_CONFIGURATION = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "temp_directory": "",
    "memory_limit": MEMORY,
    "threads": "2",
}


class BoundedRows(NamedTuple):
    """Names of the columns, the first rows as Python values, and whether there are more."""

    columns: list[str]
    rows: Sequence[tuple[Any, ...]]
    has_more: bool


@contextmanager
def open_restricted(path: str | Path) -> Iterator["duckdb.DuckDBPyConnection"]:
    """Open a warehouse that this process has not opened otherwise, for queries of one's own.

    Raises:
        WarehouseError: It can't be opened, or is no file.
    """
    if not is_file(path):
        raise WarehouseError(
            "sections of one's own are made from a warehouse in a file only: remove the section from roadmap.toml"
        )
    con = opened(path, _CONFIGURATION)
    try:
        con.execute("set TimeZone = 'UTC'")
        con.execute("set lock_configuration = true")
        yield con
    finally:
        con.close()


def run_restricted(
    con: "duckdb.DuckDBPyConnection",
    sql: str,
    parameters: Mapping[str, Any],
    most: int,
    seconds: float = SECONDS,
) -> BoundedRows:
    """Run one query and return its first rows.

    Args:
        con: A connection of :func:`open_restricted`.
        sql: The query; it may name any of the parameters, as ``$week``.
        parameters: Their values.
        most: Rows to return at most.
        seconds: The time that it may take.

    Raises:
        QueryError: It is no query, fails, or takes too long.
    """
    import duckdb

    timer = threading.Timer(seconds, con.interrupt)
    try:
        require_query(sql)
        used = {name for statement in duckdb.extract_statements(sql) for name in statement.named_parameters}
        if unknown := sorted(used - parameters.keys()):
            known = ", ".join(f"${name}" for name in parameters)
            raise QueryError(f"${unknown[0]} is no parameter; known here: {known}")
        timer.start()
        with interruption.breaking_off(con.interrupt):
            relation = con.sql(sql, params={name: parameters[name] for name in used} or None)
            reader = relation.to_arrow_reader(most + 1)
            columns = list(reader.schema.names)
            rows: list[tuple[Any, ...]] = []
            for batch in reader:
                rows += list(zip(*(column.to_pylist() for column in batch.columns), strict=True))
                if len(rows) > most:
                    break
    except duckdb.InterruptException as error:
        interruption.check()  # a person stopped the run
        raise QueryError(f"it takes longer than {seconds:g} s") from error
    except duckdb.OutOfMemoryException as error:
        raise QueryError(f"it needs more than {MEMORY} of memory") from error
    except duckdb.Error as error:
        raise QueryError(str(error).split("\n", 1)[0]) from error
    finally:
        timer.cancel()
    return BoundedRows(columns, rows[:most], len(rows) > most)
