"""The state of a roadmap row as the sync tells it, in Notion and in ``sync.rows``.

Belongs here: the five states, and the sentence that says why.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from roadmap_pipeline.notion.layout import SYNC_STATE
from roadmap_pipeline.sync.merge import Side
from roadmap_pipeline.sync.plan import shorten
from roadmap_pipeline.sync.shared_fields import Disagreement, SharedMerge

SyncState = Literal["In step", "Changed here", "Changed on GitHub", "Conflict", "Needs a person"]

CHOICES: Mapping[str, Side] = {"Changed here": "notion", "Changed on GitHub": "github"}
"""The side that a person chose who sets the state of a row in conflict to this."""

_DELETED = "The milestone was deleted on GitHub. This row is kept as it was; put it in the trash when it isn't needed."


@dataclass(frozen=True, slots=True)
class RowState:
    """The state of one row, and why."""

    sync_key: str
    repo: str
    number: int | None
    title: str
    page_id: str
    page_url: str
    state: SyncState
    note: str | None = None
    is_trashed: bool = False
    issue_number: int | None = None
    disagreements: Sequence[Disagreement] = ()


def state_of(merge: SharedMerge) -> tuple[SyncState, str | None]:
    """Return the state that a merge leaves a row in, and the note that says why."""
    conflicts = [one for one in merge.disagreements if one.reason is None]
    refused = [one for one in merge.disagreements if one.reason is not None]
    sentences = [
        f"{one.field}: {_quoted(one.notion)} here, {_quoted(one.github)} on GitHub. Make both equal, or set"
        f" {SYNC_STATE} to Changed here (this value wins) or Changed on GitHub (GitHub's wins)."
        for one in conflicts
    ]
    sentences += [
        f"{one.field}: GitHub does not take {_quoted(one.notion)} ({one.reason}) and keeps {_quoted(one.github)}."
        for one in refused
    ]
    sentences += [f"{field} stays as it is here: {why}." for field, why in merge.stays.items()]
    note = " ".join(sentences) or None
    if conflicts:
        return "Conflict", note
    if refused:
        return "Needs a person", note
    return ("Changed here", note) if merge.stays else ("In step", None)


def deleted() -> tuple[SyncState, str]:
    """Return the state of a row whose milestone is gone from GitHub."""
    return "Changed on GitHub", _DELETED


def _quoted(value: Any) -> str:
    return "an empty field" if value is None else f"“{shorten(value)}”"
