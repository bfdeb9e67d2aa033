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
        "preview": dg.MetadataValue.md(preview(con, schema, table, rows)),
    }


def preview(con: "duckdb.DuckDBPyConnection", schema: str, table: str, rows: int) -> str:
    """The last of ``rows`` rows as a Markdown table, long values shortened, recorded payloads left out."""
    cursor = con.execute(
        f'select * from {schema}."{table}" limit {_PREVIEW_ROWS} offset {max(0, rows - _PREVIEW_ROWS)}'  # noqa: S608
    )
    names = [column[0] for column in cursor.description or ()]
    return markdown_table([dict(zip(names, row, strict=True)) for row in cursor.fetchall()])


def markdown_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as a Markdown table; says so when there are none."""
    from tabulate import tabulate

    if not rows:
        return "*no rows*"
    shown = [{name: _cell(value) for name, value in row.items() if name != "payload"} for row in rows]
    return tabulate(shown, headers="keys", tablefmt="github", disable_numparse=True)


def _cell(value: Any) -> str:
    text = "" if value is None else str(value).replace("|", "\\|").replace("\n", " ")
    return text if len(text) <= _PREVIEW_CHARACTERS else text[: _PREVIEW_CHARACTERS - 1] + "…"


def lineage_metadata(lineage: Mapping[str, Sequence[tuple[str, str, str]]]) -> dict[str, Any]:
    """Column lineage as the UI reads it, from :func:`roadmap_pipeline.warehouse.lineage.column_lineage`."""
    deps = {
        column: [
            dg.TableColumnDep(asset_key=dg.AssetKey([schema, table]), column_name=name)
            for schema, table, name in sources
        ]
        for column, sources in lineage.items()
    }
    return {"dagster/column_lineage": dg.TableColumnLineage(deps_by_column=deps)} if deps else {}
