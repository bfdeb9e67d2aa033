"""The three-way merge of one field, and who owns it: whose value stands.

Pure functions; no times are compared, ever: Notion floors them to the minute (an edit within the same minute would be
lost). The base is what both sides held when they last agreed.
"""

from dataclasses import dataclass
from typing import Any, Literal

from roadmap_pipeline.sync.canonical import DERIVED

Owner = Literal["pipeline", "people"]
"""``pipeline``: computed, overwritten. ``people``: filled once by the pipeline, theirs from their first edit on."""

Outcome = Literal["agree", "to_notion", "to_github", "stays", "conflict"]
"""``agree``: both sides hold the same, the base may advance to it. ``to_notion``, ``to_github``: this side takes the
other's value. ``stays``: a person's value stays in Notion, GitHub has no place for it. ``conflict``: people decide."""

Side = Literal["github", "notion"]


class _NoBase:
    """No value was ever agreed on."""

    def __repr__(self) -> str:
        return "NO_BASE"


NO_BASE = _NoBase()


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome for one field; ``note`` is what a person should know of it."""

    outcome: Outcome
    note: str | None = None


AGREE = Decision("agree")
TO_NOTION = Decision("to_notion")
TO_GITHUB = Decision("to_github")
STAYS = Decision("stays")
CONFLICT = Decision("conflict")


def merge_owned(owner: Owner, base: Any, ours: Any, theirs: Any) -> Decision:
    """Decide a field that GitHub has no word in. ``theirs`` is Notion's; empty is None on every side."""
    if ours == theirs:
        return AGREE
    if owner == "pipeline":
        return TO_NOTION
    untouched = theirs is None if base is NO_BASE else theirs == base
    return TO_NOTION if untouched else STAYS


def merge_shared(base: Any, github: Any, notion: Any, choice: Side | None = None) -> Decision:
    """Decide a field that people edit on both sides.

    Args:
        base: What both sides last agreed on; :data:`NO_BASE` at first contact.
        github: GitHub's value.
        notion: Notion's value; empty is None on every side.
        choice: The side that a person chose where both were edited.
    """
    if github == notion:
        return AGREE
    if base is NO_BASE:
        if notion is None:
            return TO_NOTION
        if github is None:
            return TO_GITHUB
    elif notion == base:
        return TO_NOTION
    elif github == base:
        return TO_GITHUB
    return {"github": TO_NOTION, "notion": TO_GITHUB, None: CONFLICT}[choice]


@dataclass(frozen=True, slots=True)
class GitHubStatus:
    """The status of a milestone as GitHub has it: closed or not, and the label of its tracking issue.

    ``derived`` is shown where neither says anything, and never an edit: In Progress once one of its items is closed.
    """

    is_closed: bool
    label: str | None
    derived: str = "Planned"

    @property
    def explicit(self) -> str | None:
        """The status that people gave on GitHub; None where it is derived."""
        return "Completed" if self.is_closed else self.label

    @property
    def shown(self) -> str:
        """The status that the row should show."""
        return self.explicit or self.derived


def merge_status(
    base: Any,
    base_github: GitHubStatus | None,
    github: GitHubStatus,
    notion: str | None,
    *,
    known: frozenset[str],
    choice: Side | None = None,
) -> Decision:
    """Decide the status, of which GitHub knows four and Notion as many as people like.

    Args:
        base: Notion's value when both sides last agreed; :data:`NO_BASE` at first contact.
        base_github: GitHub's then; None at first contact.
        github: GitHub's now.
        notion: Notion's now; None where it was emptied.
        known: The statuses that GitHub has a place for; another one stays in Notion.
        choice: The side that a person chose where both were edited.
    """
    if notion == github.shown:
        return AGREE
    if base is NO_BASE or base_github is None:
        return _first_contact(github, notion, known, choice)
    edited_here = notion != base
    edited_on_github = github.explicit != base_github.explicit
    if notion is None and edited_here and (edited_on_github or github.label is None or github.is_closed):
        # Nothing is no status: what is emptied follows GitHub again.
        return Decision("to_notion", "was emptied in Notion and follows GitHub again")
    if edited_here and edited_on_github:
        return {"github": TO_NOTION, "notion": _to_github(notion, known), None: CONFLICT}[choice]
    if edited_here:
        return _to_github(notion, known)
    # What GitHub derives is no edit: it gives way to a person's own word.
    return TO_NOTION if edited_on_github or notion is None or notion in known else STAYS


def _first_contact(github: GitHubStatus, notion: str | None, known: frozenset[str], choice: Side | None) -> Decision:
    if notion is None:
        return TO_NOTION
    if github.explicit is None and notion in DERIVED:
        # Most likely what an earlier run derived; if a person meant it, the note keeps it.
        return Decision("to_notion", f"was {notion} before both sides were first compared")
    if github.explicit is None and notion != "Completed":
        return _to_github(notion, known)
    return {"github": TO_NOTION, "notion": _to_github(notion, known), None: CONFLICT}[choice]


def _to_github(notion: str | None, known: frozenset[str]) -> Decision:
    return TO_GITHUB if notion is None or notion in known else STAYS
