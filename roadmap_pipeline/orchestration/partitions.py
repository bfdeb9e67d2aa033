"""Partitions: ISO weeks by their Monday, from the first week that is stored.

Belongs here: which weeks there are. Definitions are loaded by every process that Dagster starts, which must not open
the warehouse for it: each run leaves the first week in DAGSTER_HOME.
"""

import os
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    import duckdb

_FILE = "first-week.txt"

ISO_WEEKS = dg.WeeklyPartitionsDefinition(start_date="2018-01-01", day_offset=1, timezone="UTC")
"""Before anything is stored: no run of GitHub Actions is older."""


def iso_weeks(home: Path, today: date | None = None) -> dg.WeeklyPartitionsDefinition:
    """Return the weeks from the first stored one on, and at least the last complete one before ``today``.

    ``home`` is DAGSTER_HOME. Without ``today`` the weeks are those that the last run left there.
    """
    try:
        first = date.fromisoformat((home / _FILE).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return ISO_WEEKS
    if today is not None:
        first = min(first, date.fromisoformat(last_complete_week(today)))
    return dg.WeeklyPartitionsDefinition(start_date=first.isoformat(), day_offset=1, timezone="UTC")


def last_complete_week(today: date) -> str:
    """Return the partition of the last complete week before ``today``, which is the one that the main job works on."""
    return (_monday(today) - timedelta(days=7)).isoformat()


def note_first_week(home: Path, con: "duckdb.DuckDBPyConnection", today: date) -> None:
    """Leave in ``home`` the week of the first stored run, or the last complete one where that is earlier."""
    ((first,),) = con.execute("select min(created_at) from raw.workflow_runs").fetchall()
    if first is None:
        return
    assert isinstance(first, datetime)
    text = min(_monday(first.date()).isoformat(), last_complete_week(today))
    with suppress(FileNotFoundError):
        if (home / _FILE).read_text(encoding="ascii") == text:
            return
    home.mkdir(parents=True, exist_ok=True)
    beside = home / f"{_FILE}.{os.getpid()}"
    beside.write_text(text, encoding="ascii")
    beside.replace(home / _FILE)


def iso_week(partition_key: str) -> str:
    """Return the ISO week that starts on the Monday ``partition_key``: ``2026-11-09`` is ``2026-W46``."""
    from roadmap_pipeline.reports.format import week_of

    return week_of(date.fromisoformat(partition_key))


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
