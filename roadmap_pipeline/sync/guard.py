"""The guard against mass changes: when far more rows would be emptied, closed, retitled or are trashed than is usual.

Belongs here: what counts, and how much is too much. A broken import on either side, a wrong filter and "select all"
look like edits of people; they are asked before anything is written.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from roadmap_pipeline.sync.canonical import STATUS, TARGET_DATE, TITLE

AT_LEAST = 5
SHARE = 0.2
"""More rows than :data:`AT_LEAST` and than this share of all rows are too many."""


@dataclass(frozen=True, slots=True)
class MassChange:
    """One row that would lose something, or was put in the trash, in this run."""

    title: str
    what: str

    def __str__(self) -> str:
        return f"{self.title}: {self.what}"


def loss(title: str, field: str, before: Any, after: Any) -> MassChange | None:
    """Return what a change of one shared field takes away; None where it only adds or moves."""
    if field == TITLE and before is not None and before != after:
        return MassChange(title, f"retitled {after!r}")
    if field == TARGET_DATE and before is not None and after is None:
        return MassChange(title, f"target date {before} emptied")
    if field == STATUS and after == "Completed" and before != after:
        return MassChange(title, "closed")
    if field == STATUS and before is not None and after is None:
        return MassChange(title, f"status {before} emptied")
    return None


def too_many(changes: Iterable[MassChange], rows: int) -> Sequence[MassChange]:
    """Return ``changes`` where they concern more rows than may change in one run; else none.

    Args:
        changes: What would change; several of one row count once.
        rows: The number of rows that there are.
    """
    all_changes = list(changes)
    concerned = {change.title for change in all_changes}
    return all_changes if len(concerned) > max(AT_LEAST, SHARE * rows) else []
