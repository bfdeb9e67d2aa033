"""Fingerprints: the same short text for the same failure, whatever the run, machine or time.

Belongs here: what is normalised away (as Kubernetes' triage does: times, ids, numbers, hosts, paths of the machine) and
the hash. Which text identifies a failure belongs to :mod:`roadmap_pipeline.failures.classifier`.
"""

import hashlib
import re
from collections.abc import Sequence

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_UNIT = r"(?:ms|µs|us|ns|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|days?)"
_HEX = r"[0-9a-f]"
# What Kubernetes makes the random ends of names of.
_POD = "[bcdfghjklmnpqrstvwxz2456789]"
# Order matters: the longer, more telling forms first, bare numbers last.
_REPLACEMENTS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\x1b\[[0-9;?]*[a-z]", ""),
        (r"\b\d{4}-\d\d-\d\d(?:[t ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?(?: ?(?:z|utc|[+-]\d\d:?\d\d))?", "<time>"),
        (
            rf"\b(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? )?(?:\d{{1,2}}[ /-])?{_MONTH}[ /-](?:\d{{1,2}},? )?"
            r"(?:\d{4}[ :])?\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?(?:\d{4}\b|gmt|utc|[+-]\d{4}))*",
            "<time>",
        ),
        (r"\b\d{8}t\d{6}z?\b", "<time>"),
        (r"\b\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)? ?[ap]m\b|\b\d{1,2}:\d\d:\d\d(?:[.,]\d+)?\b", "<time>"),
        (rf"\b{_HEX}{{8}}-(?:{_HEX}{{4}}-){{3}}{_HEX}{{12}}\b", "<uuid>"),
        (r"\bsha(?:1|256|384|512)[-:=][a-z0-9+/=_-]{16,}", "<hash>"),
        (r"\b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?\b", "<host>"),
        (
            rf"\[(?:{_HEX}{{0,4}}:){{2,8}}{_HEX}{{0,4}}\](?::\d+)?"
            rf"|(?<![\w:<>])(?=[a-f:]*\d)(?:{_HEX}{{0,4}}:){{3,7}}{_HEX}{{1,4}}(?![\w:])",
            "<host>",
        ),
        (rf"(?<![\w:<>])(?=[a-f:]*\d)(?:{_HEX}{{1,4}}:)+(?::{_HEX}{{1,4}})+(?![\w:])", "<host>"),
        (r"\bfile://(?:/(?=[a-z]:))?", ""),
        (r"\b([a-z][a-z0-9+.-]*)://[^/\s'\"<>)]+", r"\1://<host>"),
        (r"\blocalhost:\d+\b", "<host>"),
        (r"\bip-\d+-\d+-\d+-\d+(?:\.[\w.-]+)?|\brunner-[a-z0-9-]*\d[a-z0-9-]*", "<host>"),
        (rf"-(?={_POD}*\d){_POD}{{8,10}}-{_POD}{{5}}\b", "-<id>"),
        (r"\((?:shard )?\d+(?: of |/|, ?)\d+\)|\bshard[ _-]?\d+(?:(?:/| of )\d+)?|\b\d+/\d+\b", "<shard>"),
        (r"\b0x[0-9a-f]+\b", "<hex>"),
        (r"\btmp\.[a-z0-9]{6,12}\b", "tmp.<id>"),
        (rf"\b(?:{_HEX}{{12}}|{_HEX}{{32}}|{_HEX}{{40}}|{_HEX}{{64}})\b", "<hash>"),
        (r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,}\b", "<hash>"),
        (r"([-.])(?=[\w-]{0,7}\d)[\w-]{8}(?=\.(?:m?js|css|map|woff2?)\b)", r"\1<hash>"),
        (r"(?<![\w.@+~<>-])(?:[a-z]:)?(?:[\\/][\w.@+~-]+){1,}[\\/](?=[\w.@+~-]+)", "<dir>/"),
        (rf"\b\d+(?:[.,]\d+)* ?{_UNIT}(?![a-z])(?:,? ?\d+(?:[.,]\d+)* ?{_UNIT}(?![a-z]))*", "<duration>"),
        (r"\b\d+(?:[.,]\d+)* ?(?:[kmgt]i?b|bytes?)\b", "<size>"),
        (r"\d+(?:[.,]\d+)*", "<n>"),
        (r"\s+", " "),
    )
)
# Codes of errors (E0308, TS2304) and of answers (HTTP 503) say what failed: their digits stay.
_CODES = re.compile(
    r"\b(?!PID|ID|RUN|JOB|PORT|SHA|UTF|GH|PR)[A-Z]{1,6}\d{3,5}\b"
    r"|(?i:\b(?:http(?:/[\d.]+)?|status(?: code)?|returned error|response code)[:= ]{1,3}[1-5]\d\d\b)"
)
_UUIDS = re.compile(rf"(?i)\b{_HEX}{{8}}-(?:{_HEX}{{4}}-){{3}}{_HEX}{{12}}\b")
_KEPT = str.maketrans("0123456789", "".join(map(chr, range(0xE000, 0xE00A))))
_DIGITS = {kept: digit for digit, kept in _KEPT.items()}
# A failure is told apart by its beginning; the rest is too often data.
_LONGEST = 400
MOST_TESTS = 50
"""Tests that a fingerprint is made of."""
_MOST_READ = 4_000


def normalise(text: str) -> str:
    """Return ``text`` without what differs between two runs of one failure. Normalising twice changes nothing."""
    text = _UUIDS.sub("<uuid>", text[:_MOST_READ].translate(dict.fromkeys(_DIGITS)))
    pieces, reached = [], 0
    for code in _CODES.finditer(text):
        kept = code[0] if code[0][0].isupper() and code[0].isalnum() else code[0].lower()
        pieces += [text[reached : code.start()].lower(), kept.translate(_KEPT)]
        reached = code.end()
    text = "".join((*pieces, text[reached:].lower()))
    for pattern, replacement in _REPLACEMENTS:
        text = pattern.sub(replacement, text)
    return text.translate(_DIGITS).strip()[:_LONGEST].rstrip()


def fingerprint(category: str, rule_id: str | None, capture: str) -> str:
    """Return 12 hexadecimal digits of SHA-1 over category, rule and normalised capture; the same in every process."""
    content = "\x1f".join((category, rule_id or "", normalise(capture)))
    return hashlib.sha1(content.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()[:12]


def fingerprint_of_tests(names: Sequence[str]) -> str:
    """Return a fingerprint of the set of tests that failed: their order and what they said don't matter.

    Of more than :data:`MOST_TESTS` the first by name, and how many they are.
    """
    chosen = sorted(set(names))
    more = [str(len(chosen))] if len(chosen) > MOST_TESTS else []
    content = "\x1f".join(("tests", *chosen[:MOST_TESTS], *more))
    return hashlib.sha1(content.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()[:12]
