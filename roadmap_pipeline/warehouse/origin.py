"""Keeping simulated and real data apart: a warehouse holds one or the other.

Belongs here: the mark in the file, and what happens when the other kind of data is about to be stored in it. Numbers
over all repositories would be wrong the moment both were in one file.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.interruption import shielded
from roadmap_pipeline.warehouse.connection import connect, is_file, prepare_file, scalar, shown_path, transaction
from roadmap_pipeline.warehouse.snapshot import snapshot_path
from roadmap_pipeline.warehouse.source_tables import TABLES, replace_table

Origin = Literal["sandbox", "real"]

# Notes of what could not be read tell nothing of where rows would come from.
_HOLDS_ROWS = " or ".join(
    f"exists (from {table.qualified_name})"
    for table in TABLES
    if table.schema == "raw" and table.name not in ("read_failures", "http_cache")
)


def stored_origin(path: str | Path) -> Origin | None:
    """Return what the rows of the warehouse stand for; None for one that does not exist or holds nothing yet."""
    if is_file(path) and not Path(path).exists():
        return None
    with connect(path) as con:
        found: Origin | None = scalar(con, f"select origin from config.origin where {_HOLDS_ROWS}")  # noqa: S608
    return found


def gives_way(path: str | Path, origin: Origin) -> bool:
    """Return whether the warehouse holds the sandbox's data, which give way to ``origin``'s.

    Raises :class:`ConfigurationError` for real data, which don't give way, and where there is no file to rename.
    """
    found = stored_origin(path)
    if found == "real" and origin == "sandbox":
        raise ConfigurationError(
            f"{shown_path(path)} holds real data and no credentials are set: set GITHUB_TOKEN and GITHUB_REPOSITORY"
            " (and NOTION_API_KEY, NOTION_PARENT_PAGE_ID), or set ROADMAP_WAREHOUSE to another file to play with the"
            " sandbox"
        )
    if found != "sandbox" or origin != "real":
        return False
    if not is_file(path):
        raise ConfigurationError(
            f"{shown_path(path)} holds the sandbox's data: set ROADMAP_WAREHOUSE to another database"
        )
    return True


def claim(path: str | Path, origin: Origin) -> str | None:
    """Mark the warehouse as holding ``origin``'s data, at once before the first row of them is stored.

    A file with the sandbox's data gives way to real data: it is renamed, since a run makes it again at any time.
    Returns the sentence that says so. Raises :class:`ConfigurationError` the other way round.
    """
    note = _set_aside(Path(path)) if gives_way(path, origin) else None
    with connect(path) as con:
        if scalar(con, "select origin from config.origin") != origin:
            with transaction(con):
                replace_table(con, "config.origin", [{"origin": origin}])
    return note


@contextmanager
def room_for_real(path: str | Path, has_rows: Callable[[], bool]) -> Iterator[tuple[str | Path, list[str]]]:
    """Give the file in which to store real data, and the list that gets a sentence when another one gave way to it.

    That is the warehouse, or where it holds the sandbox's data or does not exist yet a new file, which takes its place
    at the end when it ``has_rows``; otherwise all is as it was.
    """
    notes: list[str] = []
    is_new = is_file(path) and not Path(path).exists()
    if not (gives_way(path, "real") or is_new):
        yield path, notes
        if has_rows():
            claim(path, "real")
        return
    path = Path(path)
    prepare_file(path)
    incoming = path.with_name(f"{path.stem}.incoming{path.suffix}")
    _remove(incoming)
    try:
        yield incoming, notes
    finally:
        with shielded():
            if has_rows():
                claim(incoming, "real")
                if not is_new:
                    notes.append(_set_aside(path))
                incoming.replace(path)
            _remove(incoming)


def require(path: str | Path, origin: Origin) -> None:
    """Refuse to write ``origin``'s side outside from a warehouse with the other data: :class:`ConfigurationError`."""
    if stored_origin(path) == "sandbox" and origin == "real":
        raise ConfigurationError(
            f"{shown_path(path)} holds the sandbox's simulated data:"
            " run `roadmap run` or `roadmap ingest` to read the real ones"
        )


def _set_aside(path: Path) -> str:
    aside = path.with_name(f"{path.stem}.sandbox{path.suffix}")
    path.replace(aside)
    # What readers open would still show the simulated numbers.
    snapshot_path(path).unlink(missing_ok=True)
    return (
        f"{path} held the sandbox's simulated data; it is now {aside.name}. To go back, rename it to {path.name} again"
        " and run `roadmap build` without credentials"
    )


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.with_name(path.name + ".wal").unlink(missing_ok=True)
