"""Judging log files: what ``roadmap classify FILE…`` prints.

Belongs here: reading a file and the shape of a line of output. Printing belongs to ``cli``.
"""

import gzip
import sys
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, cast

from roadmap_pipeline.errors import ConfigurationError, RoadmapError
from roadmap_pipeline.failures.bounded import read
from roadmap_pipeline.failures.classifier import Classifier, default_classifier

STANDARD_INPUT = "-"
_GZIP = b"\x1f\x8b"
_CHUNK = 256 << 10


def read_log(file: str) -> Iterator[bytes]:
    """Yield the log in a file, plain or gzip (told by its content), or on standard input for ``-``, in pieces.

    Raises:
        ConfigurationError: A file that can't be opened.
        RoadmapError: One that can't be read to its end, as broken gzip.
    """
    remedy = "Give a plain or .gz log of one job."
    with ExitStack() as stack:
        try:
            raw = sys.stdin.buffer if file == STANDARD_INPUT else stack.enter_context(Path(file).open("rb"))
        except OSError as error:
            raise ConfigurationError(f"Can't open the log {file}: {error.strerror or error}. {remedy}") from None
        try:
            first = raw.read(_CHUNK)
            if first.startswith(_GZIP):
                with gzip.GzipFile(fileobj=cast(IO[bytes], _Rejoined(first, raw))) as unpacked:
                    yield from iter(lambda: unpacked.read(_CHUNK), b"")
            else:
                yield first
                yield from iter(lambda: raw.read(_CHUNK), b"")
        except (OSError, EOFError, zlib.error) as error:
            raise RoadmapError(f"Can't read the log {file}: {error}. {remedy}") from None


class _Rejoined:
    """A stream whose beginning was read already; standard input can't be read twice."""

    def __init__(self, first: bytes, rest: IO[bytes]) -> None:
        self._first = first
        self._rest = rest

    def read(self, size: int = -1) -> bytes:
        if not self._first:
            return self._rest.read(size)
        beginning = self._first if size < 0 else self._first[:size]
        self._first = self._first[len(beginning) :]
        return beginning + self._rest.read() if size < 0 else beginning


def classify_file(file: str, classifier: Classifier | None = None) -> dict[str, Any]:
    """Return what is known about the failure in a log file, as the contract's object and what it is known by.

    ``category`` is None when the log shows no failure, ``unknown`` when its cause is not recognised; ``line`` is
    1-based, lines end at ``\\n``. ``failed_tests`` are those that the log names, each with its name, line and the
    first line of its assertion (None: not told), at most :data:`~.MOST_TESTS` of ``failed_tests_count``.
    Raises as :func:`read_log`.
    """
    chosen = classifier or default_classifier()
    kept = read(read_log(file), chosen)
    verdict = chosen.classify(kept.log)
    tests = verdict.failed_tests if verdict else ()
    lines = kept.original([test.line - 1 for test in tests])
    return {
        "file": file,
        "category": verdict.category if verdict else None,
        "domain": verdict.domain if verdict else None,
        "rule_id": verdict.rule_id if verdict else None,
        "fingerprint": verdict.fingerprint if verdict else None,
        "line": kept.original([verdict.line - 1])[0] if verdict and verdict.line else None,
        "evidence": verdict.evidence if verdict else None,
        "ruleset_version": chosen.rules.version,
        "known_by": verdict.known_by if verdict else None,
        "failed_tests": [
            {"name": test.name, "line": line, "assertion": test.why or None}
            for test, line in zip(tests, lines, strict=True)
        ],
        "failed_tests_count": verdict.failed_tests_count if verdict else 0,
    }
