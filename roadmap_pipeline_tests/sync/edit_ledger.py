"""The ledger of people's edits of shared fields, kept apart from any merge: none may be lost.

An edit counts until it is the value of both sides, until a person overwrites it (who saw it, on either side), or for as
long as the row says in its note that the field is in dispute.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

from roadmap_pipeline_tests.sync.observed import NOTE, SHARED, STATE, STATUS, MilestoneView, RowView

Side = Literal["github", "notion"]
OTHER: dict[Side, Side] = {"github": "notion", "notion": "github"}
_NONE = object()


@dataclass
class FieldEdits:
    """The last edit of each side that is not settled yet, and what both agreed on when all was settled last."""

    open: dict[Side, Any] = field(default_factory=dict)
    settled: dict[Side, Any] = field(default_factory=dict)
    left: dict[Side, Any] = field(default_factory=dict)
    """Values that a disturbed sync wrote: who changes one and takes that back has edited nothing."""
    former: list[Any] = field(default_factory=list)
    """All that was ever settled: a machine that did not sync meanwhile takes it for what is still agreed on."""
    is_base_known: bool = True
    """True where whoever syncs remembers what was agreed on: then a dispute takes two edits."""
    must_stay: Any = None
    """GitHub's value, where the row lost its own without anybody having edited it; None: nothing to watch."""
    is_equal_by_chance: bool = False
    """True where both sides were given one value, and one another then: whoever syncs may have seen neither or both."""


class LostEdit(AssertionError):
    """An edit of a person is neither a value nor overwritten by a person nor told to anybody."""


