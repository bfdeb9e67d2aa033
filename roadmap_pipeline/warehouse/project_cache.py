"""The SQL project as it was parsed, kept beside its files as Python keeps bytecode beside source.

Belongs here: when what is kept is still right, and where it lies. What it is says ``project``, how it is made
``project_parser``, which a process that finds it kept never imports.

It lies in the project's ``__pycache__``, and what goes for .pyc files goes for it: ``sys.dont_write_bytecode`` and
``sys.pycache_prefix`` hold, it may be deleted at any time, and where it can't be written every process parses. It is a
pickle, and unpickling runs what the file says; so does importing the package's own .pyc files, which are trusted for
the same reason: who may write to that folder may write the sources. The digest finds damage, not malice.
"""

import hashlib
import os
import pickle
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from importlib.util import cache_from_source, find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from roadmap_pipeline.warehouse.project import Project

_ENDINGS = (".sql", ".csv", ".yml", ".yaml")
_LIBRARIES = ("sqlglot", "yaml", "pydantic")
_DIGEST_BYTES = hashlib.sha256().digest_size


def cached(directory: Path, parse: "Callable[[Path], Project]") -> "Project":
    """What ``parse`` made of ``directory`` when it last looked like this, or makes of it now.

    Raises what ``parse`` raises, each time: an error isn't kept. No state of the kept file is an error.
    """
    try:
        key, file = _key(directory, _LOADED_CODE), cache_file(directory)
    except (OSError, NotImplementedError):  # files that can't be read; an interpreter that keeps no bytecode
        return parse(directory)
    project = _read(file, key)
    if project is None:
        project = parse(directory)
        with suppress(OSError):
            # What changed meanwhile may have been read before or after; and code that was loaded long ago may differ
            # from what is there now.
            if not sys.dont_write_bytecode and _key(directory, _code()) == key:
                _write(file, key, project)
    return project


def cache_file(directory: Path) -> Path:
    """Where the project in ``directory`` is kept, one file for each version of Python.

    Raises NotImplementedError when the interpreter keeps no bytecode.
    """
    return Path(cache_from_source(str(directory / "project.py"))).with_suffix(".pickle")


def _key(directory: Path, code: bytes) -> bytes:
    """A hash of all that decides what parsing gives: the files, by content; where they are, since their paths are part
    of it; and what parses them. Raises OSError when a file can't be read."""
    fixed = (code, _libraries(), sys.version.encode(), os.fsencode(directory))
    return _digest((*fixed, *_contents(_files(directory))))


def _files(directory: Path) -> Iterator[Path]:
    # Folder by folder: one that is a link is read, as the parser does; links further down aren't followed by either.
    for folder in directory.iterdir():
        for parent, _, names in os.walk(folder):
            yield from (Path(parent, name) for name in names if name.lower().endswith(_ENDINGS))


def _code() -> bytes:
    return _digest(_contents(Path(__file__).resolve().parent.glob("*.py")))


def _libraries() -> bytes:
    """A hash of the names of all ``.dist-info`` folders beside the libraries that parse: they tell the versions, and
    those of what the libraries rest on. Importing ``importlib.metadata`` takes longer than all else here."""
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


def _read(file: Path, key: bytes) -> "Project | None":
    try:
        content = file.read_bytes()
    except OSError:
        return None
    digest, pickled = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    if digest != _digest((key, pickled)):  # other files or other code, cut short, damaged, or something else
        return None
    project: Project = pickle.loads(pickled)  # noqa: S301 - as trusted as the .pyc files, see above
    return project


def _write(file: Path, key: bytes, project: "Project") -> None:
    pickled = pickle.dumps(project, pickle.HIGHEST_PROTOCOL)
    file.parent.mkdir(parents=True, exist_ok=True)
    # Under a name of its own until it is whole: others read and write at the same time.
    beside = file.with_name(f"{file.name}.{os.urandom(8).hex()}")
    try:
        beside.write_bytes(_digest((key, pickled)) + pickled)
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)


# Taken when the code is loaded: a process that outlives a change of the source goes on with what it has.
_LOADED_CODE = _code()
