"""The notes that deliveries of webhooks leave for the sensors, in Dagster's own storage.

Belongs here: writing and reading them. The receiver needs nothing but that storage, which in a deployment is
PostgreSQL; one note a repository and kind, so that they don't grow. A note says where to look, and what is found there
is named as when polling finds it: the same run key, hence one run.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import get_args

import dagster as dg

from roadmap_pipeline.webhooks.changes import Change, ChangeKind, NoteError

_PREFIX = "roadmap/webhook"
LISTS_LAG_S = 30.0
"""The time by which lists of GitHub and Notion may lag behind a delivery: until then a note is looked at again."""

LOOK_FOR_NOTES_S = 5
"""The seconds between two looks for notes, each a query of Dagster's storage; its daemon looks no more often."""

_CLOCK_TICKS_S = 1.0
"""Ticks come a bit early or late: a poll that is due within this isn't put off by a whole tick."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The pace of a sensor: a look at GitHub or Notion every ``poll_seconds``, with webhooks sooner where one came."""

    poll_seconds: int
    webhooks: bool = False

    @property
    def tick_seconds(self) -> int:
        """The seconds between two ticks."""
        return LOOK_FOR_NOTES_S if self.webhooks else self.poll_seconds

    def is_due(self, polled_at: float, now: float) -> bool:
        """Return whether it is time to look without a reason; a clock that was set back keeps nobody waiting."""
        return not self.webhooks or not 0 <= now - polled_at < self.poll_seconds - _CLOCK_TICKS_S


def write_note(instance: dg.DagsterInstance, change: Change, at: float | None = None) -> None:
    """Note a change. ``at``: when it came, POSIX seconds (default: now).

    Raises:
        NoteError: Dagster's storage can't be written to now.
    """
    from sqlalchemy.exc import SQLAlchemyError  # takes a sixth of all that importing the definitions takes

    stamp = f"{time.time() if at is None else at:.6f}"
    try:
        instance.daemon_cursor_storage.set_cursor_values({_key(change.kind, change.repo): stamp})
    except (SQLAlchemyError, dg.DagsterError, OSError) as error:
        first_line = str(error).partition("\n")[0]
        raise NoteError(f"Dagster's storage can't be written to: {first_line or type(error).__name__}") from error


def read_notes(instance: dg.DagsterInstance, kind: ChangeKind, repositories: Iterable[str] = ("",)) -> dict[str, float]:
    """Return when the last change of a kind came, POSIX seconds, by repository; none for most of them."""
    assert kind in get_args(ChangeKind)
    keys = {_key(kind, repo): repo for repo in repositories}
    stamps = instance.daemon_cursor_storage.get_cursor_values(set(keys)) if keys else {}
    return {keys[key]: float(stamp) for key, stamp in stamps.items()}


def open_notes(notes: Mapping[str, float], seen: Mapping[str, float]) -> list[str]:
    """Return the repositories whose note wasn't seen to, the one that waits longest first."""
    return sorted((repo for repo, at in notes.items() if seen.get(repo) != at), key=lambda repo: (notes[repo], repo))


def is_settled(at: float, now: float) -> bool:
    """Return whether what a note told of must be in the lists by now."""
    return now - at >= LISTS_LAG_S


def _key(kind: ChangeKind, repo: str) -> str:
    return f"{_PREFIX}:{kind}:{repo}"
