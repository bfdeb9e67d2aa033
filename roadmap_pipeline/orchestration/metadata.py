"""What the UI shows of a table: rows, columns, lineage, a preview.

Belongs here: translating what the warehouse says into Dagster's metadata.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    import duckdb

_PREVIEW_ROWS = 5
_PREVIEW_CHARACTERS = 60
_TIME_COLUMNS = (
    "week_start",
    "quarter_start",
    "day",
    "run_created_at",
    "created_at",
    "started_at",
    "intended_at",
    "report_date",
    "read_at",
)
"""What makes a row newer than another, the first of these that a table has."""


def table_metadata(con: "duckdb.DuckDBPyConnection", schema: str, table: str) -> dict[str, Any]:
    """Row count, column schema with descriptions, table name and a preview of ``schema.table``."""
    columns = con.execute(
        "select column_name, data_type, comment from duckdb_columns()"
        " where database_name = current_database() and schema_name = ? and table_name = ? order by column_index",
        [schema, table],
    ).fetchall()
    ((rows,),) = con.execute(f'select count(*) from {schema}."{table}"').fetchall()  # noqa: S608
    return {
        "dagster/row_count": rows,
        "dagster/table_name": f"{schema}.{table}",
        "dagster/storage_kind": "duckdb",
        "dagster/column_schema": dg.TableSchema(
            columns=[dg.TableColumn(name, type_, description=comment) for name, type_, comment in columns]
        ),
        "preview": dg.MetadataValue.md(preview(con, schema, table, [name for name, *_ in columns])),
    }


def preview(con: "duckdb.DuckDBPyConnection", schema: str, table: str, columns: Sequence[str]) -> str:
    """The newest rows as a Markdown table, long values shortened, recorded payloads left out."""
    newest = next((f'order by "{name}" desc nulls last' for name in _TIME_COLUMNS if name in columns), "")
    cursor = con.execute(f'select * from {schema}."{table}" {newest} limit {_PREVIEW_ROWS}')  # noqa: S608
    return markdown_table([dict(zip(columns, row, strict=True)) for row in cursor.fetchall()])


def markdown_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as a Markdown table; says so when there are none."""
    from tabulate import tabulate

    if not rows:
        return "*no rows*"
    shown = [{name: _cell(value) for name, value in row.items() if name != "payload"} for row in rows]
    return tabulate(shown, headers="keys", tablefmt="github", disable_numparse=True)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        value = round(value, 4)
    text = "" if value is None else str(value).replace("|", "\\|").replace("\n", " ")
    return text if len(text) <= _PREVIEW_CHARACTERS else text[: _PREVIEW_CHARACTERS - 1] + "…"
