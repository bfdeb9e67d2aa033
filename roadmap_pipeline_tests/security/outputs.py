"""Everything that commands leave behind, as text to search: databases, files, archives.

Belongs here: how each kind of file is opened, so that no compression hides what it holds.
"""

import gzip
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb


def texts(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield every file below ``folder`` and what it holds: its bytes as text, and the rows of a database's tables."""
    # All of them first: whoever opens a database clears away the files beside it.
    files = {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    for path, data in files.items():
        name = str(path.relative_to(folder))
        yield name, data.decode("latin-1")
        if path.suffix == ".gz":
            yield f"{name} (unpacked)", gzip.decompress(data).decode("latin-1")
        elif path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                for member in archive.namelist():
                    yield f"{name}/{member}", archive.read(member).decode("latin-1")
        elif path.suffix == ".parquet":
            with duckdb.connect() as con:
                yield name, _rows(con, f"select * from read_parquet('{path}')")
        elif data.startswith(b"SQLite format 3"):
            yield from _sqlite(path, name)
        elif data[8:12] == b"DUCK":
            yield from _duckdb(path, name)


def _sqlite(path: Path, name: str) -> Iterator[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as con:
        tables = [row[0] for row in con.execute("select name from sqlite_master where type = 'table'")]
        for table in tables:
            yield f"{name}: {table}", "\n".join(map(str, con.execute(f'select * from "{table}"')))


def _duckdb(path: Path, name: str) -> Iterator[tuple[str, str]]:
    with duckdb.connect(str(path), read_only=True) as con:
        tables = con.execute(
            "select schema_name, table_name from duckdb_tables() union all"
            " select schema_name, view_name from duckdb_views() where not internal"
        ).fetchall()
        for schema, table in tables:
            yield f"{name}: {schema}.{table}", _rows(con, f'select * from "{schema}"."{table}"')


def _rows(con: duckdb.DuckDBPyConnection, sql: str) -> str:
    relation = con.sql(f"select to_json(rows)::varchar from ({sql}) as rows")
    return "\n".join(row[0] for row in relation.fetchall())
