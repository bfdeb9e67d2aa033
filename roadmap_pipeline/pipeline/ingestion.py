"""Reading: GitHub, or a folder of recorded answers, into ``raw``.

Belongs here: what a reading needs beside the reader, the room it is read into, and what the run's summary says of it.
How GitHub is read is in :mod:`roadmap_pipeline.github`.
"""

from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

from roadmap_pipeline.errors import ConfigurationError, RoadmapError
from roadmap_pipeline.pipeline.access import require_a_readable_repository
from roadmap_pipeline.pipeline.findings import named
from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.settings import Settings
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline.warehouse.critical_workflows import unknown_critical_workflows
from roadmap_pipeline.warehouse.origin import claim, gives_way, room_for_real

if TYPE_CHECKING:
    import duckdb

    from roadmap_pipeline.github.ingest.store import IngestSummary

SHARE_FOR_COMMENTS = 0.05
"""Of GitHub's hourly quota, which a first back-fill would use up for hours."""

REASONS_NAMED = 3
"""Of an ingest of which nothing could be stored."""


def ingest(runtime: Runtime, repositories: Sequence[str] = ()) -> "IngestSummary":
    """Read GitHub into ``raw``, as far as it lets us.

    Args:
        runtime: The run.
        repositories: Those of the configured repositories that are read; all of them where it is empty.

    Raises:
        ConfigurationError: GitHub is not configured, one of ``repositories`` isn't, or not one can be read.
    """
    from roadmap_pipeline.failures.rules.own_rules import classifier_with
    from roadmap_pipeline.github.ingest.repositories import ingest as read_github
    from roadmap_pipeline.github.ingest.store import IngestSummary

    if message := runtime.missing("github"):
        raise ConfigurationError(message)
    settings = runtime.settings
    chosen = _chosen(settings, repositories)
    # The project's own rules are made ready by the first log that is read; people's rules are checked before anything.
    classifier = None if settings.rules_file is None else classifier_with(settings.rules_file)
    _claim(runtime)
    github, limits = runtime.github, settings.configuration.limits
    summary, run_summary = IngestSummary(), runtime.run_summary
    try:
        with (
            # Other workers may write to a lake meanwhile: the reading of a big repository takes hours.
            runtime.warehouse.connect(exclusive=False) as con,
            github.spending_at_most(limits.github_requests_per_run, leaving=SHARE_FOR_COMMENTS),
        ):
            read_github(
                github,
                con,
                chosen,
                history_days=settings.configuration.history_days,
                now=settings.now(),
                classifier=classifier,
                passing_logs=limits.passing_logs_per_run,
                cancelled_jobs=limits.cancelled_jobs_per_run,
                summary=summary,
            )
            summary.notes.extend(unknown_critical_workflows(con, settings.configuration))
            summary.notes.extend(_drop_old(con, settings))
    finally:
        # Also of a reading that was stopped or failed and is tried again: what it read is stored.
        for table, count in summary.read.items():
            run_summary.read[table] = run_summary.read.get(table, 0) + count
        run_summary.notes.extend(note for note in summary.notes if note not in run_summary.notes)
    run_summary.paused = summary.paused
    run_summary.unreadable.update(summary.unreadable)
    run_summary.backfill.update(summary.backfill)
    return summary


def _chosen(settings: Settings, names: Sequence[str]) -> Sequence[str]:
    """Return the configured repositories that ``names`` name, in whatever case; all for none.

    Raises:
        ConfigurationError: One isn't configured.
    """
    configured = {repo.casefold(): repo for repo in settings.repositories}
    if unknown := [name for name in names if name.casefold() not in configured]:
        raise ConfigurationError(
            f"{', '.join(unknown)} is not among the configured repositories: {named(settings.repositories)}"
        )
    return [configured[name.casefold()] for name in names] or settings.repositories


def _drop_old(con: "duckdb.DuckDBPyConnection", settings: Settings) -> list[str]:
    """Drop what retention no longer keeps; return what to say of it."""
    from roadmap_pipeline.warehouse.retention import drop_old

    dropped = drop_old(con, settings.configuration.retention, settings.now().astimezone(UTC).replace(tzinfo=None))
    if not dropped:
        return []
    return [f"Dropped, as [retention] says: {', '.join(one.sentence() for one in dropped)}"]


def _claim(runtime: Runtime) -> None:
    """Make the warehouse the one of what is going to be read: the sandbox's gives way to real data."""
    if gives_way(runtime.settings.warehouse, runtime.settings.origin):
        # A wrong token or address must not have set the sandbox's file aside.
        require_a_readable_repository(runtime)
    # Who still has the file loaded would go on with the sandbox's after it was renamed.
    runtime.warehouse.close()
    note = claim(runtime.settings.warehouse, runtime.settings.origin)
    if note:
        runtime.run_summary.notes.append(note)


def ingest_dump(runtime: Runtime, folder: Path) -> "IngestSummary":
    """Read a folder of recorded API responses into ``raw``.

    Raises:
        RoadmapError: Nothing of it could be stored; the warehouse is then as it was.
    """
    from roadmap_pipeline.failures.rules.own_rules import classifier_with
    from roadmap_pipeline.github.dump.loading import ingest_dump as read_folder
    from roadmap_pipeline.github.ingest.store import IngestSummary

    settings = runtime.settings
    classifier = classifier_with(settings.rules_file)
    summary = IngestSummary()
    runtime.warehouse.close()
    with room_for_real(settings.warehouse, lambda: summary.placed > 0) as (file, notes), connect(file) as con:
        read_at = settings.now().astimezone(UTC).replace(tzinfo=None)
        read_folder(folder, con, read_at, classifier=classifier, summary=summary)
        if summary.placed:
            summary.notes.extend(unknown_critical_workflows(con, settings.configuration))
    if not summary.placed:
        reasons = "; ".join(summary.notes[:REASONS_NAMED]) or "it holds logs of unknown jobs only"
        raise RoadmapError(f"Nothing of {folder} could be stored, and {settings.warehouse} is as it was: {reasons}")
    summary.notes.extend(notes)
    return summary
