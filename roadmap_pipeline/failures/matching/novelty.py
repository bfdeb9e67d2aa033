"""Baselines: the lines that passing runs of a job say, too, and that can't be why one failed.

Belongs here: telling the lines of a log that are news from those that are not, and keeping what was said in little
space. Which failures news stands for belongs to :mod:`roadmap_pipeline.failures.classifier`, which logs are read to
``github``.
"""

import hashlib
import re
from base64 import b64decode, b64encode
from collections import deque
from collections.abc import Iterable

from roadmap_pipeline import decoding
from roadmap_pipeline.failures.logs.cleaning import clean_line
from roadmap_pipeline.failures.logs.fingerprint import normalise
from roadmap_pipeline.failures.logs.redaction import redact

Baseline = frozenset[bytes]
"""Digests of normalised lines that passing runs of a job said; empty when none is known."""

MOST_LINES = 20_000
"""Lines that are kept of what a job says while it passes."""
_LONGEST_LINE = 4 << 10
_DIGEST = 8

# "0 failed" and "3 failed" are not the same sentence, though numbers are otherwise taken out.
_NONE = re.compile(r"(?<![\w.:/,-])0(?![\w.:/,-]|\.\d)")
# A log may be looked at with or without what the runner and the tool itself put before its lines.
_TIMES = re.compile(r"\A(?:<time>\s*)+")


def baseline_of(logs: Iterable[bytes]) -> Baseline:
    """Return what the logs of passing runs of a job, whole or their excerpts, say. Three recent ones will do."""
    return frozenset(_digest(line) for log in logs for line in set(log.split(b"\n")))


def baseline_of_stream(stream: Iterable[bytes]) -> Baseline:
    """Return what the end of a log that comes in pieces of any size says, its last :data:`MOST_LINES` lines."""
    lines: deque[bytes] = deque(maxlen=MOST_LINES)
    rest = b""
    for piece in decoding.log(stream):
        *whole, rest = (rest + piece).split(b"\n")
        lines.extend(line[:_LONGEST_LINE] for line in whole)
        rest = rest[:_LONGEST_LINE]
    lines.append(rest)
    return frozenset(map(_digest, set(lines)))


def joined(new: Baseline, old: Baseline) -> Baseline:
    """Return what two passing logs say; only the ``new`` one where both together are too much."""
    both = new | old
    return both if len(both) <= MOST_LINES else new


def packed(baseline: Baseline) -> str:
    """Return a baseline as text: the digests in order, in base64."""
    return b64encode(b"".join(sorted(baseline))).decode()


def unpacked(text: str) -> Baseline:
    """Return the baseline in what :func:`packed` gave."""
    content = b64decode(text)
    return frozenset(content[start : start + _DIGEST] for start in range(0, len(content), _DIGEST))


def is_in_baseline(line: bytes, baseline: Baseline) -> bool:
    """Return whether passing runs say what a line (with or without its timestamp and colours) says."""
    return _digest(line) in baseline


def _digest(line: bytes) -> bytes:
    text = _TIMES.sub("", normalise(_NONE.sub("no", redact(clean_line(line[:_LONGEST_LINE])).text)))
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=_DIGEST).digest()
