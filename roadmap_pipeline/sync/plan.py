"""Changes and plans: what would be written to Notion and GitHub, as data.

A plan is made before anything is written; a dry run prints it, :mod:`.reconciler` executes that very object. Nothing
here knows how a change is carried out.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from roadmap_pipeline.errors import RoadmapError

Target = Literal["notion", "github"]
Kind = Literal[
    "create_database",
    "describe_database",
    "describe_properties",
    "add_property",
    "add_options",
    "rename_property",
    "add_view",
    "change_view",
    "trash_database",
    "create_row",
    "update_row",
    "restore_row",
    "trash_duplicate",
    "note_agreement",
    "create_milestone",
    "edit_milestone",
    "create_tracking_issue",
    "edit_tracking_issue",
    "close_duplicate_issue",
    "create_comment",
    "edit_comment",
]

ROW_KINDS: frozenset[Kind] = frozenset({"create_row", "update_row", "restore_row", "trash_duplicate", "note_agreement"})
"""Changes of rows, which don't depend on one another: one that fails stops no other."""

ISSUE_KINDS: frozenset[Kind] = frozenset({"create_tracking_issue", "edit_tracking_issue", "close_duplicate_issue"})
"""Changes of tracking issues."""

_SHOWN_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field, before and after, in plain form."""

    field: str
    before: Any
    after: Any

    def to_json(self) -> dict[str, Any]:
        """Return this as one JSON object; long texts are shortened to their beginning and length."""
        return {"field": self.field, "before": shorten(self.before), "after": shorten(self.after)}


@dataclass(frozen=True, slots=True)
class Change:
    """One write: to what, and which fields. ``detail`` is what applying needs beside them and nobody needs to see."""

    target: Target
    kind: Kind
    place: str
    title: str
    fields: tuple[FieldChange, ...] = ()
    detail: Any = field(default=None, repr=False, compare=False)

    def to_json(self) -> dict[str, Any]:
        """Return this as one JSON object."""
        return {
            "target": self.target,
            "kind": self.kind,
            "place": self.place,
            "title": self.title,
            "fields": [change.to_json() for change in self.fields],
        }

    def lines(self) -> Iterator[str]:
        """Yield the change as a person reads it: a headline, then a line a field."""
        yield f"{self.kind.replace('_', ' ')}: {self.title} ({self.place})"
        for change in self.fields:
            before, after = shorten(change.before), shorten(change.after)
            yield f"  {change.field}: {after!r}" if before is None else f"  {change.field}: {before!r} → {after!r}"


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two people's values for one field: nothing is overwritten, a person decides.

    ``reason`` is set where nobody said anything else on GitHub, but it does not take Notion's value.
    """

    place: str
    title: str
    field: str
    ours: Any
    theirs: Any
    reason: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return this as one JSON object."""
        return {
            "place": self.place,
            "title": self.title,
            "field": self.field,
            "github": shorten(self.ours),
            "notion": shorten(self.theirs),
            "reason": self.reason,
        }

    def __str__(self) -> str:
        if self.reason is not None:
            return (
                f"{self.title}: GitHub refuses {_shown(self.theirs)} as {self.field} and keeps {_shown(self.ours)}:"
                f" {self.reason}"
            )
        return f"{self.title}: {self.field} is {_shown(self.ours)} on GitHub and {_shown(self.theirs)} in Notion"


@dataclass(frozen=True, slots=True)
class Plan:
    """Changes in the order in which they are made, conflicts, and notes on what was left alone and why."""

    changes: tuple[Change, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    notes: tuple[str, ...] = ()
    mass_changes: tuple[str, ...] = ()
    """Losses of more rows than may lose something in one run; then nothing of the plan is carried out."""
    restored: frozenset[str] = frozenset()
    """Those of the titles to restore of which a row is taken out of the trash."""

    def __add__(self, other: "Plan") -> "Plan":
        return Plan(
            self.changes + other.changes,
            self.conflicts + other.conflicts,
            self.notes + other.notes,
            self.mass_changes + other.mass_changes,
            self.restored | other.restored,
        )

    @property
    def needs_a_person(self) -> bool:
        """True where people have to decide something: a conflict, a value that is refused, too many changes."""
        return bool(self.conflicts or self.mass_changes)

    def to_json(self) -> dict[str, Any]:
        """Return this as one JSON object."""
        return {
            "changes": [change.to_json() for change in self.changes],
            "conflicts": [conflict.to_json() for conflict in self.conflicts],
            "notes": list(self.notes),
            "mass_changes": list(self.mass_changes),
        }


class ChangedMeanwhile(RoadmapError):
    """Somebody edited what is written to between planning and writing: nothing was written, it is planned again."""


def _shown(value: Any) -> str:
    return "empty" if value is None else repr(shorten(value))


def shorten(value: Any) -> Any:
    """Return ``value``, or the beginning of a long text with its length."""
    if isinstance(value, str) and len(value) > _SHOWN_CHARACTERS:
        return f"{value[:_SHOWN_CHARACTERS]}… ({len(value):,} characters)"
    return value
