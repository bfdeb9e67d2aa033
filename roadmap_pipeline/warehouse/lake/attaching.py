"""Opening a lake: DuckDB's extensions, credentials in memory, the attached database.

Belongs here: what is needed before the first statement on a lake. Who may write when is in ``locks``.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dbt_like_sql.runner.database import identifier, literal
from roadmap_pipeline.warehouse.errors import WarehouseError
from roadmap_pipeline.warehouse.lake.address import LakeAddress, parse, without_credentials

if TYPE_CHECKING:
    import duckdb

CATALOG = "roadmap"
"""The name under which a lake is attached; not that of a schema, which would make ``schema.table`` ambiguous."""
_EXTENSIONS = ("ducklake", "postgres_scanner")
_EXTENSION_OF_S3 = "httpfs"
REMEDY = "pip install -c constraints-lake.txt 'roadmap_pipeline[lake]', which is DuckDB 1.5.5 with its extensions"


def open_lake(warehouse: str | Path, *, read_only: bool = False, at: int | None = None) -> "duckdb.DuckDBPyConnection":
    """Return a connection whose names mean the tables of the lake; the caller closes it.

    Args:
        warehouse: ``ducklake:postgres:…``.
        read_only: Whether nothing can be written.
        at: The snapshot that is read; None for the newest, statement by statement.

    Raises:
        ConfigurationError: It is no address of a lake.
        WarehouseError: It can't be opened, in one line.
    """
    import duckdb

    address = parse(warehouse)
    con = duckdb.connect(":memory:")
    try:
        attach_lake(con, address, CATALOG, read_only=read_only, at=at)
        con.execute(f"use {CATALOG}.main")
    except BaseException:
        con.close()
        raise
    return con


def attach_lake(
    con: "duckdb.DuckDBPyConnection", address: LakeAddress, name: str, *, read_only: bool, at: int | None = None
) -> None:
    """Attach a lake to a database in memory as ``name``; arguments and errors as :func:`open_lake`."""
    import duckdb

    with _explained(address):
        for extension in (*_EXTENSIONS, *([_EXTENSION_OF_S3] if address.is_on_s3 else [])):
            _load(con, extension)
    with _explained(address):
        if address.is_on_s3:
            con.execute(s3_secret(os.environ, address.data_path))
        options = [f"metadata_schema {literal(address.schema)}"]
        if address.password is not None:
            con.execute(
                f"create or replace secret roadmap_catalog (type postgres, password {literal(address.password)})"
            )
            options.append("meta_secret 'roadmap_catalog'")
        if address.data_path is not None:
            options.append(f"data_path {literal(address.data_path)}")
        if read_only:
            options.append("read_only")
        if at is not None:
            options.append(f"snapshot_version {at}")
        # What fails after an attached lake was used says what is wrong with the lake, not with its extension.
        try:
            source = literal(f"ducklake:postgres:{address.connection}")
            con.execute(f"attach {source} as {identifier(name)} ({', '.join(options)})")
        except duckdb.Error as error:
            if "extension" in str(error).lower() and "load" in str(error).lower():
                raise WarehouseError(_without_extension(_EXTENSIONS[0])) from None
            raise


@contextmanager
def _explained(address: LakeAddress) -> Iterator[None]:
    """Say in one line, without credentials, why a lake can't be opened."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        message = without_credentials(" ".join(str(error).split()))
        if address.password:
            message = message.replace(address.password, "***")
        raise WarehouseError(
            f"The warehouse ducklake:postgres:{without_credentials(address.connection)} can't be opened: {message}"
        ) from None


def _load(con: "duckdb.DuckDBPyConnection", extension: str) -> None:
    """Load an extension from its wheel, without copying it anywhere; or as it was installed by hand.

    Raises:
        WarehouseError: There is none for this DuckDB.
    """
    import duckdb

    try:
        con.execute(f"load {literal(str(_in_wheel(extension) or extension))}")
    except duckdb.Error as error:
        raise WarehouseError(_without_extension(extension)) from error


def _in_wheel(extension: str) -> Path | None:
    import duckdb

    spec = find_spec(f"duckdb_extension_{extension}")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        file = Path(folder) / "extensions" / f"v{duckdb.__version__}" / f"{extension}.duckdb_extension"
        if file.exists():
            return file
    return None


def _without_extension(extension: str) -> str:
    import duckdb

    return (
        f"ROADMAP_WAREHOUSE names a lake, and DuckDB {duckdb.__version__}, which is installed here, has no extension"
        f" {extension}: {REMEDY}"
    )


def s3_secret(environment: Mapping[str, str], data_path: str | None) -> str:
    """Return the statement that keeps the credentials of the storage in memory, from the variables of AWS."""
    names = {
        "key_id": "AWS_ACCESS_KEY_ID",
        "secret": "AWS_SECRET_ACCESS_KEY",
        "session_token": "AWS_SESSION_TOKEN",
    }
    parts = [f"{part} {literal(environment[name])}" for part, name in names.items() if environment.get(name)]
    region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION")
    if region:
        parts.append(f"region {literal(region)}")
    endpoint = environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL")
    if endpoint:
        url = urlsplit(endpoint)
        parts += [
            f"endpoint {literal(url.netloc + url.path.rstrip('/'))}",
            f"use_ssl {literal(url.scheme != 'http')}",
            "url_style 'path'",
        ]
    if data_path is not None:  # no other bucket gets them
        parts.append(f"scope {literal(data_path)}")
    return f"create or replace secret roadmap_storage (type s3, {', '.join(parts)})" if parts else "select 1"
