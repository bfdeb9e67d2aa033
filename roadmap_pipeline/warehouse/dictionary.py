"""The data dictionary: every table and column with its description, as Markdown.

Belongs here: laying it out. The descriptions themselves are in ``source_tables`` and in the models' ``.yml`` files.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dbt_like_sql.runner.project.sources import SourceTable
from roadmap_pipeline.warehouse import source_tables

if TYPE_CHECKING:
    from roadmap_pipeline.warehouse.models import Project, SqlModel


def data_dictionary(project: "Project") -> str:
    """Return all tables by schema as Markdown: sources first, with their types, then models in build order."""
    lines = [
        "# Data dictionary",
        "",
        "Times are UTC; rates are fractions from 0 to 1; `'*'` is all repositories together.",
        "",
        "The warehouse itself has two more schemas, `build` and `changes`, which the readers' snapshot leaves out: what"
        " a build must know of the one before. They are no data of anybody and change with any version: comments on"
        " their tables say what is in them.",
    ]
    for schema in dict.fromkeys(table.schema for table in source_tables.TABLES):
        lines += ["", f"## {schema}"]
        for table in source_tables.TABLES:
            if table.schema == schema:
                lines += _source(table)
    for schema in dict.fromkeys(model.schema for model in project.models):
        lines += ["", f"## {schema}"]
        for model in project.models:
            if model.schema == schema:
                lines += _model(model)
    return "\n".join(lines) + "\n"


def dictionary_rows(project: "Project") -> Iterator[dict[str, str | None]]:
    """Yield a row for each column of each table, in the order of the Markdown; types are told of sources only."""
    for table in source_tables.TABLES:
        for column in table.columns:
            yield {
                "table": table.qualified_name,
                "column": column.name,
                "type": column.type,
                "description": column.description,
            }
    for model in project.models:
        for described in model.columns:
            text = " ".join(described.description.split())
            yield {"table": model.qualified_name, "column": described.name, "type": None, "description": text}


def _source(table: SourceTable) -> Iterator[str]:
    yield from ("", f"### {table.qualified_name}", "", table.description)
    if table.key:
        yield from ("", f"One row per {', '.join(f'`{name}`' for name in table.key)}.")
    yield from ("", "| column | type | description |", "|---|---|---|")
    for column in table.columns:
        yield f"| `{column.name}` | {column.type} | {_cell(column.description)} |"


def _model(model: "SqlModel") -> Iterator[str]:
    yield from ("", f"### {model.qualified_name}", "", " ".join(model.description.split()))
    if model.deps:
        yield from ("", f"Computed from {', '.join(f'`{schema}.{name}`' for schema, name in model.deps)}.")
    yield from ("", "| column | description |", "|---|---|")
    for column in model.columns:
        yield f"| `{column.name}` | {_cell(column.description)} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
