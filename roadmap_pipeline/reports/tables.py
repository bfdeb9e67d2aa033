"""Reading rows of the warehouse for a text, as dictionaries by column name."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

Row = dict[str, Any]


def rows(con: "duckdb.DuckDBPyConnection", sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[Row]:
    """Return all rows of a query; parameters by position or by name."""
    cursor = con.execute(sql, parameters or None)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
