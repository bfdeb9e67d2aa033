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
_IPV4 = r"(?:\d{1,3}\.){3}\d{1,3}"
# Of addresses that hold on one network alone: the interface.
_ZONE = r"(?:%[\w.-]+)?"
# An address of IPv6 that ends as one of IPv4: so systems that listen for both name the latter.
_MAPPED = rf"(?:{_HEX}{{0,4}}:){{2,7}}{_IPV4}{_ZONE}"
# What Kubernetes makes the random ends of names of.
_POD = "[bcdfghjklmnpqrstvwxz2456789]"
# Order matters: the longer, more telling forms first, bare numbers last.
REPLACEMENTS: tuple[tuple[bool, tuple[str, ...], re.Pattern[str], str], ...] = tuple(
    (has_digit, marks, re.compile(pattern), replacement)
    for has_digit, marks, pattern, replacement in (
        (False, ("\x1b[",), r"\x1b\[[0-9;?]*[a-z]", ""),
        (
            True,
            ("-",),
            r"\b\d{4}-\d\d-\d\d(?:[t ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?(?: ?(?:z|utc|[+-]\d\d:?\d\d))?",
            "<time>",
        ),
        (
            True,
            (":",),
            rf"\b(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? )?(?:\d{{1,2}}[ /-])?{_MONTH}[ /-](?:\d{{1,2}},? )?"
            r"(?:\d{4}[ :])?\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?(?:\d{4}\b|gmt|utc|[+-]\d{4}))*",
            "<time>",
        ),
        (True, (), r"\b\d{8}t\d{6}z?\b", "<time>"),
        (True, (":",), r"\b\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)? ?[ap]m\b|\b\d{1,2}:\d\d:\d\d(?:[.,]\d+)?\b", "<time>"),
        (False, ("-",), rf"\b{_HEX}{{8}}-(?:{_HEX}{{4}}-){{3}}{_HEX}{{12}}\b", "<uuid>"),
        (False, ("sha",), r"\bsha(?:1|256|384|512)[-:=][a-z0-9+/=_-]{16,}", "<hash>"),
        (
            True,
            (":",),
            rf"(?<![\w:<>])(?:\[{_MAPPED}\]|{_MAPPED})(?::\d+)?(?!\w)",
            "<host>",
        ),
        (True, (".",), rf"\b{_IPV4}(?::\d+)?\b", "<host>"),
        # What stands last may be a port.
        (
            False,
            (":",),
            rf"\[(?:{_HEX}{{0,4}}:){{2,8}}{_HEX}{{0,4}}{_ZONE}\](?::\d+)?"
            rf"|(?<![\w:<>])(?=[a-f:]*\d)(?:{_HEX}{{0,4}}:){{3,8}}(?:{_HEX}{{1,4}}|\d{{5}}){_ZONE}(?![\w:])",
            "<host>",
        ),
        (
            True,
            ("::",),
            rf"(?<![\w:<>])(?:(?=[a-f:]*\d)(?:{_HEX}{{1,4}}:)+(?::{_HEX}{{1,4}})+|::1){_ZONE}(?![\w:])",
            "<host>",
        ),
        (False, ("file://",), r"\bfile://(?:/(?=[a-z]:))?", ""),
        (False, ("://",), r"\b([a-z][a-z0-9+.-]*)://[^/\s'\"<>)]+", r"\1://<host>"),
        (True, ("localhost:",), r"\blocalhost:\d+\b", "<host>"),
        (True, ("ip-", "runner-"), r"\bip-\d+-\d+-\d+-\d+(?:\.[\w.-]+)?|\brunner-[a-z0-9-]*\d[a-z0-9-]*", "<host>"),
        (True, ("-",), rf"-(?={_POD}*\d){_POD}{{8,10}}-{_POD}{{5}}\b", "-<id>"),
        (True, (), r"\((?:shard )?\d+(?: of |/|, ?)\d+\)|\bshard[ _-]?\d+(?:(?:/| of )\d+)?|\b\d+/\d+\b", "<shard>"),
        (False, ("0x",), r"\b0x[0-9a-f]+\b", "<hex>"),
        (False, ("tmp.",), r"\btmp\.[a-z0-9]{6,12}\b", "tmp.<id>"),
        (False, (), rf"\b(?:{_HEX}{{12}}|{_HEX}{{32}}|{_HEX}{{40}}|{_HEX}{{64}})\b", "<hash>"),
        (True, (), r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,}\b", "<hash>"),
        (True, (".",), r"([-.])(?=[\w-]{0,7}\d)[\w-]{8}(?=\.(?:m?js|css|map|woff2?)\b)", r"\1<hash>"),
        (False, ("/", "\\"), r"(?<![\w.@+~<>-])(?:[a-z]:)?(?:[\\/][\w.@+~-]+){1,}[\\/](?=[\w.@+~-]+)", "<dir>/"),
        (True, (), rf"\b\d+(?:[.,]\d+)* ?{_UNIT}(?![a-z])(?:,? ?\d+(?:[.,]\d+)* ?{_UNIT}(?![a-z]))*", "<duration>"),
        (True, (), r"\b\d+(?:[.,]\d+)* ?(?:[kmgt]i?b|bytes?)\b", "<size>"),
        (True, (), r"\d+(?:[.,]\d+)*", "<n>"),
        (False, (), r"\s+", " "),
    )
)
"""The differences between runs, in the order in which they are replaced. Of each: true where all that its pattern
matches holds a digit; plain strings one of which that holds (none: it can't be told); the pattern; and what replaces
it. Most texts lack what most patterns demand."""

