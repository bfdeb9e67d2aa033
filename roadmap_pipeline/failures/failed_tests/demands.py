"""The strings that every match of a framework's pattern holds: where one is nowhere, no line has to be tried.

Belongs here: reading them, and where it can begin, from a pattern in the words of ``re``. Those of rules, which are
read more closely and looked for in another way, belong to :mod:`roadmap_pipeline.failures.matching.literals`.
"""

import re
from collections.abc import Callable

# An escaped character, a class, how often, or a character.
_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{[\d,]+\}|.", re.DOTALL)
_PLAIN = re.compile(r"\\[^\w\s]|[^\\\[\](){}|.*+?^$]")
_PERHAPS = ("?", "*", "{")


def finder(pattern: str) -> Callable[[str], re.Match[str] | None]:
    """Return what looks for a pattern in a line: one that is anchored at its start is tried only there.

    ``re`` would try it at every character.
    """
    expression = re.compile(pattern)
    return expression.match if _is_anchored(pattern) else expression.search


def _is_anchored(pattern: str) -> bool:
    """Return whether ``^`` begins all that a pattern, which has no alternatives but in groups, stands for."""
    if not pattern.startswith("^"):
        return False
    depth = 0
    for token in _TOKEN.finditer(pattern):
        depth += (token[0] == "(") - (token[0] == ")")
        if token[0] == "|" and depth == 0:
            return False
    return True


def demanded(pattern: str) -> tuple[str, ...]:
    """Return strings that are in whatever a pattern matches, the longest first; none where that can't be told.

    Only what stands outside of all groups is read: they may be alternatives, left out or in any case.
    """
    if pattern.startswith("(?"):
        return ()
    strings, run, depth = set(), "", 0
    for token in _TOKEN.finditer(pattern):
        text = token[0]
        if text == "|" and depth == 0:
            return ()
        if depth == 0 and _PLAIN.fullmatch(text) and not pattern.startswith(_PERHAPS, token.end()):
            run += text[-1]
            continue
        # What repeats a character ends a string, too: what follows stands somewhere after it.
        strings.add(run)
        run = ""
        depth += (text == "(") - (text == ")")
    return tuple(sorted({*strings, run} - {""}, key=lambda one: (-len(one), one)))
