"""Picking the rows that are new or changed, and the later one of two states of a thing.

Belongs here: comparing incoming rows with stored ones, by table. Storing them belongs to ``store``.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from roadmap_pipeline.github.payloads.records import Row
from roadmap_pipeline.warehouse import source_tables

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_HOW_IT_WAS_READ = frozenset({"read_at", "source", "payload"})
"""Columns that don't make a row a changed one: counters inside payloads (stars, reactions) move all the time."""
_GROWS = {
    "workflows": "updated_at",
    "workflow_runs": "updated_at",
    "workflow_jobs": "completed_at",
    "pull_requests": "updated_at",
    "issues": "updated_at",
    "milestones": "updated_at",
}
"""The column that grows when the thing changes: GitHub's search index and dumps also hold earlier states."""
_FROM_API = "{}.source like 'http%'"
_CARRIED = {
    "pull_requests": {"changed_files": "coalesce(incoming.changed_files, stored.changed_files)"},
    # a commit may be one of several pull requests, each read by itself
    "commits": {
        "pull_request_numbers": "list_sort(list_distinct("
        "coalesce(stored.pull_request_numbers, []) || incoming.pull_request_numbers))"
    },
    # only GitHub itself can say that a run is there again
    "workflow_runs": {
        "deleted_upstream_at": f"case when {_FROM_API.format('incoming')} then incoming.deleted_upstream_at"
        " else coalesce(incoming.deleted_upstream_at, stored.deleted_upstream_at) end"
    },
}
"""Columns that a stored row knows and an incoming one doesn't tell."""
_CARRIED_BY_DUMPS = frozenset({"workflow_runs"})
"""Tables where only rows of dumps leave that untold."""


def changed_rows(con: "duckdb.DuckDBPyConnection", table: str, rows: Sequence[Row]) -> "pa.Table":
    """Return those of ``rows`` of ``raw.<table>`` that are new, or tell something else, and later, than is stored."""
    import pyarrow as pa

    source = source_tables.BY_NAME[f"raw.{table}"]
    carried = {} if table in _CARRIED_BY_DUMPS and all(map(_is_from_api, rows)) else _CARRIED.get(table, {})
    incoming = source_tables.arrow_table(source, rows)
    con.register("read_rows", incoming.append_column("position", pa.array(range(incoming.num_rows))))
    try:
        changed = con.sql(_changed_sql(source, carried, _GROWS.get(table))).to_arrow_table()
    finally:
        con.unregister("read_rows")
    # payloads make up most of a row: they don't pass through the query
    if changed.num_rows < incoming.num_rows:
        incoming = incoming.take(changed["position"])
    for name in carried:
        incoming = incoming.set_column(incoming.schema.get_field_index(name), incoming.field(name), changed[name])
    return incoming


def _is_from_api(row: Row) -> bool:
    return str(row["source"]).startswith("http")


def _changed_sql(source: source_tables.SourceTable, carried: Mapping[str, str], grows: str | None) -> str:
    replaced = "".join(f', {expression} as "{name}"' for name, expression in carried.items())
    compared = [
        column.name
        for column in source.columns
        if column.name not in source.key and column.name not in _HOW_IT_WAS_READ
    ]
    differs = " or ".join(
        f'({carried.get(name, f"""incoming."{name}" """)}) is distinct from stored."{name}"' for name in compared
    )
    is_later = "true"
    if grows:
        is_later = f"(stored.{grows} is null or coalesce(incoming.{grows} >= stored.{grows}, false))"
    # What a dump left may lack what hangs on it (a run's jobs): the first reading by HTTP replaces it.
    from_api_at_last = f"{_FROM_API.format('incoming')} and not ({_FROM_API.format('stored')})"
    return (
        f"select incoming.position{replaced} from read_rows as incoming"  # noqa: S608
        f" left join {source.qualified_name} as stored"
        f" on {' and '.join(f'stored.{name} = incoming.{name}' for name in source.key)}"
        f" where stored.{source.key[0]} is null or ({from_api_at_last}) or (({differs}) and {is_later})"
        " order by incoming.position"
    )
