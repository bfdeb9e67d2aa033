"""The files of a dump: JSON in its several arrangements and encodings, gzipped or not, and archives of logs.

Belongs here: from a path to JSON values or logs, and saying where a file is broken. What the values are belongs to
``shapes``, to which jobs the logs of an archive belong to ``archives``.

A file that is broken in one place is read as far as it can be: the lines around a broken one, the values before it,
what was unpacked of an archive that was cut. A file of which nothing can be read is an error.
"""

import gzip
import json
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

from roadmap_pipeline import decoding
from roadmap_pipeline.github.lenient_json import blanks_end, read_json, read_json_at

JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")
LOG_SUFFIXES = (".txt", ".log")
ARCHIVE_SUFFIXES = (".zip", ".tar.gz", ".tgz", ".tar")

_PIECE = 1 << 20
_WHOLE_JOB = re.compile(r"-?\d+_([^/\\]+)\.txt")
"""A whole job's log in the archive of a run: ``3_build.txt``, with a negative number from GitHub's older service; those
of single steps stand in folders."""
# what the modules for archives raise for broken, encrypted and unknown ones
_UNREADABLE = (
    OSError,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    tarfile.TarError,
    zipfile.BadZipFile,
    RuntimeError,
    UnicodeDecodeError,
)


class BrokenFileError(Exception):
    """A file can't be read; says where in it. ``part`` is what was read before."""

    def __init__(self, reason: str, part: bytes = b"") -> None:
        super().__init__(reason)
        self.part = part


@dataclass(frozen=True, slots=True)
class Broken:
    """A place in a file where something can't be read."""

    reason: str


def plain_name(path: Path) -> str:
    """Return the name of a file in lower case without ``.gz``."""
    return path.name.lower().removesuffix(".gz")


def content(path: Path) -> bytes:
    """Return the bytes of a file, unpacked.

    Raises:
        BrokenFileError: It is broken; the error holds what could be read.
    """
    pieces: list[bytes] = []
    try:
        with gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb") as file:
            while piece := file.read1(_PIECE):  # of a cut file, what there is
                pieces.append(piece)
    except (OSError, EOFError, zlib.error) as error:
        raise BrokenFileError(f"it can't be read ({error})", b"".join(pieces)) from error
    return b"".join(pieces)


def json_values(path: Path) -> Iterator[Any]:
    """Yield the JSON values of a file: one a line in ``.jsonl`` and ``.ndjson``, else one or several in a row.

    A place where there is none gives a :class:`Broken`.

    Raises:
        BrokenFileError: There is no value at all.
    """
    cut: BrokenFileError | None = None
    try:
        data = content(path)
    except BrokenFileError as error:
        data, cut = error.part, error
    if cut is None and not data.strip(b"\0 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise BrokenFileError("it is empty")
    first_broken: Broken | None = None if cut is None else Broken(str(cut))
    is_read = False
    for value in _values_by_line(data) if not plain_name(path).endswith(".json") else _values(data):
        if not isinstance(value, Broken):
            is_read = True
        elif cut is not None:
            continue  # it is the end that is missing
        elif first_broken is None:
            first_broken = value
        yield value
    if cut is not None:
        yield Broken(str(cut))
    if not is_read:
        raise BrokenFileError(first_broken.reason if first_broken is not None else "it is empty")


def _values_by_line(data: bytes) -> Iterator[Any]:
    if decoding.encoding(data) is not None:
        data = decoding.text(data).encode("utf-8", "replace")
    for number, line in enumerate(data.split(b"\n"), 1):
        if line.strip(b"\0 \t\r\xef\xbb\xbf"):
            try:
                yield read_json(line)
            except ValueError as error:
                yield _broken(error, number)


def _values(data: bytes) -> Iterator[Any]:
    try:
        yield read_json(data)
    except ValueError:
        yield from _values_in_sequence(decoding.text(data))


def _values_in_sequence(text: str) -> Iterator[Any]:
    position = 0
    while (position := blanks_end(text, position)) < len(text):
        try:
            value, position = read_json_at(text, position)
        except ValueError as error:
            yield _broken(error)
            return
        yield value


def _broken(error: ValueError, line: int | None = None) -> Broken:
    if not isinstance(error, json.JSONDecodeError):
        return Broken(str(error))
    return Broken(f"line {line or error.lineno}, column {error.colno} is not JSON: {error.msg}")


def archived_logs(path: Path) -> Iterator[tuple[str, Callable[[], bytes]] | Broken]:
    """Yield the logs of whole jobs in the archive of a run, and where it is broken.

    Yields:
        The name of a log and a function that reads its text, which raises BrokenFileError; or a place that is broken.

    Raises:
        BrokenFileError: Nothing can be unpacked.
    """
    count = 0
    try:
        for name, read in _zipped(path) if path.name.lower().endswith(".zip") else _tarred(path):
            count += 1
            yield name, read
    except _UNREADABLE as error:
        reason = f"it can't be unpacked ({error})"
        if not count:
            raise BrokenFileError(reason) from error
        yield Broken(reason)


def _zipped(path: Path) -> Iterator[tuple[str, Callable[[], bytes]]]:
    with zipfile.ZipFile(path) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
    for member, name in zip(members, _job_names([member.filename for member in members]), strict=True):
        if name is not None:
            yield name, partial(_unzipped, path, member)


def _unzipped(path: Path, member: zipfile.ZipInfo) -> bytes:
    pieces: list[bytes] = []
    try:
        with zipfile.ZipFile(path) as archive, cast(zipfile.ZipExtFile, archive.open(member)) as file:
            while piece := file.read1(_PIECE):  # of a cut file, what there is
                pieces.append(piece)
    except _UNREADABLE as error:
        raise BrokenFileError(f"{member.filename} can't be unpacked ({error})", b"".join(pieces)) from error
    return b"".join(pieces)


def _tarred(path: Path) -> Iterator[tuple[str, Callable[[], bytes]]]:
    names: list[str] = []
    with suppress(*_UNREADABLE), tarfile.open(path) as tar:
        names.extend(member.name for member in tar if member.isfile())
    jobs = dict(zip(names, _job_names(names), strict=True))
    with tarfile.open(path) as tar:
        for member in tar:
            job = jobs.get(member.name)
            file = tar.extractfile(member) if job is not None and member.isfile() else None
            if job is not None and file is not None:
                yield job, partial(bytes, file.read())


def _job_names(paths: list[str]) -> list[str | None]:
    """Return the jobs whose whole logs stand under ``paths``, None for other files.

    All files may stand in a folder of their own.
    """
    plain = [path.removeprefix("./") for path in paths]
    folders = {path.partition("/")[0] if "/" in path else "" for path in plain}
    if len(folders) == 1 and "" not in folders:
        inside = [path.partition("/")[2] for path in plain]
        # steps are numbered from 1 and stand in the folder of their job
        if any("/" in path or path.startswith(("0_", "-")) for path in inside):
            plain = inside
    return [match[1] if (match := _WHOLE_JOB.fullmatch(path)) else None for path in plain]
