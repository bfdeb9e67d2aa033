"""The agreement: what both sides last agreed on, as digests in the row itself, shared by all machines.

A warehouse's own bases grow old once another machine keeps the same databases in step, and are gone with the warehouse.
By the digests any machine tells who edited since: the side that still has the agreed value did not.

A digest says of which column it is, too. A column that was deleted and made anew has other values, or none, in every
row, which is nobody's edit: what was agreed on for the one before it says nothing of it.

Belongs here: reading and writing the digests, and the base that follows from them. When a row is written is decided in
``roadmap`` and ``agreement_notes``.
"""

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from roadmap_pipeline.notion.ids import property_key
from roadmap_pipeline.notion.layout import SYNC_BASE, SYNC_KEY
from roadmap_pipeline.sync.canonical import (
    GITHUB_CLOSED,
    GITHUB_LABEL,
    SEPARATOR,
    SHARED,
    STATUS,
    TARGET_DATE,
    TITLE,
    canonical_title,
)
from roadmap_pipeline.sync.journal import Base
from roadmap_pipeline.sync.merge import NO_BASE, GitHubStatus

_LETTERS = {TITLE: "t", TARGET_DATE: "d", STATUS: "s", "github": "g"}
"""The letter of each part: title, date, status in Notion, status that people gave on GitHub."""
_MERGED = frozenset({*SHARED, GITHUB_CLOSED, GITHUB_LABEL, SYNC_BASE})
_PART = re.compile(r"\b([tdsg]):([0-9a-f]{8})(?:\.([0-9a-f]{4}))?\b")
_COPY = re.compile(r"(?: \(\d+\))+$")
REMADE = (TARGET_DATE, STATUS)
"""Properties whose column people can delete or retype; a database always has its title."""


@dataclass(frozen=True, slots=True)
class _Part:
    """The digest of a value, and the tag of the column that it was in: empty where older versions didn't say so."""

    digest: str
    column: str = ""

    def is_of_another(self, column: str) -> bool:
        """Return whether the value was in another column than that of a tag, as far as both are known."""
        return bool(self.column and column) and self.column != column


class _Other:
    """An agreed value that neither side has any more: only its digest is known."""

    def __repr__(self) -> str:
        return "OTHER"


OTHER = _Other()


