"""Files called CODEOWNERS: which owners GitHub asks for a review of which files.

Belongs here: reading the text, and what a pattern matches. When the file is read belongs to ``ingest.code_owners``,
whose it is that something fails to the models, which match by ``file_regex``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

LOCATIONS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""The places that GitHub looks at, in this order: the first file that is there counts."""
CATCH_ALL = frozenset({"*", "**", "/**", "**/*"})
"""Patterns that match every file."""

_OWNER = re.compile(
    r"@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:_[A-Za-z0-9]+)?(?:/[\w.-]+)?|[^@\s]+@[^@\s]+\.[^@\s]+"
)
_LONGEST_OWNER = 320
"""Characters of the longest address there is."""
_LONGEST_PATTERN = 4096
"""Characters of the longest path there is."""
_WORD = re.compile(r"(?:\\.|[^\s\\])+")


@dataclass(frozen=True, slots=True)
class OwnedFiles:
    """One line of the file. Of all lines that match a file the last one counts, also one without owners.

    Attributes:
        line: Its number, from 1 on.
        pattern: The pattern as it stands there.
        owners: Logins, ``organisation/team`` and addresses, without ``@``: where they are shown nobody is to be called.
        file_regex: Matches the paths of the files that the pattern means, as a whole.
    """

    line: int
    pattern: str
    owners: tuple[str, ...]
    file_regex: str


def parse_code_owners(text: str) -> list[OwnedFiles]:
    """Return the lines that GitHub takes; it passes over what it can't read as if it weren't there."""
    return list(_parsed(text))


def _parsed(text: str) -> Iterator[OwnedFiles]:
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        words = _WORD.findall(line)
        if not words or words[0].startswith("#"):
            continue
        pattern, *named = words
        comment = next((position for position, word in enumerate(named) if word.startswith("#")), len(named))
        owners = named[:comment]
        regex = file_regex(pattern)
        if regex is not None and all(len(one) <= _LONGEST_OWNER and _OWNER.fullmatch(one) for one in owners):
            yield OwnedFiles(number, pattern, tuple(owner.removeprefix("@") for owner in owners), regex)


def file_regex(pattern: str) -> str | None:
    """Return the regular expression (RE2) of the paths that a pattern matches, whole; None where GitHub takes none.

    The rules are those of ``.gitignore``, but for ``!``, ``[ ]`` and a ``#`` made plain, which GitHub doesn't know, and
    ``docs/*``, which here doesn't reach into folders below.
    """
    if pattern.startswith(("!", "\\#")) or "[" in pattern or "***" in pattern or pattern == "/":
        return None
    if len(pattern) > _LONGEST_PATTERN:
        return None
    segments = pattern.split("/")
    if segments[0] == "":
        segments = segments[1:]  # from the top
    elif len(segments) == 1 or segments[1:] == [""]:
        segments = ["**", *segments]  # a name alone is found at any depth
    if segments[-1] == "":
        segments[-1] = "**"
    if "" in segments:
        return None
    while len(segments) > 1 and segments[:2] == ["**", "**"]:
        del segments[0]
    return "^" + _joined(segments) + "$"


def _joined(segments: list[str]) -> str:
    if segments == ["**"]:
        return ".+"
    made, needs_slash, last = "", False, len(segments) - 1
    for position, segment in enumerate(segments):
        if segment == "**":
            made += "(?:.+/)?" if position == 0 else "/.+" if position == last else "(?:/.+)?"
            needs_slash = 0 < position < last
            continue
        made += ("/" if needs_slash else "") + _segment_regex(segment)
        needs_slash = True
        if position == last and segment != "*":
            made += "(?:/.+)?"  # a folder of that name is meant with all that is in it
    return made


def _segment_regex(segment: str) -> str:
    if segment == "*":
        return "[^/]+"
    made, taken_back = "", False
    for sign in segment:
        if sign == "\\" and not taken_back:
            taken_back = True
            continue
        plain = taken_back or sign not in "*?"
        made += re.escape(sign) if plain else "[^/]*" if sign == "*" else "[^/]"
        taken_back = False
    return made
