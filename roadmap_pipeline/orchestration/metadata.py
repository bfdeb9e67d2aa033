"""The metadata of a table in the UI: rows, columns, lineage, a preview, and whether it is another one than before.

Belongs here: translating what the warehouse says into Dagster's metadata and data versions.
"""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster._core.definitions.source_asset import SYSTEM_METADATA_KEY_SOURCE_ASSET_OBSERVATION

from roadmap_pipeline.failures.display import escape_markdown
from roadmap_pipeline.warehouse.models import table_version
from roadmap_pipeline.warehouse.source_tables import BY_NAME

if TYPE_CHECKING:
    import duckdb

_PREVIEW_ROWS = 5
_PREVIEW_CHARACTERS = 60
_FORMATTING = re.compile(r"[<>\[\]`*~|\\&]|://|\bwww\.")
"""Signs of Markdown that formats, links or loads; escaping every cell of every table would cost a build a second."""
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
"""Columns that make a row newer than another, the first of these that a table has."""


UNRECORDED = {SYSTEM_METADATA_KEY_SOURCE_ASSET_OBSERVATION: True}
"""Metadata of an asset that the step leaves as it was: no materialization is recorded, and what follows still runs.

Yielding nothing would skip every step after it. Dagster knows the mark from source assets, which are observed; a test
holds both.
"""


def recorded_assets(context: dg.AssetExecutionContext, keys: Sequence[dg.AssetKey]) -> frozenset[dg.AssetKey]:
    """Return those of ``keys`` of which the instance knows a materialization, or one of the run's partition."""
    instance, recorded, whole = context.instance, set(), []
    for key in keys:
        if not context.has_partition_key or context.assets_def.get_asset_spec(key).partitions_def is None:
            whole.append(key)
        elif context.partition_key in instance.get_materialized_partitions(key):
            recorded.add(key)
    # All at once; of no key Dagster gives the records of every asset.
    entries = [record.asset_entry for record in (instance.get_asset_records(whole) if whole else ())]
    return frozenset(recorded | {entry.asset_key for entry in entries if entry.last_materialization is not None})


def data_version(con: "duckdb.DuckDBPyConnection", schema: str, table: str) -> dg.DataVersion:
    """Return what changes with the rows of ``schema.table``: what reads it is outdated only then, not after each run.

    It is the table's version where changes are counted (models, and the big tables that are read), else a hash of its
    rows without the time at which they were read.
    """
    name = f"{schema}.{table}"
    version = table_version(con, name)
    if version is not None:
        return dg.DataVersion(str(version))
    told = f"select columns(lambda name: name <> 'read_at') from {name}"  # noqa: S608
    ((rows, total),) = con.execute(f"select count(*), sum(hash(told)::hugeint) from ({told}) as told").fetchall()  # noqa: S608
    return dg.DataVersion(f"{rows}:{total}")


def table_metadata(con: "duckdb.DuckDBPyConnection", schema: str, table: str) -> dict[str, Any]:
    """Row count, column schema with descriptions, table name and a preview of ``schema.table``."""
    columns = con.execute(
        "select column_name, data_type, comment from duckdb_columns()"
        " where database_name = current_database() and schema_name = ? and table_name = ? order by column_index",
        [schema, table],
    ).fetchall()
    source = BY_NAME.get(f"{schema}.{table}")  # models have their descriptions in the warehouse
    declared = {} if source is None else {column.name: column.description for column in source.columns}
    ((rows,),) = con.execute(f'select count(*) from {schema}."{table}"').fetchall()  # noqa: S608
    return {
        "dagster/row_count": rows,
        "dagster/table_name": f"{schema}.{table}",
        "dagster/storage_kind": "duckdb",
        "dagster/column_schema": dg.TableSchema(
            columns=[
                dg.TableColumn(name, type_, description=comment or declared.get(name))
                for name, type_, comment in columns
            ]
        ),
        "preview": dg.MetadataValue.md(preview(con, schema, table, [name for name, *_ in columns])),
    }


def preview(con: "duckdb.DuckDBPyConnection", schema: str, table: str, columns: Sequence[str]) -> str:
    """Return the newest rows as a Markdown table, long values shortened, recorded payloads left out."""
    newest = next((f'order by "{name}" desc nulls last' for name in _TIME_COLUMNS if name in columns), "")
    cursor = con.execute(f'select * from {schema}."{table}" {newest} limit {_PREVIEW_ROWS}')  # noqa: S608
    return markdown_table([dict(zip(columns, row, strict=True)) for row in cursor.fetchall()])


class Markdown(str):
    """A text that is Markdown already, and ours: links that we made."""

    __slots__ = ()


def markdown_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as a Markdown table; it says so when there are none."""
    from tabulate import tabulate

    if not rows:
        return "*no rows*"
    shown = [{name: _cell(value) for name, value in row.items() if name != "payload"} for row in rows]
    return tabulate(shown, headers="keys", tablefmt="github", disable_numparse=True)


def _cell(value: Any) -> str:
    """Return a value for a cell: what people wrote on GitHub or in Notion formats, links and loads nothing."""
    if isinstance(value, Markdown):
        return value
    if isinstance(value, float):
        value = round(value, 4)
    text = "" if value is None else str(value).replace("\n", " ")
    text = text if len(text) <= _PREVIEW_CHARACTERS else text[: _PREVIEW_CHARACTERS - 1] + "…"
    return escape_markdown(text) if _FORMATTING.search(text) else text