# Codes of errors (E0308, TS2304) and of answers (HTTP 503) say what failed: their digits stay.
_CODES = re.compile(
    r"\b(?!PID|ID|RUN|JOB|PORT|SHA|UTF|GH|PR)[A-Z]{1,6}\d{3,5}\b"
    r"|(?i:\b(?:http(?:/[\d.]+)?|status(?: code)?|returned error|response code)[:= ]{1,3}[1-5]\d\d\b)"
)
_DIGIT = re.compile(r"\d")
_UUIDS = re.compile(rf"(?i)\b{_HEX}{{8}}-(?:{_HEX}{{4}}-){{3}}{_HEX}{{12}}\b")
_KEPT = str.maketrans("0123456789", "".join(map(chr, range(0xE000, 0xE00A))))
_DIGITS = {kept: digit for digit, kept in _KEPT.items()}
_NOT_KEPT = dict.fromkeys(_DIGITS)
# A failure is told apart by its beginning; the rest is too often data.
_LONGEST = 400
MOST_TESTS = 50
"""Tests that a fingerprint is made of."""
_MOST_READ = 4_000


def normalise(text: str) -> str:
    """Return ``text`` without what differs between two runs of one failure. Normalising twice changes nothing."""
    text = text[:_MOST_READ]
    if not text.isascii():
        text = text.translate(_NOT_KEPT)
    if "-" in text:
        text = _UUIDS.sub("<uuid>", text)
    # Most texts hold no digit, and so no code.
    codes = list(_CODES.finditer(text)) if _DIGIT.search(text) is not None else []
    pieces, reached = [], 0
    for code in codes:
        kept = code[0] if code[0][0].isupper() and code[0].isalnum() else code[0].lower()
        pieces += [text[reached : code.start()].lower(), kept.translate(_KEPT)]
        reached = code.end()
    text = "".join((*pieces, text[reached:].lower()))
    text = without_differences(text)
    if codes:
        text = text.translate(_DIGITS)
    return text.strip()[:_LONGEST].rstrip()


def without_differences(text: str) -> str:
    """Return a text in lower case with all of :data:`REPLACEMENTS` made, in their order."""
    # What replaces something else brings no digit.
    has_digit = _DIGIT.search(text) is not None
    for demands_digit, marks, pattern, replacement in REPLACEMENTS:
        if has_digit or not demands_digit:
            for mark in marks or ("",):
                if mark in text:
                    text = pattern.sub(replacement, text)
                    break
    return text


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
