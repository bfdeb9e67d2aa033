"""Declarations of tables that Python fills.

Belongs here: the columns that many tables share; the types of a declaration are the runner's. The tables themselves
stand in a file a schema.
"""

from dbt_like_sql.runner.project.sources import Column, SourceTable

__all__ = ["ATTEMPT", "READ", "REPO", "Column", "SourceTable", "columns"]


def columns(*rows: tuple[str, str, str]) -> tuple[Column, ...]:
    """Return columns from their names, types and descriptions."""
    return tuple(Column(*row) for row in rows)


REPO = ("repo", "VARCHAR", "Repository as owner/name, canonical.")
READ = (
    ("read_at", "TIMESTAMP", "When the row was read (UTC)."),
    ("source", "VARCHAR", "Where the record was read from: the API's URL without its query, or the file of a dump."),
    (
        "payload",
        "JSON",
        "The answer as GitHub gave it; people and repositories inside it cut to what tells them. Once"
        " retention.keep_payload_days have passed NULL, or an object with cut_at and what models read.",
    ),
)
ATTEMPT = (
    ("run_id", "BIGINT", "Workflow run; a re-run is another attempt of the same run_id."),
    ("run_attempt", "INTEGER", "Attempt of the run, from 1."),
)
