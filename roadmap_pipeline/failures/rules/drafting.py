"""Drafting a pattern for a failure that no rule knows, from the line that proves it.

Belongs here: what of a line stays and what becomes a wildcard. Whether the draft is any good is measured by
:mod:`roadmap_pipeline.failures.back_test`.
"""

import re

from roadmap_pipeline.failures.logs.fingerprint import normalise
from roadmap_pipeline.failures.patterns import PatternError, compile_pattern

# What fingerprints take out of a line, as patterns.
_WILDCARDS = {
    "<time>": r"\S.{3,40}?",
    "<uuid>": r"[\w-]+",
    "<hash>": r"[\w+/=:-]+",
    "<hex>": r"0x\w+",
    "<id>": r"\w+",
    "<host>": r"[^\s/]+",
    "<shard>": r"\S.{0,20}?",
    "<dir>": r"\S*",
    "<duration>": r"[\d.,]+.{0,20}?",
    "<size>": r"[\d.,]+ ?\w+",
    "<n>": r"[\d.,]+",
}
_PLACEHOLDER = re.compile("|".join(map(re.escape, _WILDCARDS)))
_SPECIAL = re.compile(r"([\\.+*?()|\[\]{}^$])")
_FEWEST_LETTERS = 8
_LONGEST = 160


def draft_pattern(evidence: str) -> str | None:
    """Return a pattern that finds ``evidence`` and the same line of other runs.

    It is None when too little of the line would stay.
    """
    text = normalise(evidence)
    if len(text) > _LONGEST:
        text = text[:_LONGEST].rpartition(" ")[0] or text[:_LONGEST]
    pieces, reached, letters = ["(?i)"], 0, 0
    for placeholder in _PLACEHOLDER.finditer(text):
        pieces += [_literal(text[reached : placeholder.start()]), _WILDCARDS[placeholder[0]]]
        reached = placeholder.end()
    pieces.append(_literal(text[reached:]))
    letters = sum(character.isalpha() for character in _PLACEHOLDER.sub("", text))
    pattern = "".join(pieces)
    return pattern if letters >= _FEWEST_LETTERS and _finds(pattern, evidence) else None


def _literal(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text).replace(" ", r"\s+")


def _finds(pattern: str, evidence: str) -> bool:
    try:
        return compile_pattern(pattern).search(evidence.encode("utf-8", "replace")) is not None
    except PatternError:
        return False
