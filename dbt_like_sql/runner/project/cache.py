"""The SQL project as it was parsed, kept so that not every process parses it.

Belongs here: when what is kept is still right, and where it lies. Its type is in ``project``, making it in ``parser``,
which a process that finds it kept never imports.

It lies in the project's ``__pycache__``, and what goes for .pyc files goes for it there: ``sys.dont_write_bytecode``
and ``sys.pycache_prefix`` hold. Where it can't be written there (images of containers set ``PYTHONDONTWRITEBYTECODE``,
and what is installed may be for reading only) it lies where the project keeps its data. It may be deleted at any time,
and where neither place can be written every process parses.

It is a pickle, and unpickling runs what the file says. So does importing the package's own .pyc files, which are
trusted for the same reason: who may write to that folder may write the sources. Others may be able to write where the
data are: there only a file counts that belongs to whoever runs this, or to root, and that nobody else may write. The
digest finds damage, not malice.
"""

import hashlib
import os
import pickle
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from importlib.util import cache_from_source, find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt_like_sql.runner.project.project import Project
    from dbt_like_sql.runner.project.sources import Sources

_RUNNER = Path(__file__).resolve().parents[1]
_ENDINGS = (".sql", ".csv", ".yml", ".yaml", ".md")
_LIBRARIES = ("sqlglot", "yaml", "pydantic")
_DIGEST_BYTES = hashlib.sha256().digest_size


def cached(
    directory: Path,
    sources: "Sources",
    parse: "Callable[[Path, Sources], Project]",
    own_folder: Path | None = None,
) -> "Project":
    """Return what ``parse`` made of ``directory`` when it last looked like this, or makes of it now.

    It raises what ``parse`` raises, each time: an error isn't kept. No state of a kept file is an error.

    Args:
        directory: The project's folder.
        sources: The source tables; with others the project is parsed anew.
        parse: Reads the project.
        own_folder: The folder for what is kept, where the project's owner keeps data; it is made where the folder that
            holds it exists.
    """
    try:
        key = _key(directory, sources, _LOADED_CODE)
    except OSError:  # files that can't be read
        return parse(directory, sources)
    beside, in_data = _beside_sources(directory), _in_data(own_folder)
    for file, trusted in ((beside, True), (in_data, False)):
        if file is not None and (kept := _read(file, key, trusted=trusted)) is not None:
            return kept
    project = parse(directory, sources)
    with suppress(OSError):
        # What changed meanwhile may have been read before or after; and code that was loaded long ago may differ
        # from what is there now.
        if _key(directory, sources, _code()) == key:
            places = (None if sys.dont_write_bytecode else beside, in_data)
            any(_write(file, key, project) for file in places if file is not None)
    return project


def cache_file(directory: Path) -> Path:
    """Return the file beside the project in ``directory`` that keeps it, one for each version of Python.

    Raises:
        NotImplementedError: The interpreter keeps no bytecode.
    """
    return Path(cache_from_source(str(directory / "project.py"))).with_suffix(".pickle")


def _beside_sources(directory: Path) -> Path | None:
    try:
        return cache_file(directory)
    except NotImplementedError:
        return None


def _in_data(own_folder: Path | None) -> Path | None:
    if own_folder is None or not own_folder.parent.is_dir():
        return None
    return own_folder / f"project.{sys.implementation.cache_tag or sys.implementation.name}.pickle"


def _key(directory: Path, sources: "Sources", code: bytes) -> bytes:
    """Return a hash of all that decides what parsing gives.

    That is the files, by content; where they are, since their paths are part of it; the source tables; and what parses
    them.

    Raises:
        OSError: A file can't be read.
    """
    fixed = (code, _libraries(), sys.version.encode(), os.fsencode(directory), repr(sources).encode())
    return _digest((*fixed, *_contents(_files(directory))))


def _files(directory: Path) -> Iterator[Path]:
    # Folder by folder: one that is a link is read, as the parser does; links further down aren't followed by either.
    for folder in directory.iterdir():
        for parent, _, names in os.walk(folder):
            yield from (Path(parent, name) for name in names if name.lower().endswith(_ENDINGS))


def _code() -> bytes:
    """Return a hash of the runner's source: which of its modules parsing leads through isn't told apart."""
    return _digest(_contents(_RUNNER.rglob("*.py")))


def _libraries() -> bytes:
    """Return a hash of the names of all ``.dist-info`` folders beside the libraries that parse.

    They tell the versions, and those of what the libraries rest on. Importing ``importlib.metadata`` takes longer than
    all else here.
    """
    origins = [spec.origin for name in _LIBRARIES if (spec := find_spec(name)) and spec.origin]
    folders = {Path(origin).parents[1] for origin in origins}
    return _digest(sorted(os.fsencode(info.name) for folder in folders for info in folder.glob("*-info")))


def _contents(paths: Iterable[Path]) -> Iterator[bytes]:
    for path in sorted(paths):
        yield os.fsencode(path)
        yield path.read_bytes()


def _digest(parts: Iterable[bytes]) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(b"%d:" % len(part))  # where one part ends can't be mistaken
        digest.update(part)
    return digest.digest()


def _read(file: Path, key: bytes, *, trusted: bool) -> "Project | None":
    try:
        with file.open("rb") as opened:
            if not trusted and not _is_ones_own(os.fstat(opened.fileno())):
                return None
            content = opened.read()
    except OSError:
        return None
    digest, pickled = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    if digest != _digest((key, pickled)):  # other files or other code, cut short, damaged, or something else
        return None
    project: Project = pickle.loads(pickled)  # noqa: S301 - as trusted as the sources, see above
    return project


def _is_ones_own(status: os.stat_result) -> bool:
    # Windows has neither owners nor modes that Python knows of: there nothing is taken from where the data are.
    owners = {0, os.geteuid()} if hasattr(os, "geteuid") else set()
    return status.st_uid in owners and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _write(file: Path, key: bytes, project: "Project") -> bool:
    """Keep the project in ``file``, whole or not at all; return whether that was possible."""
    pickled = pickle.dumps(project, pickle.HIGHEST_PROTOCOL)
    # Under a name of its own until it is whole: others read and write at the same time.
    beside = file.with_name(f"{file.name}.{os.urandom(8).hex()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(beside, "xb", opener=_for_oneself) as written:
                written.write(_digest((key, pickled)) + pickled)
            beside.replace(file)
        finally:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
    except OSError:
        return False
    return True


def _for_oneself(path: str, flags: int) -> int:
    # Whatever the umask: what others may write is not trusted when it is read.
    return os.open(path, flags, 0o644)


# Taken when the code is loaded: a process that outlives a change of the source goes on with what it has.
_LOADED_CODE = _code()
