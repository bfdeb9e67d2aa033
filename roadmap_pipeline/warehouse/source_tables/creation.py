"""Making the declared tables in a warehouse, and describing them to readers.

Belongs here: schemas, tables, columns and comments that a warehouse lacks. Rows belong to ``loading``.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dbt_like_sql.runner.build import change_log
from dbt_like_sql.runner.database import literal
from roadmap_pipeline.warehouse.source_tables.catalog import SOURCES, TABLES
from roadmap_pipeline.warehouse.source_tables.declaration import Column, SourceTable

if TYPE_CHECKING:
    import duckdb


def create_source_tables(con: "duckdb.DuckDBPyConnection") -> None:
    """Create the schemas, tables and columns that are missing. Idempotent.

    A column that a file from an older version lacks is added behind the others and holds NULL. Descriptions are left to
    :func:`describe_source_tables`: they take five times as long as the tables.
    """
    missing = [statement for table in TABLES for statement in _missing(con, table)]
    missing += change_log.missing_tables(con, SOURCES)
    if missing:
        schemas = dict.fromkeys(table.schema for table in TABLES)
        # in one transaction: each of its own would wait for the disk
        statements = ["begin", *(f"create schema if not exists {schema}" for schema in schemas), *missing, "commit"]
        con.execute(";".join(statements))


def describe_source_tables(con: "duckdb.DuckDBPyConnection") -> None:
    """Write the descriptions of tables and columns that have none yet as comments, for those who look. Idempotent."""
    has_comment = dict(
        con.execute(
            "select schema_name || '.' || table_name, comment is not null from duckdb_tables()"
            " where database_name = current_database()"
        ).fetchall()
    )
    # a table's own description comes last: it says that all its columns have theirs
    missing = [
        statement
        for table in TABLES
        if not has_comment[table.qualified_name]
        for statement in (*(_comment(table, column) for column in table.columns), _table_comment(table))
    ]
    if missing:
        con.execute(";".join(["begin", *missing, "commit"]))


def _missing(con: "duckdb.DuckDBPyConnection", table: SourceTable) -> Iterator[str]:
    """Yield the statements that make what ``table`` lacks."""
    stored = _stored_columns(con, table)
    if stored is None:
        columns = ", ".join(f'"{column.name}" {column.type}' for column in table.columns)
        yield f"create table {table.qualified_name} ({columns})"
        return
    for column in table.columns:
        if column.name not in stored:
            yield f'alter table {table.qualified_name} add column "{column.name}" {column.type}'
            yield _comment(table, column)


def _stored_columns(con: "duckdb.DuckDBPyConnection", table: SourceTable) -> Sequence[str] | None:
    """Return the names of the columns that a table has; None when there is no such table.

    Every step of a run opens the warehouse, and the first look into ``duckdb_columns()`` after that costs as much as
    the opening itself (16 ms); asking for each table takes 3 ms for all.
    """
    import duckdb

    try:
        return con.table(table.qualified_name).columns
    except duckdb.CatalogException:
        return None


def _table_comment(table: SourceTable) -> str:
    return f"comment on table {table.qualified_name} is {literal(table.description)}"


def _comment(table: SourceTable, column: Column) -> str:
    return f'comment on column {table.qualified_name}."{column.name}" is {literal(column.description)}'