class EditLedger:
    """The edits of all milestones, by sync key and field."""

    def __init__(self) -> None:
        self._edits: dict[tuple[str, str], FieldEdits] = {}
        self.is_one_machine = True
        self._was_base_lost = False

    def of(self, key: str, name: str) -> FieldEdits:
        """Return the edits of one field."""
        return self._edits.setdefault((key, name), FieldEdits(is_base_known=not self._was_base_lost))

    def note(self, key: str, name: str, side: Side, before: Any, after: Any, opposite: Any) -> None:
        """Note that a person changed a field on one side, where ``opposite`` is the other side's value."""
        if before == after:
            return
        edits = self.of(key, name)
        edits.must_stay = None
        came_over = opposite == before
        others = edits.open.get(OTHER[side], _NONE)
        if came_over and len(edits.open) == 2:
            edits.is_equal_by_chance = True
            edits.open.clear()
            return
        # No status on GitHub comes over as the one that is derived.
        is_derived = name == STATUS and side == "notion" and others is None and came_over
        if others == before or is_derived:
            # They saw the other side's edit, which had come over, and put something else in its place.
            del edits.open[OTHER[side]]
        if name == STATUS and side == "notion" and after is None:
            edits.open.pop(side, None)  # no status: it follows GitHub again
        elif after in (edits.settled.get(side, _NONE), edits.left.get(side, _NONE)) and not came_over:
            edits.open.pop(side, None)  # taken back before anything came of it
        else:
            edits.open[side] = after

    def choose(self, key: str, name: str, winner: Side, value: Any) -> None:
        """Note that a person settled a dispute."""
        edits = self.of(key, name)
        edits.open.pop(OTHER[winner], None)
        edits.open[winner] = value

    def forget(self, key: str, side: Side, names: tuple[str, ...] = SHARED) -> None:
        """Note that people took away what held their edits: the row, the column."""
        for name in names:
            edits = self.of(key, name)
            edits.open.pop(side, None)
            edits.settled.clear()
            edits.is_base_known = False

    def forget_bases(self, key: str) -> None:
        """Note that a milestone's row may know an older agreement than the last one."""
        for name in SHARED:
            edits = self.of(key, name)
            edits.settled.clear()
            edits.is_base_known = False

    def stays(self, key: str, name: str, value: Any) -> None:
        """Note that the row says that its value stays: who edits the field on GitHub from then on overwrites it."""
        edits = self.of(key, name)
        if edits.open.get("notion", _NONE) == value:
            del edits.open["notion"]

    def left(self, key: str, name: str, side: Side, value: Any) -> None:
        """Note a value that a disturbed sync has written."""
        self.of(key, name).left[side] = value

    def must_stay(self, key: str, name: str, value: Any) -> None:
        """Note that a row lost a value through no edit: GitHub's is still there after the next sync."""
        self.of(key, name).must_stay = value

    def adopt(self, key: str, values: dict[str, Any]) -> None:
        """Note that a milestone was made for a row that a person had filled."""
        for name in SHARED:
            edits = self.of(key, name)
            edits.is_base_known = False
            if values.get(name) is not None:
                edits.open["notion"] = values[name]

    def lose_bases(self) -> None:
        """Note that nobody knows any more what was agreed on: an empty side is filled, all else is a dispute."""
        self._was_base_lost = True  # also for what was synced and never looked at
        for edits in self._edits.values():
            edits.is_base_known = False
            edits.settled.clear()
            for side, value in list(edits.open.items()):
                if value is None:
                    del edits.open[side]

    def wait(self, milestone: MilestoneView, row: RowView) -> None:
        """Check the edits in a milestone's second row, which is looked at after the first: all are there still."""
        for name in SHARED:
            theirs, edits = row.value(name, milestone.repo), self.of(milestone.key, name)
            if edits.open.get("notion", theirs) != theirs:
                raise LostEdit(f"{milestone.key} {name}: {edits} in the second row, {row.values}")

    def must_be_carried_on(self, milestone: MilestoneView) -> None:
        """Check that GitHub has the edits of a row whose place another one takes."""
        for name in SHARED:
            edits = self.of(milestone.key, name)
            if edits.open.get("notion", _NONE) not in (_NONE, milestone.shown(name)):
                raise LostEdit(f"{milestone.key} {name}: {edits} in a row that was given up, GitHub {milestone}")

    def settle(self, milestone: MilestoneView, row: RowView) -> None:
        """Compare both sides after a sync that went through, and count as settled what is.

        Raises:
            LostEdit: An edit is gone.
        """
        note = row.values[NOTE] or ""
        for name in SHARED:
            ours, theirs = milestone.value(name), row.value(name, milestone.repo)
            edits = self.of(milestone.key, name)
            told = f"{milestone.key} {name}: GitHub {ours!r}, Notion {theirs!r}, open {edits}, {row.values}"
            if edits.must_stay not in (None, ours):
                raise LostEdit(f"what GitHub has was overwritten by nobody's edit: {told}")
            edits.must_stay = None
            if milestone.shown(name) == theirs:
                # Without a base a status may have been an older run's: then it is in the note.
                self._settle_equal(edits, ours, theirs, told, may_be_told=f"{name} was" in note)
            elif f"{name} stays" in note:
                self._settle_staying(edits, theirs, told)
            elif f"{name}: GitHub does not take" in note:
                self._keep(edits, ours, theirs, told, needed={"notion"})
                assert row.values[STATE] in ("Needs a person", "Conflict"), told
            elif f"{name}: " in note:
                self._keep(edits, ours, theirs, told, needed={"notion", "github"})
                assert row.values[STATE] == "Conflict", told
            else:
                raise LostEdit(f"not in step, and nobody is told: {told}")

    def _settle_equal(self, edits: FieldEdits, ours: Any, theirs: Any, told: str, *, may_be_told: bool) -> None:
        for side, value in edits.open.items():
            # Who doesn't know what was agreed on fills what is empty.
            is_excused = not edits.is_base_known and (may_be_told or value is None)
            is_excused |= not self.is_one_machine and value in edits.former
            if value != (ours if side == "github" else theirs) and not is_excused:
                raise LostEdit(f"{side}'s {value!r} was overwritten: {told}")
        edits.open.clear()
        edits.left.clear()
        edits.is_equal_by_chance = False
        edits.settled = {"github": ours, "notion": theirs}
        edits.former += [ours, theirs]
        edits.is_base_known = self.is_one_machine

    def _settle_staying(self, edits: FieldEdits, theirs: Any, told: str) -> None:
        if edits.open.get("notion", theirs) != theirs:
            raise LostEdit(f"what stays in Notion was overwritten: {told}")
        # Who doesn't know what was agreed on can't tell that a status was taken away on GitHub.
        is_taken_away = edits.open.get("github", _NONE) is None and not edits.is_base_known
        if len(edits.open) > 1 and not is_taken_away:
            raise LostEdit(f"GitHub's edit is in nobody's note: {told}")
        edits.open.clear()

    def _keep(self, edits: FieldEdits, ours: Any, theirs: Any, told: str, *, needed: set[Side]) -> None:
        for side, value in edits.open.items():
            if value != (ours if side == "github" else theirs):
                raise LostEdit(f"{side}'s {value!r} was overwritten in a dispute: {told}")
        if edits.is_base_known and not edits.is_equal_by_chance:
            assert needed <= edits.open.keys(), f"a dispute without edits: {told}"
