"""What a run did, as its summary on the terminal and in JSON tells it.

Filled by the stages while they work; nothing here decides anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from roadmap_pipeline.settings import Settings
    from roadmap_pipeline.sync.plan import Conflict


@dataclass(slots=True)
class Outcome:
    """Counts and texts of one run. ``written`` holds, by place, one phrase per kind of change."""

    read: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    report_name: str | None = None
    report_content: str | None = None
    roadmap: list[dict[str, Any]] = field(default_factory=list)
    written: dict[str, list[str]] = field(default_factory=dict)
    writes: Mapping[str, int] = field(default_factory=dict)
    conflicts: list["Conflict"] = field(default_factory=list)
    warehouse: str = ""
    seconds: float = 0.0

    def summary(self) -> dict[str, Any]:
        """The object that ``roadmap run --json`` ends with."""
        return {
            "read": self.read,
            "writes": dict(self.writes),
            "conflicts": len(self.conflicts),
            "warehouse": self.warehouse,
            "seconds": round(self.seconds, 3),
        }

    def next_steps(self, settings: "Settings") -> list[str]:
        """What a person may want to do now."""
        steps = [
            "make ui                                          the Dagster UI, with this run's history",
            'roadmap query "from marts.ci_weekly limit 5"     the tables (roadmap is in .venv/bin)',
            "roadmap report                                   the whole weekly report",
        ]
        if settings.uses_sandbox:
            steps.append("make ui also serves the sandbox's Notion, as your teams would see it")
            steps.append("for the real thing: set GITHUB_TOKEN, GITHUB_REPOSITORY, NOTION_API_KEY,")
            steps.append("  NOTION_PARENT_PAGE_ID, and run again (README: Real credentials)")
        return steps
