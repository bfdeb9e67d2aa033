"""How a table that Python fills is declared.

Belongs here: the types of a declaration, and the columns that many tables share. The tables themselves stand in a file
a schema.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its DuckDB type, and what a reader must know about it."""

    name: str
    type: str
    description: str


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A table that Python fills. ``key`` names the columns by which rows are replaced (together unique)."""

    schema: str
    name: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def qualified_name(self) -> str:
        """The table as ``schema.name``."""
        return f"{self.schema}.{self.name}"


def columns(*rows: tuple[str, str, str]) -> tuple[Column, ...]:
    """Return columns from their names, types and descriptions."""
    return tuple(Column(*row) for row in rows)


REPO = ("repo", "VARCHAR", "Repository as owner/name, canonical.")
READ = (
    ("read_at", "TIMESTAMP", "When the row was read (UTC)."),
    ("source", "VARCHAR", "Where the record was read from: the API's URL without its query, or the file of a dump."),
    ("payload", "JSON", "The answer as GitHub gave it; people and repositories inside it cut to what tells them."),
)
ATTEMPT = (
    ("run_id", "BIGINT", "Workflow run; a re-run is another attempt of the same run_id."),
    ("run_attempt", "INTEGER", "Attempt of the run, from 1."),
)
