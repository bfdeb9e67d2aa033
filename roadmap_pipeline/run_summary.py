"""The summary of a run, for the terminal and as JSON.

Filled by the stages while they work; nothing here decides anything.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from roadmap_pipeline.notifications import Delivery
    from roadmap_pipeline.sync.plan import Conflict, Kind


@dataclass(slots=True)
class RunSummary:
    """Counts and texts of one run. ``written`` counts, by place, the changes of each kind.

    ``paused`` says why the reading ended early and when it goes on, ``unreadable`` by repository why nothing of it
    could be read and the remedy, ``backfill`` by repository how far the first reading of its history has come; all are
    among the ``notes``, too.
    """

    read: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    paused: str | None = None
    unreadable: dict[str, str] = field(default_factory=dict)
    backfill: dict[str, str] = field(default_factory=dict)
    report_name: str | None = None
    report_content: str | None = None
    roadmap: list[dict[str, Any]] = field(default_factory=list)
    written: dict[str, Counter["Kind"]] = field(default_factory=dict)
    writes: Mapping[str, int] = field(default_factory=dict)
    notifications: list["Delivery"] = field(default_factory=list)
    conflicts: list["Conflict"] = field(default_factory=list)
    mass_changes: list[str] = field(default_factory=list)
    warehouse: str = ""
    seconds: float = 0.0

    def summary(self) -> dict[str, Any]:
        """Return the object that ``roadmap run --json`` ends with."""
        return {
            "read": self.read,
            "writes": dict(self.writes),
            "notifications": [
                {"address": one.address, "title": one.title, "state": one.state} for one in self.notifications
            ],
            "conflicts": len(self.conflicts),
            "mass_changes": self.mass_changes,
            "notes": self.notes,
            "paused": self.paused,
            "unreadable": self.unreadable,
            "backfill": self.backfill,
            "warehouse": self.warehouse,
            "seconds": round(self.seconds, 3),
        }
