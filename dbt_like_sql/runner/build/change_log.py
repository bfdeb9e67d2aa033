"""The change log: versions of tables, and the keys or rows that changed with each version.

Belongs here: noting changes and reading them back. Whoever writes to a source table that is followed
(``Sources.change_keys``) notes it here; what a model does about changes is decided in ``building`` and ``incremental``.

The big source tables are followed by the keys that were written, a run's, say. The others are compared as a whole
(``state``).
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dbt_like_sql.runner.database import count_rows, identifier, literal

if TYPE_CHECKING:
    import duckdb

    from dbt_like_sql.runner.project.sources import Sources

SCHEMAS = ("build", "changes")
"""The schemas that hold the state of building, no data of anybody."""

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


def missing_tables(con: "duckdb.DuckDBPyConnection", sources: "Sources") -> list[str]:
    """Return the statements that make the tables of this module, where they are missing."""
    followed = sources.change_keys
    if not _is_there(con, "build.models"):
        comments = [f"comment on {what} is {literal(text)}" for what, text in _COMMENTS.items()]
        return [*_TABLES, *comments, *(line for table in followed for line in _new_log(sources, table))]
    # A file from an older version may follow fewer tables.
    new = [table for table in followed if not _is_there(con, log_of(table))]
    return [line for table in new for line in _new_log(sources, table)]


def definition(sources: "Sources") -> str:
    """Return a text that differs when :func:`missing_tables` would make other tables."""
    return repr((_TABLES, sorted(sources.change_keys.items())))


def log_of(table: str) -> str:
    """Return the SQL name of the log of ``table`` (``schema.name``)."""
    return f"changes.{identifier(table.split('.')[1])}"


def _is_there(con: "duckdb.DuckDBPyConnection", table: str) -> bool:
    import duckdb

    try:
        con.table(table)
    except duckdb.CatalogException:
        return False
    return True


def _new_log(sources: "Sources", table: str) -> Iterator[str]:
    key = sources.change_keys[table]
    (type_,) = (column.type for column in sources.by_name[table].columns if column.name == key)
    yield f"create table {log_of(table)} (version bigint, {identifier(key)} {type_})"
    yield from _log_comments(table)


def _log_comments(table: str) -> Iterator[str]:
    text = f"State of building, no data of anybody: what changed of {table}, until every model has taken it in."
    yield f"comment on table {log_of(table)} is {literal(text)}"
    yield f"comment on column {log_of(table)}.version is {literal('Version of the table, see build.tables.')}"


def describe_log(con: "duckdb.DuckDBPyConnection", table: str) -> None:
    """Write on the log of ``table`` (``schema.name``) what it holds."""
    for statement in _log_comments(table):
        con.execute(statement)


class Versions:
    """The versions of all tables, read once: for whoever alone writes while it is used.

    Not to be used any more after an exception that took written rows back.
    """

    def __init__(self, con: "duckdb.DuckDBPyConnection", sources: "Sources") -> None:
        self._con = con
        self._followed = sources.change_keys
        self._counted: set[str] = set()
        rows = con.execute("select table_name, version, complete_from, row_count from build.tables").fetchall()
        self._known: dict[str, tuple[int, int, int | None]] = {row[0]: row[1:] for row in rows}

    def of(self, table: str) -> tuple[int, int]:
        """Return the version of ``table``, and that from which on its log is complete; (0, 0) if it was never written.

        Rows that were written around the log (by hand, from another tool) show in the number of rows: then everything
        may have changed.
        """
        if table in self._followed and table not in self._counted:
            self._counted.add(table)
            if self._entry(table)[2] != count_rows(self._con, table):
                self.note_everything(table)
        return self._entry(table)[:2]

    def advance(self, table: str, *, complete: bool) -> int:
        """Note a new version of ``table`` and return it; belongs into the transaction of the write.

        Args:
            table: The table as ``schema.name``.
            complete: Whether its changed rows are in its log.
        """
        last, complete_from, _ = self._entry(table)
        version = last + 1
        rows = count_rows(self._con, table) if table in self._followed else None
        if table in self._known:
            self._con.execute("delete from build.tables where table_name = ?", [table])
        self._known[table] = version, complete_from if complete and last else version, rows
        self._con.execute("insert into build.tables values (?, ?, ?, ?)", [table, *self._known[table]])
        return version

    def note_everything(self, table: str) -> None:
        """Note that any row of ``table`` may have changed: whoever reads it must read all of it."""
        self.advance(table, complete=False)
        if table in self._followed:
            self._con.execute(f"delete from {log_of(table)}")  # noqa: S608

    def _entry(self, table: str) -> tuple[int, int, int | None]:
        return self._known.get(table, (0, 0, None))


def note_changes(con: "duckdb.DuckDBPyConnection", sources: "Sources", table: str, keys: str) -> None:
    """Note that rows of ``table`` were written or deleted, those of ``keys``.

    Belongs into the transaction of the write. While nothing has been built yet there is nobody to note it for.

    Args:
        con: The connection that wrote.
        sources: All source tables.
        table: The one that was written, as ``schema.name``; it must be followed.
        keys: A relation with the table's change key for a column, or a SELECT in parentheses that gives one.
    """
    if not _built_anything(con):
        note_everything(con, sources, table)
        return
    version = Versions(con, sources).advance(table, complete=True)
    key = identifier(sources.change_keys[table])
    con.execute(f"insert into {log_of(table)} select distinct {version}, {key} from {keys}")  # noqa: S608


def note_everything(con: "duckdb.DuckDBPyConnection", sources: "Sources", table: str) -> None:
    """Note that any row of ``table`` may have changed, as :meth:`Versions.note_everything`, for a write alone."""
    Versions(con, sources).note_everything(table)


def forget(con: "duckdb.DuckDBPyConnection", table: str, until: int) -> None:
    """Drop what every model has taken in: versions up to ``until`` from the log of ``table`` (``schema.name``)."""
    con.execute(f"delete from {log_of(table)} where version <= ?", [until])  # noqa: S608


def _built_anything(con: "duckdb.DuckDBPyConnection") -> bool:
    return bool(con.execute("select 1 from build.models limit 1").fetchall())
