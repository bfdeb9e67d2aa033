"""Keeping simulated and real data apart: a warehouse holds one or the other.

Belongs here: the mark in the file, and what happens when the other kind of data is about to be read into it. Numbers
over all repositories would be wrong the moment both were in one file.
"""

from pathlib import Path
from typing import Literal

from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.warehouse.connection import connect, is_file, scalar, transaction
from roadmap_pipeline.warehouse.raw import replace_table
from roadmap_pipeline.warehouse.snapshot import snapshot_path

Origin = Literal["sandbox", "real"]


def stored_origin(path: str | Path) -> Origin | None:
    """What the rows of the warehouse stand for; None for one that does not exist or holds nothing yet."""
    if is_file(path) and not Path(path).exists():
        return None
    with connect(path) as con:
        found: Origin | None = scalar(con, "select origin from config.origin")
    return found


def claim(path: str | Path, origin: Origin) -> str | None:
    """Mark the warehouse as holding ``origin``'s data, before such data is read into it.

    A file with the sandbox's data gives way to real data: it is renamed, since a run makes it again at any time.
    Returns the sentence that says so. Raises :class:`ConfigurationError` the other way round.
    """
    found = stored_origin(path)
    note = None
    if found == "real" and origin == "sandbox":
        raise ConfigurationError(
            f"{path} holds real data and no credentials are set: set GITHUB_TOKEN and GITHUB_REPOSITORY"
            " (and NOTION_API_KEY, NOTION_PARENT_PAGE_ID), or set ROADMAP_WAREHOUSE to another file to play with the"
            " sandbox"
        )
    if found == "sandbox" and origin == "real":
        if not is_file(path):
            raise ConfigurationError(f"{path} holds the sandbox's data: set ROADMAP_WAREHOUSE to another database")
        note = f"{path} held the sandbox's simulated data; it is now {_set_aside(Path(path)).name}"
    if found != origin:
        with connect(path) as con, transaction(con):
            replace_table(con, "config.origin", [{"origin": origin}])
    return note


def require(path: str | Path, origin: Origin) -> None:
    """Refuse to write ``origin``'s side outside from a warehouse with the other data: :class:`ConfigurationError`."""
    found = stored_origin(path)
    if found == "sandbox" and origin == "real":
        raise ConfigurationError(
            f"{path} holds the sandbox's simulated data: run `roadmap run` or `roadmap ingest` to read the real ones"
        )


def _set_aside(path: Path) -> Path:
    aside = path.with_name(f"{path.stem}.sandbox{path.suffix}")
    path.replace(aside)
    # What readers open would still show the simulated numbers.
    snapshot_path(path).unlink(missing_ok=True)
    return aside
