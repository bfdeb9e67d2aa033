"""Making the declared tables in a warehouse, and describing them to readers.

Belongs here: schemas, tables, columns and comments that a warehouse lacks. Rows belong to ``loading``.
"""

import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from dbt_like_sql.runner.build import change_log
from dbt_like_sql.runner.database import literal
from roadmap_pipeline.warehouse.source_tables.catalog import SOURCES, TABLES
from roadmap_pipeline.warehouse.source_tables.declaration import Column, SourceTable

if TYPE_CHECKING:
    import duckdb

_FROM_PAYLOAD = {
    "raw.repositories": {
        "topics": "cast(payload->'topics' as varchar[])",
        "custom_properties": "payload->'custom_properties'",
    },
    "raw.milestones": {"node_id": "payload->>'node_id'"},
    "raw.issues": {
        # as github.sections reads our marker
        "tracks_milestone": "nullif(url_decode(regexp_extract(payload->>'body', '(?m)^ {0,3}<!-- gh-roadmap:v1"
        " repo=\\S+ kind=milestone key=(\\S+) sha256=[0-9a-f]{64} -->[ \\t]*\\r?$', 1)), '')"
    },
}
"""By table: columns that rows of an older version get from what GitHub said then: unchanged, they aren't read again."""


_DIGEST_TABLE = "build.declarations"
_MAKE_DIGEST_TABLE = (
    f"create table if not exists {_DIGEST_TABLE} (digest varchar)",
    f"comment on table {_DIGEST_TABLE} is 'State of building, no data of anybody: which declarations the tables that"
    " Python fills were last compared with.'",
    f"comment on column {_DIGEST_TABLE}.digest is 'Hash of the names and types of all of them.'",
    f"delete from {_DIGEST_TABLE}",  # noqa: S608
)


def create_source_tables(con: "duckdb.DuckDBPyConnection") -> None:
    """Create the schemas, tables and columns that are missing. Idempotent.

    A column that a file from an older version lacks is added behind the others and holds NULL, unless the stored
    payloads tell it. Descriptions are left to :func:`describe_source_tables`: they take five times as long as the
    tables. A file that was compared with the same declarations before is not looked at again: each step of a run opens
    it, and the look is a quarter of that.
    """
    if _compared_with(con) == _digest():
        return
    missing = [statement for table in TABLES for statement in _missing(con, table)]
    missing += change_log.missing_tables(con, SOURCES)
    schemas = dict.fromkeys(table.schema for table in TABLES)
    # in one transaction: each of its own would wait for the disk
    con.execute(
        ";".join(
            (
                "begin",
                *(f"create schema if not exists {schema}" for schema in schemas),
                *missing,
                *_MAKE_DIGEST_TABLE,
                f"insert into {_DIGEST_TABLE} values ({literal(_digest())})",  # noqa: S608
                "commit",
            )
        )
    )


def _compared_with(con: "duckdb.DuckDBPyConnection") -> str | None:
    import duckdb

    try:
        rows = con.execute(f"select digest from {_DIGEST_TABLE}").fetchall()  # noqa: S608
    except duckdb.CatalogException:
        return None
    return str(rows[0][0]) if rows else None


@cache
def _digest() -> str:
    names = [(table.qualified_name, [(column.name, column.type) for column in table.columns]) for table in TABLES]
    return hashlib.sha256(repr((names, change_log.definition(SOURCES))).encode()).hexdigest()


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
            value = _FROM_PAYLOAD.get(table.qualified_name, {}).get(column.name)
            if value is not None:
                yield f'update {table.qualified_name} set "{column.name}" = {value}'  # noqa: S608
            yield _comment(table, column)


def _stored_columns(con: "duckdb.DuckDBPyConnection", table: SourceTable) -> Sequence[str] | None:
    """Return the names of the columns that a table has; None when there is no such table.

    The first look into ``duckdb_columns()`` after the warehouse was opened costs as much as the opening itself (16 ms);
    asking for each table takes 3 ms for all.
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
