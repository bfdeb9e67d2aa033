"""Which rows changed since a model last looked: versions of tables, and the keys or rows behind each version.

Belongs here: noting changes and reading them back. Every write to a table that Python fills goes through ``raw``, which
notes it here; what a model does about changes is decided in ``building`` and ``incremental``.

Tables that hold a row per run or job are followed by the runs that were written. The others are small: they are
compared as a whole (``build_state``).
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

LOGGED = {
    "raw.workflow_runs": "workflow_runs",
    "raw.workflow_jobs": "workflow_jobs",
    "raw.job_logs": "job_logs",
    "raw.run_details": "run_details",
    "derived.failure_verdicts": "failure_verdicts",
}
"""Tables of Python whose writes are noted by ``run_id``, with the name of their log in schema ``changes``."""

SCHEMAS = ("build", "changes")
"""Schemas that hold the state of building, no data of anybody."""

_TABLES = (
    "create schema build",
    "create schema changes",
    "create table build.tables (table_name varchar, version bigint, complete_from bigint, row_count bigint)",
    """create table build.models (
        model varchar, definition varchar, described varchar, inputs json, tests json, built_at timestamp
    )""",
)
_COMMENTS = {
    "table build.tables": "State of building, no data of anybody: the version of each table that models read, which"
    " moves when its rows change.",
    "column build.tables.table_name": "The table as schema.name.",
    "column build.tables.version": "Counts the changes.",
    "column build.tables.complete_from": "Whoever knows an older version can't learn from schema changes what changed.",
    "column build.tables.row_count": "Rows after the last change, of tables whose writes are noted run by run.",
    "table build.models": "State of building, no data of anybody: what each model was last built from, and what its"
    " tests found.",
    "column build.models.model": "The model as schema.name.",
    "column build.models.definition": "Hash of its SQL, configuration and tests.",
    "column build.models.described": "Hash of its descriptions.",
    "column build.models.inputs": "Versions or hashes of the tables it read, by schema.name.",
    "column build.models.tests": "What its tests found.",
    "column build.models.built_at": "When it was built (UTC, by the clock).",
}


def missing(con: "duckdb.DuckDBPyConnection") -> list[str]:
    """The statements that make the tables of this module, where they are missing."""
    if not _is_there(con, "build.models"):
        comments = [f"comment on {what} is {_literal(text)}" for what, text in _COMMENTS.items()]
        return [*_TABLES, *comments, *(line for log in LOGGED.items() for line in _new_log(*log))]
    # A file from an older version may follow fewer tables.
    return [line for log in LOGGED.items() if not _is_there(con, f"changes.{log[1]}") for line in _new_log(*log)]


def _is_there(con: "duckdb.DuckDBPyConnection", table: str) -> bool:
    import duckdb

    try:
        con.table(table)
    except duckdb.CatalogException:
        return False
    return True


def _new_log(table: str, log: str) -> Iterator[str]:
    yield f"create table changes.{log} (version bigint, run_id bigint)"
    yield from _described_log(table, log)


def _described_log(table: str, log: str) -> Iterator[str]:
    text = f"State of building, no data of anybody: what changed of {table}, until every model has taken it in."
    yield f'comment on table changes."{log}" is {_literal(text)}'
    yield f'comment on column changes."{log}".version is {_literal("Version of the table, see build.tables.")}'


def describe_log(con: "duckdb.DuckDBPyConnection", table: str, log: str) -> None:
    """Say on ``changes.<log>`` what it holds: changes of ``table`` (``schema.name``)."""
    for statement in _described_log(table, log):
        con.execute(statement)


class Versions:
    """The versions of all tables, read once: for whoever alone writes while it is used.

    Not to be used any more after an exception that took written rows back.
    """

    def __init__(self, con: "duckdb.DuckDBPyConnection") -> None:
        self._con = con
        self._counted: set[str] = set()
        rows = con.execute("select table_name, version, complete_from, row_count from build.tables").fetchall()
        self._known: dict[str, tuple[int, int, int | None]] = {row[0]: row[1:] for row in rows}

    def of(self, table: str) -> tuple[int, int]:
        """Version of ``table``, and the version from which on its log is complete. (0, 0) for a table never written.

        Rows that were written around the log (by hand, from another tool) show in the number of rows: then everything
        may have changed.
        """
        if table in LOGGED and table not in self._counted:
            self._counted.add(table)
            if self._entry(table)[2] != _count(self._con, table):
                self.note_everything(table)
        return self._entry(table)[:2]

    def advance(self, table: str, *, complete: bool) -> int:
        """Note a new version of ``table`` and return it; ``complete``: its changed rows are in its log. Belongs into
        the transaction of the write."""
        last, complete_from, _ = self._entry(table)
        version = last + 1
        rows = _count(self._con, table) if table in LOGGED else None
        if table in self._known:
            self._con.execute("delete from build.tables where table_name = ?", [table])
        self._known[table] = version, complete_from if complete and last else version, rows
        self._con.execute("insert into build.tables values (?, ?, ?, ?)", [table, *self._known[table]])
        return version

    def note_everything(self, table: str) -> None:
        """Note that any row of ``table`` may have changed: whoever reads it must read all of it."""
        self.advance(table, complete=False)
        if table in LOGGED:
            self._con.execute(f"delete from changes.{LOGGED[table]}")  # noqa: S608

    def _entry(self, table: str) -> tuple[int, int, int | None]:
        return self._known.get(table, (0, 0, None))


def note_runs(con: "duckdb.DuckDBPyConnection", table: str, runs: str) -> None:
    """Note that rows of ``runs`` (a SELECT of run ids, or a relation with a column run_id) were written or deleted.

    Belongs into the transaction of the write. While nothing has been built yet there is nobody to note it for.
    """
    if not _built_anything(con):
        note_everything(con, table)
        return
    version = Versions(con).advance(table, complete=True)
    con.execute(f"insert into changes.{LOGGED[table]} select distinct {version}, run_id from {runs}")  # noqa: S608


def note_everything(con: "duckdb.DuckDBPyConnection", table: str) -> None:
    """As :meth:`Versions.note_everything`, for a write alone."""
    Versions(con).note_everything(table)


def forget(con: "duckdb.DuckDBPyConnection", log: str, until: int) -> None:
    """Drop what everybody has seen: versions up to ``until`` of ``changes.<log>``."""
    con.execute(f'delete from changes."{log}" where version <= ?', [until])  # noqa: S608


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _built_anything(con: "duckdb.DuckDBPyConnection") -> bool:
    return bool(con.execute("select 1 from build.models limit 1").fetchall())


def _count(con: "duckdb.DuckDBPyConnection", table: str) -> int:
    return int(con.execute(f"select count(*) from {table}").fetchall()[0][0])  # noqa: S608
