"""The files of a dump: JSON in its several arrangements, gzipped or not, and archives of logs.

Belongs here: from a path to JSON values or logs, and saying where a file is broken. What the values are belongs to
``shapes``.
"""

import gzip
import json
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")
LOG_SUFFIXES = (".txt", ".log")
ARCHIVE_SUFFIXES = (".zip", ".tar.gz", ".tgz", ".tar")

_BLANK = re.compile(r"\s*")
_WHOLE_JOB = re.compile(r"(?:\./)?\d+_([^/]+)\.txt")
"""A whole job's log in the archive of a run: ``3_build.txt``; those of single steps stand in folders."""


class BrokenFileError(Exception):
    """A file can't be read; says where in it."""


def plain_name(path: Path) -> str:
    """Name in lower case without ``.gz``."""
    return path.name.lower().removesuffix(".gz")


def content(path: Path) -> bytes:
    """Bytes of a file, unpacked."""
    try:
        if path.name.lower().endswith(".gz"):
            with gzip.open(path) as file:
                return file.read()
        return path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise BrokenFileError(f"it can't be read ({error})") from error


def json_values(path: Path) -> Iterator[Any]:
    """The JSON values of a file: one a line in ``.jsonl`` and ``.ndjson``, else one or several one after the other."""
    text = content(path).removeprefix(b"\xef\xbb\xbf")
    if not text.strip():
        raise BrokenFileError("it is empty")
    return _values_by_line(text) if not plain_name(path).endswith(".json") else _values(text)


def _values_by_line(text: bytes) -> Iterator[Any]:
    for number, line in enumerate(text.split(b"\n"), 1):
        if line.strip():
            try:
                yield orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise BrokenFileError(f"line {number}, column {error.colno} is not JSON: {error.msg}") from error


def _values(content_of_file: bytes) -> Iterator[Any]:
    try:
        whole = orjson.loads(content_of_file)
    except orjson.JSONDecodeError:
        yield from _values_in_sequence(content_of_file)
    else:
        yield whole


def _values_in_sequence(content_of_file: bytes) -> Iterator[Any]:
    try:
        text = content_of_file.decode()
    except UnicodeDecodeError as error:
        raise BrokenFileError(f"byte {error.start + 1} is not UTF-8") from error
    decoder = json.JSONDecoder()
    position = 0
    while (position := _end_of_blanks(text, position)) < len(text):
        try:
            value, position = decoder.raw_decode(text, position)
            orjson.dumps(value)
        except json.JSONDecodeError as error:
            raise BrokenFileError(f"line {error.lineno}, column {error.colno} is not JSON: {error.msg}") from error
        except TypeError as error:  # half a surrogate pair, a number beyond 64 bits
            raise BrokenFileError(f"the value before character {position + 1} can't be stored: {error}") from error
        yield value


def _end_of_blanks(text: str, position: int) -> int:
    match = _BLANK.match(text, position)
    assert match is not None
    return match.end()


def archived_logs(path: Path) -> list[tuple[str, bytes]]:
    """The logs of whole jobs in the archive of a run, as (name, text)."""
    try:
        if path.name.lower().endswith(".zip"):
            with zipfile.ZipFile(path) as archive:
                return [
                    (found[1], archive.read(name))
                    for name in archive.namelist()
                    if (found := _WHOLE_JOB.fullmatch(name))
                ]
        with tarfile.open(path) as tar:
            return [(name, text) for member in tar if (name := _job_name(member)) and (text := _member(tar, member))]
    except (OSError, EOFError, zlib.error, tarfile.TarError, zipfile.BadZipFile) as error:
        raise BrokenFileError(f"it can't be unpacked ({error})") from error


def _job_name(member: tarfile.TarInfo) -> str | None:
    found = _WHOLE_JOB.fullmatch(member.name) if member.isfile() else None
    return found[1] if found else None


def _member(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    return file.read() if file else b""
