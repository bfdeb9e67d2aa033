"""Column lineage: the columns of its parents that each column of a model is computed from.

Belongs here: reading lineage off the SQL. It is for display: a model whose lineage can't be read builds all the same.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

    from dbt_like_sql.runner.project.project import SqlModel

ColumnName = tuple[str, str, str]
"""A column as (schema, table, column)."""

# What sqlglot raises besides its own errors on constructs that it doesn't follow (a bare PIVOT: AssertionError).
_BEYOND_THE_PARSER = (AssertionError, AttributeError, KeyError, IndexError, TypeError, ValueError, RecursionError)


def column_lineage(model: "SqlModel", con: "duckdb.DuckDBPyConnection") -> dict[str, tuple[ColumnName, ...]]:
    """Return for each column of ``model`` the columns of the tables it reads that it is made of, sorted.

    A column made of none (``count(*)``) has an empty tuple. Empty as a whole when the SQL is beyond sqlglot. The
    parents must have been built: their columns come from the database.
    """
    from sqlglot import exp
    from sqlglot.errors import SqlglotError
    from sqlglot.lineage import lineage

    schema: dict[str, dict[str, dict[str, str]]] = {}
    rows = con.execute(
        "select schema_name, table_name, column_name, data_type from duckdb_columns()"
        " where database_name = current_database() order by column_index"
    ).fetchall()
    for parent_schema, table, column, data_type in rows:
        if (parent_schema, table) in model.deps:
            schema.setdefault(parent_schema, {}).setdefault(table, {})[column] = data_type
    try:
        # Untrimmed: only the leaves are wanted, and trimming copies the whole query once a column (five times slower).
        nodes = lineage(None, model.sql, schema=schema, dialect="duckdb", trim_selects=False)
        return {
            column: tuple(
                sorted(
                    {
                        (leaf.expression.db, leaf.expression.name, exp.to_column(leaf.name).name)
                        for leaf in node.walk()
                        if isinstance(leaf.expression, exp.Table) and leaf.name != "*"
                    }
                )
            )
            for column, node in nodes.items()
        }
    except (SqlglotError, *_BEYOND_THE_PARSER):
        return {}
