"""What passing runs of a job say, too: it can't be why one failed.

Belongs here: telling the lines of a log that are news from those that are not. Which failures they stand for belongs to
:mod:`.classifier`.
"""

import hashlib
import re
from collections.abc import Iterable

from roadmap_pipeline.failures.cleaning import clean_line
from roadmap_pipeline.failures.fingerprint import normalise

Baseline = frozenset[bytes]
"""Digests of normalised lines that passing runs of a job said; empty when none is known."""

# "0 failed" and "3 failed" are not the same sentence, though numbers are otherwise taken out.
_NONE = re.compile(r"(?<![\w.:/,-])0(?![\w.:/,-]|\.\d)")


def baseline(logs: Iterable[bytes]) -> Baseline:
    """What the logs of passing runs of a job, whole or their excerpts, say. Three recent ones will do."""
    return frozenset(_digest(line) for log in logs for line in set(log.split(b"\n")))


def is_said(line: bytes, said: Baseline) -> bool:
    """Whether passing runs say what a line (with or without its timestamp and colours) says."""
    return _digest(line) in said


def _digest(line: bytes) -> bytes:
    text = normalise(_NONE.sub("no", clean_line(line)))
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()
