"""The address of a lake, as ``ROADMAP_WAREHOUSE`` gives it.

Belongs here: taking it apart, and showing it without credentials. Opening what it names is in ``attaching``.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from roadmap_pipeline.errors import ConfigurationError

_PREFIX = "ducklake:"
_CREDENTIAL = re.compile(
    r"(?i)([\w-]*(?:password|passwd|token|secret|key)[\w-]*\s*=\s*)(?:'(?:[^'\\]|\\.)*'|[^\s&;'\"]+)"
    r"|(://[^\s:/@]*:)[^\s@]+(?=@)"
)
_OPTION = re.compile(r"[?&](data_path|schema|snapshot)=([^&\s]*)")
_PASSWORD = re.compile(r"(?i)\s*\bpassword\s*=\s*(?:'((?:[^'\\]|\\.)*)'|(\S+))")
_EXAMPLE = "ducklake:postgres:dbname=lake host=db.example?data_path=s3://bucket/folder"


def is_lake(warehouse: str | Path) -> bool:
    """Return whether ``warehouse`` names a DuckLake database."""
    return str(warehouse).startswith(_PREFIX)


def without_credentials(text: str) -> str:
    """Return ``text`` with stars in the place of passwords, tokens and keys."""
    return _CREDENTIAL.sub(lambda match: f"{match[1] or match[2]}***", text)


@dataclass(frozen=True, slots=True)
class LakeAddress:
    """The parts of an address.

    Attributes:
        connection: PostgreSQL's connection string, as libpq reads it, without a password.
        password: The password that it held.
        data_path: The folder or bucket of the rows; None where the catalog is to tell it.
        schema: The schema of PostgreSQL that holds the catalog.
        snapshot: The snapshot to read; None for the newest.
    """

    connection: str
    password: str | None = field(default=None, repr=False)
    data_path: str | None = None
    schema: str = "public"
    snapshot: int | None = None

    @property
    def is_on_s3(self) -> bool:
        """True unless the rows are known to be elsewhere than in a bucket."""
        return self.data_path is None or self.data_path.startswith("s3://")


def parse(warehouse: str | Path) -> LakeAddress:
    """Return the parts of ``ducklake:postgres:CONNECTION?data_path=PLACE``.

    Raises:
        ConfigurationError: It isn't written like that.
    """
    text = str(warehouse).removeprefix(_PREFIX)
    kind, _, connection = text.partition(":")
    if kind == "postgresql":  # an URL alone
        kind, connection = "postgres", text
    if kind != "postgres":
        raise ConfigurationError(
            f"ROADMAP_WAREHOUSE: a lake's catalog is in PostgreSQL: write {_EXAMPLE}, not"
            f" {without_credentials(str(warehouse))}"
        )
    options = dict(_OPTION.findall(connection))
    connection = _without_options(connection)
    schema = options.get("schema") or "public"
    if not re.fullmatch(r"[A-Za-z_]\w*", schema):
        raise ConfigurationError(f"ROADMAP_WAREHOUSE: schema={schema} is no name of a schema in PostgreSQL")
    snapshot = options.get("snapshot")
    if snapshot is not None and not snapshot.isdecimal():
        raise ConfigurationError(f"ROADMAP_WAREHOUSE: snapshot={snapshot} is no number of a snapshot")
    bare, password = _without_password(connection)
    if not bare:
        raise ConfigurationError(f"ROADMAP_WAREHOUSE names no database of PostgreSQL: write {_EXAMPLE}")
    return LakeAddress(
        bare, password, options.get("data_path") or None, schema, None if snapshot is None else int(snapshot)
    )


def at_snapshot(warehouse: str | Path, snapshot: int) -> str:
    """Return the address of one snapshot of the lake ``warehouse``."""
    text = str(warehouse)
    return f"{text}{'&' if '?' in text else '?'}snapshot={snapshot}"


def _without_options(connection: str) -> str:
    """Return a connection string without what is ours; parameters of an URL for PostgreSQL itself stay."""
    rest = _OPTION.sub("", connection)
    if "&" in rest and "?" not in rest and "://" in rest:
        rest = rest.replace("&", "?", 1)
    return rest.strip()


def _without_password(connection: str) -> tuple[str, str | None]:
    """Return a connection string without its password, and that."""
    if "://" in connection:
        from urllib.parse import unquote

        match = re.match(r"(\w+://[^\s:/@]*):([^\s/?]*)@", connection)
        if match is None:
            return connection, None
        return f"{match[1]}@{connection[match.end() :]}", unquote(match[2])
    match = _PASSWORD.search(connection)
    if match is None:
        return connection, None
    password = match[2] if match[1] is None else re.sub(r"\\(.)", r"\1", match[1])
    return _PASSWORD.sub("", connection).strip(), password
