"""The three-way merge of one field, and who owns it: whose value stands.

Pure functions; no times are compared, ever: Notion floors them to the minute (an edit within the same minute would be
lost). The base is what both sides held when they last agreed.
"""

from dataclasses import dataclass
from typing import Any, Literal

Owner = Literal["pipeline", "shared", "people"]
"""``pipeline``: computed, overwritten. ``shared``: people edit it on both sides. ``people``: filled once by the
pipeline, theirs from their first edit on."""

Outcome = Literal["keep", "write", "theirs", "conflict"]


class _NoBase:
    """No value was ever agreed on."""

    def __repr__(self) -> str:
        return "NO_BASE"


NO_BASE = _NoBase()


@dataclass(frozen=True, slots=True)
class Decision:
    """``keep``: nothing to do; ``write``: ours goes to Notion; ``theirs``: a person's edit stays; ``conflict``: ask."""

    outcome: Outcome
    agreed: bool
    """True when both sides hold the same value, so that the base may advance to it."""


def merge_field(owner: Owner, base: Any, ours: Any, theirs: Any) -> Decision:
    """Decide one field. ``base`` is :data:`NO_BASE` at first contact; empty is None on every side."""
    if ours == theirs:
        return Decision("keep", agreed=True)
    if owner == "pipeline":
        return Decision("write", agreed=False)
    if owner == "people":
        untouched = theirs is None if base is NO_BASE else theirs == base
        return Decision("write" if untouched else "theirs", agreed=False)
    if base is NO_BASE:
        if theirs is None:
            return Decision("write", agreed=False)
        return Decision("theirs" if ours is None else "conflict", agreed=False)
    if theirs == base:
        return Decision("write", agreed=False)
    return Decision("theirs" if ours == base else "conflict", agreed=False)
