"""Fingerprints: the same short text for the same failure, whatever the run, machine or time.

Belongs here: what is normalised away (as Kubernetes' triage does: times, ids, numbers, hosts, paths of the machine) and
the hash. Which text identifies a failure belongs to :mod:`.classifier`.
"""

import hashlib
import re

# Order matters: the longer, more telling forms first, bare numbers last.
_REPLACEMENTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\x1b\[[0-9;?]*[a-z]"), ""),
    (re.compile(r"\b\d{4}-\d\d-\d\d(?:[t ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?(?: ?(?:z|utc|[+-]\d\d:?\d\d))?"), "<time>"),
    (re.compile(r"\b\d{1,2}:\d\d:\d\d(?:[.,]\d+)?\b"), "<time>"),
    (re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b"), "<uuid>"),
    (re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?\b"), "<host>"),
    (re.compile(r"\b([a-z][a-z0-9+.-]*)://[^/\s'\"<>)]+"), r"\1://<host>"),
    (re.compile(r"\blocalhost:\d+\b"), "<host>"),
    (re.compile(r"\((?:shard )?\d+(?: of |/|, ?)\d+\)|\bshard[ _-]?\d+(?:(?:/| of )\d+)?|\b\d+/\d+\b"), "<shard>"),
    (re.compile(r"\b0x[0-9a-f]+\b"), "<hex>"),
    (re.compile(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,}\b"), "<hash>"),
    (re.compile(r"(?<![\w.@+~<>-])(?:[a-z]:)?(?:[\\/][\w.@+~-]+){1,}[\\/](?=[\w.@+~-]+)"), "<dir>/"),
    (re.compile(r"\d+(?:[.,]\d+)*"), "<n>"),
    (re.compile(r"\s+"), " "),
)
# A failure is told apart by its beginning; the rest is too often data.
_LONGEST = 400


def normalise(text: str) -> str:
    """``text`` without what differs between two runs of one failure. Normalising twice changes nothing."""
    text = text.lower()
    for pattern, replacement in _REPLACEMENTS:
        text = pattern.sub(replacement, text)
    return text.strip()[:_LONGEST].rstrip()


def fingerprint(category: str, rule_id: str | None, capture: str) -> str:
    """12 hexadecimal digits of SHA-1 over category, rule and normalised capture; the same in every process."""
    content = "\x1f".join((category, rule_id or "", normalise(capture)))
    return hashlib.sha1(content.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()[:12]
