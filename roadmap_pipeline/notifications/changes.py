"""The changes of risks since somebody was told last.

Belongs here: comparing risks as they stand with what was announced; nothing of when or how it is told. A change is
opened, worse or cleared; told of once, for what was announced is compared again in the next run.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, get_args

from roadmap_pipeline.risk_configuration import Notifications, Risk, Severity

ChangeKind = Literal["opened", "worse", "cleared"]

ON_TIME: frozenset[Risk] = frozenset({"overdue", "off_track", "at_risk"})
"""Risks that are grades of one: whether the milestone will be finished in time."""

_ORDER: Sequence[Risk] = get_args(Risk)
_GRADES: Sequence[Severity] = get_args(Severity)


@dataclass(frozen=True, slots=True)
class OpenRisk:
    """A risk that is open, of one milestone, or of several that are told of together.

    ``subject`` is what stays the same while the risk gets worse or better; ``places`` the milestones in words.
    """

    subject: str
    risk: Risk
    label: str
    severity: Severity
    since: date
    is_since_known: bool
    places: tuple[str, ...]
    cause: str = ""
    clears_when: str = ""
    owner: str | None = None
    urls: tuple[str, ...] = ()

    @property
    def rank(self) -> tuple[int, int]:
        """The place in the order of gravity; greater is graver."""
        return _GRADES.index(self.severity), -_ORDER.index(self.risk)


@dataclass(frozen=True, slots=True)
class Announced:
    """The last that was told of a subject: also the gravest since it was opened, for less of it is no news."""

    subject: str
    change: ChangeKind
    risk: Risk
    label: str
    severity: Severity
    places: tuple[str, ...]
    urls: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """The state of being told of as a threat."""
        return self.change != "cleared"

    @property
    def rank(self) -> tuple[int, int]:
        """The place in the order of gravity, as of :class:`OpenRisk`."""
        return _GRADES.index(self.severity), -_ORDER.index(self.risk)


@dataclass(frozen=True, slots=True)
class Change:
    """A change to be told of. ``now`` is None where nothing of the subject is open any more."""

    kind: ChangeKind
    now: OpenRisk | None
    before: Announced | None = None

    def announced(self) -> dict[str, Any]:
        """Return the subject's new state for the journal: one object of ``sync.notifications.changes``."""
        one = self.now or self.before
        assert one is not None
        # What is left of a risk that eased is a threat that is known, not one that is over.
        kind = "opened" if self.now is not None and self.kind == "cleared" else self.kind
        return {
            "subject": one.subject,
            "change": kind,
            "risk": one.risk,
            "label": one.label,
            "severity": one.severity,
            "places": list(one.places),
            "urls": list(one.urls),
        }


def announced_from(entry: Mapping[str, Any]) -> Announced:
    """Return what one object of ``sync.notifications.changes`` says."""
    return Announced(
        entry["subject"],
        entry["change"],
        entry["risk"],
        entry["label"],
        entry["severity"],
        tuple(entry["places"]),
        tuple(entry["urls"]),
    )


def changes(announced: Mapping[str, Announced], open_risks: Iterable[OpenRisk], wanted: Notifications) -> list[Change]:
    """Return what is to be told of, gravest first, what is over last.

    Args:
        announced: By subject, what was told last.
        open_risks: One a subject, the gravest; all of them, also those that nobody wants to hear of.
        wanted: Which risks are told of, and from which severity on.
    """
    standing = {one.subject: one for one in open_risks}
    told = [change for one in standing.values() if (change := _change(announced.get(one.subject), one, wanted))]
    told += [
        Change("cleared", None, before)
        for before in announced.values()
        if before.is_open and before.subject not in standing and before.risk in wanted.on
    ]
    return sorted(told, key=_gravest_first)


def _change(before: Announced | None, now: OpenRisk, wanted: Notifications) -> Change | None:
    is_wanted = now.risk in wanted.on and _GRADES.index(now.severity) >= _GRADES.index(wanted.min_severity)
    if before is None or not before.is_open:
        return Change("opened", now, before) if is_wanted else None
    if now.rank > before.rank:
        return Change("worse", now, before) if is_wanted else None
    # A grade less of the same risk is no news: it may be back tomorrow. Another name for it is.
    if now.risk != before.risk:
        return Change("cleared", now, before)
    return None


def _gravest_first(change: Change) -> tuple[Any, ...]:
    one = change.now or change.before
    assert one is not None
    return change.now is None, [-grade for grade in one.rank], one.subject
