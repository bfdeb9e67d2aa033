"""The look of the models' SQL, where sqlfluff has no rule or doesn't look."""

import pytest
import sqlglot
from sqlglot import exp

from dbt_like_sql.runner.project.sql_files import DIALECT
from roadmap_pipeline.warehouse.models import project_directory
from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import project

SHORTEST_ALIAS = 3


def _queries() -> dict[str, str]:
    """Return every piece of SQL by where it stands: files, and the conditions in the models' .yml."""
    directory = project_directory()
    files = [*(directory / "models").rglob("*.sql"), *(directory / "tests").glob("*.sql")]
    queries = {path.relative_to(directory).as_posix(): path.read_text(encoding="utf-8") for path in files}
    for model in project().models:
        for table, sql in model.incremental.input_filters.items():
            place, _ = model.incremental.places[f"input_filters.{table}"]
            if place.suffix == ".yml":
                queries[f"{place.relative_to(directory)}: {table}"] = f"select 1 from {table} as input where {sql}"
    return queries


@pytest.mark.parametrize(("place", "sql"), sorted(_queries().items()), ids=sorted(_queries()))
def test_aliases_of_tables_are_words(place: str, sql: str) -> None:
    aliases = {table.alias for table in sqlglot.parse_one(sql, read=DIALECT).find_all(exp.Table, exp.Subquery)}
    assert [alias for alias in aliases if 0 < len(alias) < SHORTEST_ALIAS] == []


@pytest.mark.parametrize(("place", "sql"), sorted(_queries().items()), ids=sorted(_queries()))
def test_no_window_function_has_a_filter(place: str, sql: str) -> None:
    """DuckDB takes the square of the rows' time for one with an order: ``case … end`` within it is as good."""
    windows = sqlglot.parse_one(sql, read=DIALECT).find_all(exp.Window)
    assert [window.sql(DIALECT) for window in windows if isinstance(window.this, exp.Filter)] == []
