"""Fitting texts into GitHub's limit for a body.

Belongs here: the limit, and cutting Markdown so that nothing in it stays open. What is cut belongs to those who write.
"""

import re

LONGEST_BODY = 60_000
"""Characters of a whole comment or issue; GitHub refuses more than 65,536."""

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_DETAILS = re.compile(r"<(/?)details\b", re.IGNORECASE)
_ELLIPSIS = "…"


def cut(body: str, longest: int) -> str:
    """Return ``body`` in at most ``longest`` characters.

    It is cut between lines, with open code fences and ``<details>`` closed; a first line that is too long is cut
    within.

    Raises:
        ValueError: ``longest`` leaves no room for the closing.
    """
    if len(body) <= longest:
        return body
    kept: list[str] = []
    size, best = 0, ""
    fence, depth = "", 0
    for line in body.split("\n"):
        size += len(line) + 1
        if size > longest:
            if not kept and longest > len(_ELLIPSIS):
                best = _plain(line)[: longest - len(_ELLIPSIS)] + _ELLIPSIS
            break
        kept.append(line)
        fence, depth = _state_after(line, fence, depth)
        closing = _closing(fence, depth)
        if size + len(closing) <= longest:
            best = "\n".join(kept) + closing
    if not best and longest < len(_ELLIPSIS):
        raise ValueError(f"{longest} characters leave no room for a cut text")
    return best or _ELLIPSIS


def _plain(line: str) -> str:
    """Return the start of a line that is cut within: nothing in it may stay open."""
    return re.sub(r"[<`~]", "", line)


def _state_after(line: str, fence: str, depth: int) -> tuple[str, int]:
    """Open fence (its signs, or empty) and number of open ``<details>`` after ``line``."""
    match = _FENCE.fullmatch(line)
    if fence:
        closes = match and match[1][0] == fence[0] and len(match[1]) >= len(fence) and not match[2].strip()
        return ("" if closes else fence), depth
    if match and not (match[1][0] == "`" and "`" in match[2]):
        return match[1], depth
    for tag in _DETAILS.finditer(line):
        depth = max(0, depth - 1) if tag[1] else depth + 1
    return "", depth


def _closing(fence: str, depth: int) -> str:
    return (f"\n{fence}" if fence else "") + "\n\n</details>" * depth
