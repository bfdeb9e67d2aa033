"""Computing models anew from the snapshot, in memory, by their own SQL: as they are, or with something changed.

Belongs here: which models have to be computed again, and doing it. What is changed is in ``what_if``. The snapshot is
only read.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbt_like_sql.runner.database import identifier, relation_name
from roadmap_pipeline.explain.lineage import FACTS
from roadmap_pipeline.warehouse.connection import attach_reading
from roadmap_pipeline.warehouse.models import Key, Project, SqlModel, create
from roadmap_pipeline.warehouse.query import published

if TYPE_CHECKING:
    import duckdb

SNAPSHOT = "published"
"""The name under which the snapshot is attached."""


@dataclass(frozen=True, slots=True)
class Patch:
    """Another content of a table: a SELECT over ``{base}``, and the columns that it changes."""

    table: Key
    sql: str
    columns: frozenset[str]


@contextmanager
def attached(warehouse: str) -> Iterator["duckdb.DuckDBPyConnection"]:
    """Yield a database in memory in which each table of the snapshot is a view of the same name."""
    import duckdb

    with duckdb.connect(":memory:") as con:
        con.execute("set TimeZone = 'UTC'")
        attach_reading(con, published(warehouse), SNAPSHOT)
        rows = con.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = ? union all"
            " select schema_name, view_name from duckdb_views() where database_name = ? and not internal",
            [SNAPSHOT, SNAPSHOT],
        ).fetchall()
        for schema in sorted({schema for schema, _ in rows}):
            con.execute(f"create schema if not exists {identifier(schema)}")
        for schema, name in rows:
            relation = relation_name(schema, name)
            con.execute(f"create view {relation} as from {SNAPSHOT}.{relation}")
        yield con


def compute_anew(
    con: "duckdb.DuckDBPyConnection", project: Project, targets: Iterable[Key], patches: Iterable[Patch] = ()
) -> list[str]:
    """Compute ``targets`` and what they rest on anew, in :func:`attached`'s database; return the models computed.

    With ``patches`` that is what they reach; without any it is all between :data:`FACTS` and the targets.
    """
    changed: dict[Key, frozenset[str] | None] = {}
    patched: dict[Key, list[Patch]] = {}
    for patch in patches:
        patched.setdefault(patch.table, []).append(patch)
        changed[patch.table] = (changed.get(patch.table) or frozenset()) | patch.columns
    for key, several in patched.items():
        _replace(con, key, several)
    computed = []
    for model in _between(project, targets) if not patched else project.upstream(targets):
        if patched and (model.key in patched or not _reads(model, changed)):
            continue
        con.execute(f"drop view if exists {model.relation}")
        create(con, model, model.relation, "view" if model.materialized == "view" else "table")
        changed[model.key] = None
        computed.append(model.qualified_name)
    return computed


def _between(project: Project, targets: Iterable[Key]) -> list[SqlModel]:
    """Return the models above the facts that the targets rest on, every one after those it reads."""
    wanted, reached = set(targets), set[Key]()
    for model in reversed(project.models):
        if model.key in wanted and model.key not in FACTS and model.schema in ("marts", "publish", "intermediate"):
            reached.add(model.key)
            wanted |= set(model.deps)
    return [model for model in project.models if model.key in reached]


def _reads(model: SqlModel, changed: Mapping[Key, frozenset[str] | None]) -> bool:
    for key in model.deps:
        if key in changed:
            columns, read = changed[key], model.columns_read.get(key)
            if columns is None or read is None or columns & read:
                return True
    return False


def _replace(con: "duckdb.DuckDBPyConnection", key: Key, patches: Iterable[Patch]) -> None:
    relation = relation_name(*key)
    sql = f"{SNAPSHOT}.{relation}"
    for patch in patches:
        sql = f"({patch.sql.replace('{base}', sql)})"
    con.execute(f"drop view {relation}")
    con.execute(f"create table {relation} as from {sql}")
