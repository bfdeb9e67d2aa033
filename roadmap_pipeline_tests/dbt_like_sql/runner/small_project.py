"""A small SQL project that tests write to a folder and then break, its sources, and a database with them.

Belongs here: all that tests of the runner need, which knows no sources of its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from dbt_like_sql.runner.build import change_log
from dbt_like_sql.runner.database import transaction
from dbt_like_sql.runner.project import loading
from dbt_like_sql.runner.project.project import Project
from dbt_like_sql.runner.project.sources import Column, Sources, SourceTable

SOURCES = Sources(
    (
        SourceTable(
            "raw",
            "workflow_runs",
            "Attempts of runs.",
            ("run_id", "run_attempt"),
            (
                Column("repo", "VARCHAR", "Repository."),
                Column("run_id", "BIGINT", "Run."),
                Column("run_attempt", "INTEGER", "Attempt."),
                Column("status", "VARCHAR", "Status."),
                Column("conclusion", "VARCHAR", "Conclusion."),
                Column("pull_request_numbers", "INTEGER[]", "Pull requests."),
                Column("created_at", "TIMESTAMP", "Created (UTC)."),
                Column("updated_at", "TIMESTAMP", "Last changed (UTC)."),
                Column("payload", "JSON", "The record."),
            ),
        ),
        SourceTable(
            "raw",
            "issues",
            "Issues.",
            ("repo", "number"),
            (Column("repo", "VARCHAR", "Repository."), Column("number", "INTEGER", "Number.")),
        ),
        SourceTable(
            "raw",
            "milestones",
            "Milestones.",
            ("repo", "number"),
            (
                Column("repo", "VARCHAR", "Repository."),
                Column("number", "INTEGER", "Number."),
                Column("title", "VARCHAR", "Title."),
            ),
        ),
        SourceTable(
            "config",
            "repositories",
            "Repositories.",
            ("repo",),
            (Column("repo", "VARCHAR", "Repository as {{ it }}."),),
        ),
    ),
    change_keys={"raw.workflow_runs": "run_id"},
)

STG_RUNS = """-- One row per attempt.
select
    r.repo,
    r.run_id,
    r.run_attempt,
    r.conclusion,
    r.created_at
from raw.workflow_runs as r
"""

STAGING_YML = """\
version: 2
models:
  - name: stg_runs
    description: Attempts.
    columns:
      - name: repo
        description: Repository.
        data_tests: [not_null]
      - {name: run_id, description: Run.}
      - {name: run_attempt, description: Attempt.}
      - {name: conclusion, description: Conclusion.}
      - {name: created_at, description: Created (UTC).}
    data_tests:
      - unique_combination_of_columns:
          combination_of_columns: [run_id, run_attempt]
"""

RUNS_BY_REPO = """with counted as (
    select s.repo, count(*) as runs, avg((s.conclusion = 'success')::int) as pass_rate
    from staging.stg_runs as s
    group by s.repo
)
select counted.repo, counted.runs, counted.pass_rate from counted
"""

MARTS_YML = """\
version: 2
models:
  - name: runs_by_repo
    description: It's the number of attempts by repository.
    columns:
      - {name: repo, description: Repository., data_tests: [unique, not_null]}
      - {name: runs, description: Attempts.}
      - {name: pass_rate, description: Share of attempts that succeeded.}
"""


def small_project() -> dict[str, str]:
    """Files of a project that loads: stg_runs (table) and runs_by_repo (table) on raw.workflow_runs."""
    return {
        "models/staging/stg_runs.sql": STG_RUNS,
        "models/staging/schema.yml": STAGING_YML,
        "models/marts/runs_by_repo.sql": RUNS_BY_REPO,
        "models/marts/schema.yml": MARTS_YML,
    }


def write(directory: Path, files: dict[str, str]) -> Path:
    """Write ``files`` (text by relative path) under ``directory`` and return it."""
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return directory


def load_project(directory: Path, data_folder: Path | None = None) -> Project:
    """Load a project over :data:`SOURCES`."""
    return loading.load_project(directory, SOURCES, data_folder and data_folder / ".roadmap-cache")


@contextmanager
def new_database() -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database in memory with the tables of :data:`SOURCES`, empty, and with what building needs."""
    with duckdb.connect(":memory:") as con:
        con.execute("set TimeZone = 'UTC'")
        for schema in SOURCES.schemas:
            con.execute(f"create schema {schema}")
        for table in SOURCES.tables:
            columns = ", ".join(f"{column.name} {column.type}" for column in table.columns)
            con.execute(f"create table {table.qualified_name} ({columns})")
        for statement in change_log.missing_tables(con, SOURCES):
            con.execute(statement)
        yield con


def replace_rows(
    con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Mapping[str, Any]], *, whole_table: bool = False
) -> None:
    """Put ``rows`` in place of those with the same key, or of all, and note that where the table is followed."""
    source = SOURCES.by_name[table]
    names = [column.name for column in source.columns]
    same = " and ".join(f"stored.{name} = incoming.{name}" for name in source.key)
    typed = ", ".join(f"{column.name} {column.type}" for column in source.columns)
    with transaction(con):
        con.execute(f"create or replace temp table incoming ({typed})")
        for row in rows:
            con.execute(f"insert into incoming values ({', '.join('?' * len(names))})", [row.get(n) for n in names])
        if whole_table:
            con.execute(f"delete from {table}")
        else:
            con.execute(f"delete from {table} as stored using incoming where {same}")
        con.execute(f"insert into {table} select * from incoming")
        if table in SOURCES.change_keys and whole_table:
            change_log.note_everything(con, SOURCES, table)
        elif table in SOURCES.change_keys:
            change_log.note_changes(con, SOURCES, table, "incoming")
