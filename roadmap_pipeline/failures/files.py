"""Judging log files: what ``roadmap classify FILE…`` prints.

Belongs here: reading a file and the shape of a line of output. Printing belongs to ``cli``.
"""

import gzip
import sys
import zlib
from pathlib import Path
from typing import Any

from roadmap_pipeline.errors import ConfigurationError, RoadmapError
from roadmap_pipeline.failures.classifier import Classifier, default_classifier

STANDARD_INPUT = "-"
_GZIP = b"\x1f\x8b"


def read_log(file: str) -> bytes:
    """The log in a file, plain or gzip (told by its content), or on standard input for ``-``.

    Raises :class:`ConfigurationError` for a file that can't be opened, :class:`RoadmapError` for broken gzip.
    """
    try:
        data = sys.stdin.buffer.read() if file == STANDARD_INPUT else Path(file).read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"Can't open the log {file}: {error.strerror or error}. Give a plain or .gz log of one job."
        ) from None
    try:
        return gzip.decompress(data) if data.startswith(_GZIP) else data
    except (OSError, EOFError, zlib.error) as error:
        raise RoadmapError(f"Can't unpack the log {file}: {error}. Give a plain or .gz log of one job.") from None


def classify_file(file: str, classifier: Classifier | None = None) -> dict[str, Any]:
    """What is known about the failure in a log file, as the contract's object.

    ``category`` is None when the log shows no failure, ``unknown`` when its cause is not recognised; ``line`` is
    1-based, lines end at ``\\n``. Raises as :func:`read_log`.
    """
    chosen = classifier or default_classifier()
    verdict = chosen.classify(read_log(file))
    return {
        "file": file,
        "category": verdict.category if verdict else None,
        "domain": verdict.domain if verdict else None,
        "rule_id": verdict.rule_id if verdict else None,
        "fingerprint": verdict.fingerprint if verdict else None,
        "line": verdict.line if verdict else None,
        "evidence": verdict.evidence if verdict else None,
        "ruleset_version": chosen.rules.version,
    }
