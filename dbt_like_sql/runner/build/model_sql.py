"""Running a model's SQL: what fails names the line in the model's file.

Belongs here: creating a table or view from a SELECT file, and its comments. What is created, and what becomes of it, is
decided by ``whole``, ``incremental`` and ``unit_tests``.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dbt_like_sql.runner.database import first_line, identifier, is_lake, literal
from dbt_like_sql.runner.errors import RunnerError
from dbt_like_sql.runner.project.project import SqlModel

if TYPE_CHECKING:
    import duckdb


class ModelBuildError(RunnerError):
    """A model's SQL fails, or gives other columns than are described. ``details`` is everything DuckDB said."""

    def __init__(self, model: SqlModel, line: int, text: str, details: str = "", *, path: Path | None = None) -> None:
        self.model = model
        self.details = details or text
        super().__init__(f"{path or model.path}:{line}: {model.qualified_name} can't be built: {text}")


def create(
    con: "duckdb.DuckDBPyConnection",
    model: SqlModel,
    relation: str,
    materialized: Literal["table", "view", "incremental"],
) -> None:
    """Create ``relation`` (an SQL name) from the model's SQL, without testing it.

    Raises:
        ModelBuildError: The SQL fails.
    """
    # On the first line of the file, so that DuckDB counts lines as the file does.
    run_sql(con, model, f"create {'view' if materialized == 'view' else 'table'} {relation} as {model.sql}")


def run_sql(con: "duckdb.DuckDBPyConnection", model: SqlModel, statement: str) -> None:
    """Run a statement that holds the model's SQL, from the first line on.

    Raises:
        ModelBuildError: It fails; with the line in the model's file.
    """
    import duckdb

    try:
        con.execute(statement)
    except duckdb.Error as error:
        message = str(error)
        line = re.search(r"^LINE (\d+):", message, re.MULTILINE)
        raise ModelBuildError(model, int(line[1]) if line else 1, first_line(error), message) from error


def describe(con: "duckdb.DuckDBPyConnection", model: SqlModel, relation: str) -> None:
    """Store the model's descriptions on ``relation`` (an SQL name), as far as the warehouse can keep them."""
    statements = [f"comment on {model.stored_as} {relation} is {literal(model.description)}"]
    if model.stored_as == "table" or not is_lake(con):  # a lake keeps no descriptions of a view's columns
        statements += (
            f"comment on column {relation}.{identifier(column.name)} is {literal(column.description)}"
            for column in model.columns
        )
    con.execute("; ".join(statements))