def agreement_on(
    before: str | None,
    values: Mapping[str, Any],
    github: GitHubStatus | None = None,
    columns: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Return the agreement ``before`` with the digests of ``values`` in place of what it had for them.

    Args:
        before: The text of the row; what can't be read of it is left out.
        values: Canonical values by property.
        github: GitHub's status, where the status is among them.
        columns: Ids of the database's properties, by name.
    """
    tags = _tags(columns)
    parts = _parts(before) | {
        _LETTERS[name]: _Part(_digest(value), tags.get(name, "")) for name, value in values.items()
    }
    if github is not None:
        parts[_LETTERS["github"]] = _Part(_digest(github.explicit))
    return _text(parts)


def with_columns(text: str, columns: Mapping[str, str]) -> str:
    """Return the agreement ``text`` of a row that is made now with its columns, which may be newer than its plan."""
    tags = {_LETTERS[name]: tag for name, tag in _tags(columns).items()}
    return _text({letter: replace(part, column=tags.get(letter, "")) for letter, part in _parts(text).items()})


def is_agreement(text: str | None) -> bool:
    """Return whether anything can be read of ``text``."""
    return bool(_parts(text))


def says_the_same(before: str | None, after: str | None) -> bool:
    """Return whether ``after`` says nothing else than ``before``, but for columns of which that says nothing."""
    said, says = _parts(before), _parts(after)
    return said.keys() == says.keys() and all(
        part.digest == says[letter].digest and part.column in ("", says[letter].column) for letter, part in said.items()
    )


def is_edited_since_agreed(
    values: Mapping[str, Any], unknown: Collection[str] = (), columns: Mapping[str, str] = MappingProxyType({})
) -> bool:
    """Return whether a row, by its own agreement, holds an edit of people's that no sync has carried on.

    The repository that may stand behind its title is no edit. In a column that was made anew a value is one, which no
    sync has written; none is nobody's.

    Args:
        values: The row's, by property.
        unknown: Properties of which nobody can tell whether people emptied them.
        columns: Ids of the database's properties, by name.
    """
    parts, tags = _parts(values.get(SYNC_BASE)), _tags(columns)
    title = str(values.get(TITLE) or "")
    present = {
        TITLE: {canonical_title(title), canonical_title(title.rpartition(SEPARATOR)[0])},
        TARGET_DATE: {values.get(TARGET_DATE)},
        STATUS: {values.get(STATUS)},
    }

    def is_edited(name: str) -> bool:
        part = parts.get(_LETTERS[name])
        if part is None or name in unknown:
            return False
        if part.is_of_another(tags.get(name, "")):
            return present[name] != {None}
        return part.digest not in map(_digest, present[name])

    return any(map(is_edited, present))


def title_before_copying(text: str | None, title: str | None, repo: str) -> str | None:
    """Return the canonical title that was agreed on, where a row's is the same with the number of a copy behind it.

    People who copy a row have Notion put that there: it is nobody's edit. Any other title is returned canonical.
    """
    agreed = _parts(text).get(_LETTERS[TITLE])
    original = canonical_title(_COPY.sub("", canonical_title(title) or ""), repo)
    return original if agreed is not None and agreed.digest == _digest(original) else canonical_title(title, repo)


def without_lost_values(base: Base, values: Mapping[str, Any]) -> Base:
    """Return ``base`` without what a row lost while it was out of the database: that it is empty is nobody's edit.

    A row that was moved out and back has its title alone. That it bears neither the key nor the agreement that were
    written into it tells it from one that people emptied.
    """
    if not base.fields.get(SYNC_KEY) or values.get(SYNC_KEY) or values.get(SYNC_BASE):
        return base
    fields = {
        name: value for name, value in base.fields.items() if name == SYNC_BASE or values.get(name, "") is not None
    }
    return replace(base, fields=fields)


def apply_agreement(
    base: Base,
    settled: Base,
    text: str | None,
    github: GitHubStatus,
    ours: Mapping[str, Any],
    theirs: Mapping[str, Any],
    unknown: Collection[str] = (),
    columns: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Base, dict[str, Any]]:
    """Return the base by which to merge, and what this warehouse should note of it.

    Args:
        base: This warehouse's own, as it was stored. Where the row bears the agreement that it knows, no other machine
            has agreed on anything since, and its values count.
        settled: The same with what had been on its way and arrived.
        text: The agreement that the row bears.
        github: GitHub's status now.
        ours: GitHub's values, canonical.
        theirs: Notion's.
        unknown: Properties of which nobody can tell whether people emptied them: that they are empty is no edit.
        columns: Ids of the database's properties, by name. Nothing was agreed on for one that was made anew since.
    """
    parts, tags = _parts(text), _tags(columns)
    for name, letter in _LETTERS.items():
        if letter in parts and (name in unknown or parts[letter].is_of_another(tags.get(name, ""))):
            del parts[letter]
    if not parts or text == base.fields.get(SYNC_BASE):
        return settled, {}
    fields = dict(settled.fields)
    if text == base.pending.get(SYNC_BASE):
        # The agreement arrived, and with it all that was written at once, whatever people made of it since.
        arrived = {name: value for name, value in base.pending.items() if name in _MERGED}
        return replace(settled, fields=fields | arrived), arrived
    for name in (TITLE, TARGET_DATE):
        if (part := parts.get(_LETTERS[name])) is not None:
            fields[name] = _agreed(part.digest, base.fields.get(name, NO_BASE), theirs[name], ours[name])
    here, there = parts.get(_LETTERS[STATUS]), parts.get(_LETTERS["github"])
    if here is not None and there is not None:
        fields[STATUS] = _agreed(here.digest, base.fields.get(STATUS, NO_BASE), theirs[STATUS])
        known = _known_status(base)
        agreed = next(
            (one for one in (known, github) if one is not None and _digest(one.explicit) == there.digest), None
        )
        fields[GITHUB_CLOSED] = OTHER if agreed is None else agreed.is_closed
        fields[GITHUB_LABEL] = OTHER if agreed is None else agreed.label
    noted = {name: value for name, value in fields.items() if base.fields.get(name, NO_BASE) != value}
    # While a value isn't known, the agreement is looked at by every run.
    if OTHER in noted.values():
        noted = {name: value for name, value in noted.items() if value is not OTHER}
    else:
        noted[SYNC_BASE] = text
    return replace(settled, fields=fields), noted


def _agreed(digest: str, *candidates: Any) -> Any:
    return next((one for one in candidates if one is not NO_BASE and _digest(one) == digest), OTHER)


def _known_status(base: Base) -> GitHubStatus | None:
    if GITHUB_CLOSED not in base.fields:
        return None
    return GitHubStatus(bool(base.fields[GITHUB_CLOSED]), base.fields.get(GITHUB_LABEL))


def _parts(text: str | None) -> dict[str, _Part]:
    return {letter: _Part(digest, column) for letter, digest, column in _PART.findall(text or "")}


def _text(parts: Mapping[str, _Part]) -> str:
    return " ".join(
        f"{letter}:{part.digest}{part.column and '.'}{part.column}"
        for letter in _LETTERS.values()
        if (part := parts.get(letter)) is not None
    )


def _tags(columns: Mapping[str, str]) -> dict[str, str]:
    """Return what tells the columns that can be made anew from those that were there before, by name."""
    ids = {name: property_key(columns[name]) for name in REMADE if name in columns}
    return {name: hashlib.sha256(column.encode()).hexdigest()[:4] for name, column in ids.items()}


def _digest(value: Any) -> str:
    # Notion may store other blanks than were written, which is nobody's edit.
    plain = " ".join(value.split()) if isinstance(value, str) else value
    return hashlib.sha256(json.dumps(plain).encode()).hexdigest()[:8]
