"""The values that a build would change, before anything is written.

Belongs here: comparing tables as they are with tables as they would be. The build itself is ``building``'s, inside a
transaction that is rolled back.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dbt_like_sql.runner.database import identifier, rolled_back, scalar

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that would change; ``before`` and ``after`` are None also where there is no row.

    ``key`` names the columns that tell rows of ``table`` apart, ``row`` has their values as text.
    """

    table: str
    key: tuple[str, ...]
    row: tuple[str, ...]
    column: str
    before: Any
    after: Any

    def to_json(self) -> dict[str, Any]:
        """Return it as one object."""
        key = dict(zip(self.key, self.row, strict=True))
        return {"table": self.table, **key, "column": self.column, "before": self.before, "after": self.after}


def differences(
    con: "duckdb.DuckDBPyConnection", build: Callable[[], object], tables: Mapping[str, tuple[str, ...]]
) -> list[Difference]:
    """Run ``build`` on ``con``, compare tables before and after it, and take everything back.

    Args:
        con: The warehouse.
        build: Builds whatever is to be built.
        tables: The tables to compare, as ``schema.name``, with the columns that tell their rows apart.

    Returns:
        The differences, sorted by table, then row. A column that only one side has is left out: it has nothing to
        compare.
    """
    existing = [table for table in tables if _exists(con, table)]
    for table in existing:
        con.execute(f"create or replace temp table {_copy(table)} as from {table}")
    changes: list[Difference] = []
    try:
        with rolled_back(con):
            build()
            for table in existing:
                changes += _compared(con, table, tables[table])
    finally:
        for table in existing:
            con.execute(f"drop table {_copy(table)}")
    return changes


def _compared(con: "duckdb.DuckDBPyConnection", table: str, key: tuple[str, ...]) -> list[Difference]:
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
        Difference(table, key, row[: len(key)], name, old, new)
        for row in rows
        for name, old, new in zip(columns, row[len(key) :: 2], row[len(key) + 1 :: 2], strict=True)
        if old != new
    ]


def _copy(table: str) -> str:
    return f"temp.{identifier('before_' + table.replace('.', '_'))}"


def _exists(con: "duckdb.DuckDBPyConnection", table: str) -> bool:
    schema, name = table.split(".")
    count = scalar(
        con,
        "select count(*) from information_schema.tables"
        " where table_catalog = current_database() and table_schema = ? and table_name = ?",
        (schema, name),
    )
    return bool(count)
