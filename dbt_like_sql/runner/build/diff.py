"""What a build would change of the published numbers, before anything is written.

Belongs here: comparing tables as they are with tables as they would be. The build itself is ``building``'s, inside a
transaction that is rolled back.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dbt_like_sql.runner.testing.data_tests import identifier
from roadmap_pipeline.warehouse.connection import rolled_back, scalar

if TYPE_CHECKING:
    import duckdb

COMPARED: Mapping[str, tuple[str, ...]] = {
    "marts.ci_weekly": ("week", "repo"),
    "marts.failure_categories_weekly": ("week", "repo", "category"),
    "marts.quarterly_rollup": ("quarter", "repo"),
    "marts.milestone_metrics": ("repo", "number"),
    "publish.notion_ci_reports": ("report_name",),
    "publish.notion_roadmap": ("repo", "number"),
}
"""The tables that people read numbers from, and what a row of each is about."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that would change: ``row`` says of what, ``before`` and ``after`` are None also where there is no row."""

    table: str
    row: tuple[str, ...]
    column: str
    before: Any
    after: Any

    def to_json(self) -> dict[str, Any]:
        """As one object."""
        key = dict(zip(COMPARED[self.table], self.row, strict=True))
        return {"table": self.table, **key, "column": self.column, "before": self.before, "after": self.after}


def differences(con: "duckdb.DuckDBPyConnection", build: Callable[[], object]) -> list[Difference]:
    """Run ``build`` on ``con``, see what it changes of :data:`COMPARED`, and take everything back.

    Sorted by table, then row. A column that only one side has is left out: it has nothing to compare.
    """
    existing = [table for table in COMPARED if _exists(con, table)]
    for table in existing:
        con.execute(f"create or replace temp table {_copy(table)} as from {table}")
    found: list[Difference] = []
    try:
        with rolled_back(con):
            build()
            for table in existing:
                found += _compared(con, table, COMPARED[table])
    finally:
        for table in existing:
            con.execute(f"drop table {_copy(table)}")
    return found


def _compared(con: "duckdb.DuckDBPyConnection", table: str, key: Sequence[str]) -> list[Difference]:
    before, after = (
        [str(row[0]) for row in con.execute(f"describe {name}").fetchall()] for name in (_copy(table), table)
    )
    columns = [name for name in after if name in before and name not in key]
    same = " and ".join(f"o.{identifier(name)} is not distinct from n.{identifier(name)}" for name in key)
    about = ", ".join(f"coalesce(o.{identifier(name)}, n.{identifier(name)})::varchar" for name in key)
    values = ", ".join(f"o.{identifier(name)}, n.{identifier(name)}" for name in columns)
    changed = " or ".join(f"o.{identifier(name)} is distinct from n.{identifier(name)}" for name in columns)
    rows = con.execute(
        f"select {about}, {values} from {_copy(table)} as o full join {table} as n on {same}"  # noqa: S608
        f" where {changed} order by all"
    ).fetchall()
    return [
        Difference(table, row[: len(key)], name, old, new)
        for row in rows
        for name, old, new in zip(columns, row[len(key) :: 2], row[len(key) + 1 :: 2], strict=True)
        if old != new
    ]


def _copy(table: str) -> str:
    return f"temp.{identifier('before_' + table.replace('.', '_'))}"


def _exists(con: "duckdb.DuckDBPyConnection", table: str) -> bool:
    schema, name = table.split(".")
    found = scalar(
        con,
        "select count(*) from information_schema.tables"
        " where table_catalog = current_database() and table_schema = ? and table_name = ?",
        (schema, name),
    )
    return bool(found)
