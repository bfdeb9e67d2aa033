"""The summary of an ingest, as people and the next steps get it.

Belongs here: the summary alone; ``store`` counts, the walks note.
"""

from dataclasses import dataclass, field

READ_TABLES = (
    "repositories",
    "workflows",
    "workflow_runs",
    "workflow_jobs",
    "job_logs",
    "passing_logs",
    "pull_requests",
    "commits",
    "issues",
    "milestones",
    "issue_events",
    "code_owners",
)
"""Tables of schema ``raw`` that hold what GitHub says."""


@dataclass(slots=True)
class IngestSummary:
    """The summary of an ingest."""

    read: dict[str, int] = field(default_factory=lambda: dict.fromkeys(READ_TABLES, 0))
    """New or changed rows by table of schema ``raw``."""
    placed: int = 0
    """Rows of schema ``raw`` that things read now have, those that were stored before included."""
    requests: int = 0
    """Requests that went out."""
    notes: list[str] = field(default_factory=list)
    """Notes for people: renamed repositories, gaps, records that could not be placed."""
    canonical: dict[str, str] = field(default_factory=dict)
    """Canonical name of each repository by the name it was asked for."""
    unreadable: dict[str, str] = field(default_factory=dict)
    """By configured repository of which nothing can be read: the reason, and the remedy."""
    paused: str | None = None
    """The reason why it ended early (GitHub's quota, a budget), and when to go on; None when it came to its end."""
    backfill: dict[str, str] = field(default_factory=dict)
    """By repository whose history isn't read to its end: how far it is, and how much quota the rest takes."""
