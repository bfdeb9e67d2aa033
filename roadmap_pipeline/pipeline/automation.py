"""The schedules and sensors that are on, and whether Dagster's daemon is alive: read from its files in DAGSTER_HOME.

Belongs here: reading. Dagster itself would take a second to import for a question about two tables, so its SQLite files
are asked; where its storage is elsewhere (PostgreSQL), nothing is known here.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

HEARTBEAT_WITHIN = timedelta(minutes=5)
"""Age of a heartbeat from which Dagster itself takes a daemon for dead."""

_ON = ("RUNNING", "DECLARED_IN_CODE")


@dataclass(frozen=True, slots=True)
class Automation:
    """The state of Dagster's automation: names of schedules and sensors that are on, and the daemon's last sign."""

    running: tuple[str, ...] = ()
    stopped: tuple[str, ...] = ()
    """Those that a person switched off, whatever else says that they run."""
    heartbeat_at: datetime | None = None

    def is_alive(self, now: datetime) -> bool:
        """Return whether a daemon gave a sign lately (``now`` by the clock, aware)."""
        return self.heartbeat_at is not None and now - self.heartbeat_at <= HEARTBEAT_WITHIN


def read_automation(home: Path) -> Automation | None:
    """Return the state of automation of the instance in ``home``; None where its files don't tell."""
    schedules, runs = home / "schedules" / "schedules.db", home / "history" / "runs.db"
    if not schedules.is_file():
        return None
    try:
        states = dict(_states(schedules))
        running = tuple(sorted(name for name, state in states.items() if state in _ON))
        return Automation(running, tuple(sorted(states.keys() - set(running))), _heartbeat(runs))
    except (sqlite3.Error, ValueError):
        return None


def _states(database: Path) -> Iterator[tuple[str, str]]:
    for body, state in _rows(database, "select instigator_body, status from instigators"):
        if name := _name(json.loads(body)):
            yield name, state


def _heartbeat(database: Path) -> datetime | None:
    if not database.is_file():
        return None
    ((newest,),) = _rows(database, "select max(timestamp) from daemon_heartbeats")
    return None if newest is None else datetime.fromisoformat(newest).replace(tzinfo=UTC)


def _rows(database: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True, timeout=1)) as connection:
        return connection.execute(sql).fetchall()


def _name(state: Any) -> str | None:
    origin = state.get("origin") if isinstance(state, dict) else None
    if not isinstance(origin, dict):
        return None
    name = origin.get("instigator_name") or origin.get("job_name")
    return name if isinstance(name, str) else None
