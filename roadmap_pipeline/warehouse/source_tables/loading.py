"""Loading rows into the declared tables.

Belongs here: replacing rows by key or a whole table, and rows as Arrow tables. Which rows are new or changed is decided
by those who call.
"""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from dbt_like_sql.runner.build import change_log
from roadmap_pipeline.warehouse.source_tables.catalog import BY_NAME, SOURCES
from roadmap_pipeline.warehouse.source_tables.declaration import SourceTable

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


def replace_rows(con: "duckdb.DuckDBPyConnection", table: str, rows: Sequence[Mapping[str, Any]]) -> int:
    """Put ``rows`` in place of the stored ones with the same key; call it inside a transaction.

    Args:
        con: The open warehouse.
        table: ``schema.name`` of a declared table.
        rows: Dicts by column name (missing columns are NULL); of several rows with one key the last wins. Times are
            naive UTC datetimes, JSON columns hold text.

    Returns:
        The number of rows.
    """
    return _load(con, BY_NAME[table], rows, whole_table=False)


def replace_table(con: "duckdb.DuckDBPyConnection", table: str, rows: Sequence[Mapping[str, Any]]) -> int:
    """Put ``rows`` in place of everything stored in ``table``; call it inside a transaction.

    Takes and returns what :func:`replace_rows` does.
    """
    return _load(con, BY_NAME[table], rows, whole_table=True)


def _load(
    con: "duckdb.DuckDBPyConnection", table: SourceTable, rows: Sequence[Mapping[str, Any]], *, whole_table: bool
) -> int:
    name = table.qualified_name
    if whole_table:
        con.execute(f"delete from {name}")  # noqa: S608
    if not rows:
        if whole_table and name in SOURCES.change_keys:
            change_log.note_everything(con, SOURCES, name)
        return 0
    incoming = arrow_table(table, rows)
    replace_arrow(con, table, incoming, delete=bool(table.key) and not whole_table)
    if whole_table and name in SOURCES.change_keys:
        change_log.note_everything(con, SOURCES, name)
    return int(incoming.num_rows)


def replace_arrow(
    con: "duckdb.DuckDBPyConnection", table: SourceTable, incoming: "pa.Table", *, delete: bool = True
) -> None:
    """Put ``incoming`` (as :func:`arrow_table` makes it) into ``table``, with ``delete`` in place of the same keys."""
    name = table.qualified_name
    con.register("incoming_rows", incoming)
    try:
        if delete:
            same = " and ".join(f'stored."{column}" = incoming."{column}"' for column in table.key)
            con.execute(f"delete from {name} as stored using incoming_rows as incoming where {same}")  # noqa: S608
        con.execute(f"insert into {name} by name select * from incoming_rows")  # noqa: S608
        if name in SOURCES.change_keys:
            change_log.note_changes(con, SOURCES, name, "incoming_rows")
    finally:
        con.unregister("incoming_rows")


def arrow_table(table: SourceTable, rows: Sequence[Mapping[str, Any]]) -> "pa.Table":
    """Return ``rows`` as an Arrow table with the columns and types of ``table``; of several with one key the last.

    Raises:
        ValueError: A row has a column that the table doesn't declare.
    """
    import pyarrow as pa

    if table.key:
        rows = list(dict(zip(map(itemgetter(*table.key), rows), rows, strict=True)).values())

    types = {
        "VARCHAR": pa.string(),
        "JSON": pa.string(),
        "BIGINT": pa.int64(),
        "INTEGER": pa.int32(),
        "DOUBLE": pa.float64(),
        "BOOLEAN": pa.bool_(),
        "DATE": pa.date32(),
        "TIMESTAMP": pa.timestamp("us"),
        "VARCHAR[]": pa.list_(pa.string()),
        "INTEGER[]": pa.list_(pa.int32()),
    }
    told = set[str]().union(*rows)
    unknown = told - {column.name for column in table.columns}
    if unknown:
        raise ValueError(f"{table.qualified_name} has no column {', '.join(sorted(unknown))}")
    return pa.table({column.name: pa.array(_values(rows, column.name), types[column.type]) for column in table.columns})


def _values(rows: Sequence[Mapping[str, Any]], column: str) -> list[Any]:
    """Return what rows hold in a column; None where a row doesn't tell."""
    try:
        return list(map(itemgetter(column), rows))
    except KeyError:
        return [row.get(column) for row in rows]
