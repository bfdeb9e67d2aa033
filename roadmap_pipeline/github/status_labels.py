"""Labels that tell the status of a milestone: ``status: planned``, ``status: in progress``, ``status: blocked``.

Belongs here: their names in every spelling, and their looks. The model ``milestones`` reads them the same way. On which
issue they stand belongs to ``tracking_issues``.
"""

from collections.abc import Iterable

TRACKING = "tracking"
"""The label of tracking issues."""
_PREFIX = "status:"
_NAMES = {"Blocked": "status: blocked", "In Progress": "status: in progress", "Planned": "status: planned"}
"""By status, the one first that counts where an issue bears several: the name that a new label gets."""
_LOOKS = {
    TRACKING: ("5319e7", "Shows how a milestone stands"),
    "status: blocked": ("b60205", "The milestone waits for something else"),
    "status: in progress": ("fbca04", "The milestone is being worked on"),
    "status: planned": ("c2e0c6", "Work on the milestone has not begun"),
}
"""By label: its colour (six hexadecimal digits) and description."""
STATUSES = tuple(_NAMES)


def status_of(label: str) -> str | None:
    """Return the status that a label stands for, whatever its spelling; None when it stands for none of ours."""
    name = label.strip().casefold()
    if not name.startswith(_PREFIX):
        return None
    words = name.removeprefix(_PREFIX).strip().replace("-", " ")
    return next((status for status in STATUSES if status.casefold() == words), None)


def status_by_labels(labels: Iterable[str]) -> str | None:
    """Return the status that an issue's labels tell; of several the gravest."""
    statuses = {status_of(label) for label in labels}
    return next((status for status in STATUSES if status in statuses), None)


def label_of(status: str, existing: Iterable[str]) -> str:
    """Return the label that stands for a status: one of a repository's ``existing`` ones, else one to be made.

    Raises:
        ValueError: No label stands for this status.
    """
    if status not in _NAMES:
        raise ValueError(f"no label stands for the status {status!r}: there are {', '.join(STATUSES)}")
    spellings = [label for label in existing if status_of(label) == status]
    return _NAMES[status] if _NAMES[status] in spellings else next(iter(spellings), _NAMES[status])


def looks(label: str) -> dict[str, str]:
    """Return what a new label is made with, beside its name."""
    color, description = _LOOKS.get(label, ("ededed", ""))
    return {"color": color, "description": description}
