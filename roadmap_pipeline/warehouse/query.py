"""Reading the published snapshot with a person's SQL.

Belongs here: one read-only query. Printing its rows is the command line's.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from dbt_like_sql.runner.build import change_log
from dbt_like_sql.runner.database import literal
from roadmap_pipeline.errors import RoadmapError
from roadmap_pipeline.warehouse.connection import WarehouseError, connect, is_file, shown_path
from roadmap_pipeline.warehouse.lake.address import at_snapshot, is_lake
from roadmap_pipeline.warehouse.lake.snapshots import published_snapshot
from roadmap_pipeline.warehouse.snapshot import snapshot_path

if TYPE_CHECKING:
    import duckdb

# DuckDB's own looks into the default schema only, where nothing is.
_SHOW_TABLES = re.compile(r"\s*(?:show\s+tables|show|describe)\s*;?\s*", re.IGNORECASE)
# The state of building is nobody's data: a lake shows it to readers, the copy of a file leaves it out.
_TABLES = f"""
with tables as (
    select schema_name, table_name, estimated_size, comment
    from duckdb_tables()
    where database_name = current_database()
    union all
    select schema_name, view_name, null, comment
    from duckdb_views()
    where database_name = current_database() and not internal
)

select schema_name || '.' || table_name as name, estimated_size as rows, comment as description
from tables
where schema_name not in ({", ".join(map(literal, change_log.SCHEMAS))})
order by schema_name not in ('marts', 'publish'), schema_name, table_name
"""  # noqa: S608
_EXPLAIN = re.compile(r"\s*explain\s+(analyze\s+)?(\([^)]*\)\s*)?", re.IGNORECASE)


class QueryResult(NamedTuple):
    """Names of the columns, each once, and the rows as Python values (times are naive UTC datetimes)."""

    columns: list[str]
    rows: list[tuple[Any, ...]]


class QueryError(RoadmapError):
    """The query can't be run, or is none."""


def published(path: str | Path, *, or_live: bool = False) -> str | Path:
    """Return what readers of the warehouse ``path`` open: with ``or_live`` that itself while there is no snapshot.

    Raises WarehouseError when there is nothing to read.
    """
    if is_lake(path):
        if (number := published_snapshot(path)) is not None:
            return at_snapshot(path, number)
        if or_live:
            return path
        raise WarehouseError(f"There is no snapshot of {shown_path(path)} to read yet: run `roadmap run` first")
    snapshot = snapshot_path(path) if is_file(path) else path
    if isinstance(snapshot, Path) and not snapshot.exists():
        if or_live and Path(path).exists():
            return path
        raise WarehouseError(f"There is no snapshot to read yet ({snapshot}): run `roadmap run` first")
    return snapshot


@contextmanager
def open_published(path: str | Path, *, or_live: bool = False) -> Iterator["duckdb.DuckDBPyConnection"]:
    """Open the snapshot of the warehouse ``path`` (``or_live``: that itself, while there is none), for reading only.

    Raises WarehouseError when there is none yet, and when it is of a version that lacks what is read from it.
    """
    import duckdb

    with connect(published(path, or_live=or_live), read_only=True) as con:
        try:
            yield con
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            lacking = str(error).split("\n", 1)[0]
            raise WarehouseError(
                f"The snapshot was made by another version: run `roadmap build` first ({lacking})"
            ) from error


def run_query(path: str | Path, sql: str) -> QueryResult:
    """Run one SELECT (or DESCRIBE, SHOW, SUMMARIZE, EXPLAIN) on the snapshot of the warehouse ``path``.

    ``show tables`` gives the tables of all schemas, with what they hold.

    Raises QueryError for statements that write or reach beyond the snapshot, several statements, and SQL that fails;
    WarehouseError when there is no snapshot yet.
    """
    import duckdb

    snapshot = published(path)
    try:
        require_query(sql)
        with connect(snapshot, read_only=True, is_private=True) as con:
            _lock_down(con, snapshot)
            return _fetch(con, _TABLES if _SHOW_TABLES.fullmatch(sql) else sql)
    except duckdb.InvalidInputException as error:
        if "read-only" in str(error):
            raise _refusal() from error
        raise QueryError(f"The query fails: {error}") from error
    except duckdb.PermissionException as error:
        raise QueryError("The query reads the snapshot only: no other file, address, database or extension") from error
    except duckdb.Error as error:
        raise QueryError(f"The query fails: {error}") from error


def _lock_down(con: "duckdb.DuckDBPyConnection", snapshot: str | Path) -> None:
    """Let a query see the snapshot and nothing else: no file, no address, no extension, no variable of this program.

    A DuckLake or MotherDuck database is read from elsewhere, so that there files stay within reach.
    """
    con.execute("set autoinstall_known_extensions = false")
    con.execute("set python_enable_replacements = false")
    if is_file(snapshot):
        con.execute("set enable_external_access = false")
    con.execute("set lock_configuration = true")


def _refusal() -> QueryError:
    return QueryError("The query writes, and the snapshot is for reading only: use SELECT")


def require_query(sql: str) -> None:
    """Raise QueryError unless ``sql`` is one statement that only reads; duckdb.Error where it is no SQL."""
    import duckdb

    statements = duckdb.extract_statements(sql)
    # DuckDB 1.5 splits a PIVOT into parts without a text of their own, of which the last is the query.
    statements = [statement for statement in statements if statement.query] or statements[-1:]
    if len(statements) != 1:
        raise QueryError(f"Give one query, not {len(statements)}")
    (statement,) = statements
    if statement.type == duckdb.StatementType.EXPLAIN:
        # EXPLAIN ANALYZE runs what it explains, and COPY … TO a file writes in spite of a read-only database.
        require_query(_EXPLAIN.sub("", statement.query, count=1))
    # MULTI is what PIVOT becomes.
    elif statement.type not in (duckdb.StatementType.SELECT, duckdb.StatementType.MULTI):
        raise _refusal()


def _fetch(con: "duckdb.DuckDBPyConnection", sql: str) -> QueryResult:
    relation = con.sql(sql)
    columns = _unique(relation.columns)
    if any("WITH TIME ZONE" in str(type_) for type_ in relation.types):
        # Plain fetching would need pytz for these.
        table = relation.to_arrow_table()
        values = [_without_zone(column.to_pylist()) for column in table.columns]
        return QueryResult(columns, list(zip(*values, strict=True)))
    return QueryResult(columns, relation.fetchall())


def _unique(names: Sequence[str]) -> list[str]:
    """Return the names as DuckDB names columns of a table: the second ``n`` is ``n_1``."""
    unique: list[str] = []
    for name in names:
        candidates = (name if number == 0 else f"{name}_{number}" for number in itertools.count())
        unique.append(next(candidate for candidate in candidates if candidate not in unique))
    return unique


def _without_zone(values: list[Any]) -> list[Any]:
    return [value.replace(tzinfo=None) if getattr(value, "tzinfo", None) else value for value in values]
