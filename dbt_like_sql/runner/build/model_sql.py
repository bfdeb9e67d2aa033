"""Running a model's SQL: what fails names the line in the model's file.

Belongs here: creating a table or view from a SELECT file. What is created, and what becomes of it, is decided by
``building``, ``incremental`` and ``unit_tests``.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dbt_like_sql.runner.project.project import SqlModel
from roadmap_pipeline.errors import RoadmapError

if TYPE_CHECKING:
    import duckdb


class ModelBuildError(RoadmapError):
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
    """Create ``relation`` (an SQL name) from the model's SQL, without testing it. Raises ModelBuildError."""
    # On the first line of the file, so that DuckDB counts lines as the file does.
    run_sql(con, model, f"create {'view' if materialized == 'view' else 'table'} {relation} as {model.sql}")


def run_sql(con: "duckdb.DuckDBPyConnection", model: SqlModel, statement: str) -> None:
    """Run a statement that holds the model's SQL. Raises ModelBuildError with the line in the model's file."""
    import duckdb

    try:
        con.execute(statement)
    except duckdb.Error as error:
        message = str(error)
        line = re.search(r"^LINE (\d+):", message, re.MULTILINE)
        raise ModelBuildError(model, int(line[1]) if line else 1, message.split("\n", 1)[0], message) from error
