"""A finding of ``roadmap doctor``: what was looked at, how it stands, and the remedy.

Belongs here: its form alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

State = Literal["ok", "problem", "note", "open"]
"""``open`` is an item of the checklist that isn't done, or can't be seen to be; it is no problem."""
Section = Literal["checks", "checklist", "optional"]
MOST_NAMED = 10
"""Repositories that a message names; of more it says how many others there are."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The state of one thing that ``roadmap doctor`` looked at."""

    subject: str
    state: State
    message: str
    section: Section = "checks"

    def to_json(self) -> dict[str, Any]:
        """Return it as one object."""
        return {"section": self.section, "subject": self.subject, "state": self.state, "message": self.message}


def named(names: Sequence[str]) -> str:
    """Return the names as a message lists them."""
    others = f" and {len(names) - MOST_NAMED:,} others" if len(names) > MOST_NAMED else ""
    return f"{', '.join(names[:MOST_NAMED])}{others}"
