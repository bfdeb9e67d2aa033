"""The events that sensors have seen, in Dagster's own storage: one text a repository, which the next one replaces.

Belongs here: reading and writing it. Dagster keeps a sensor's cursor with every tick, so what is known of a thousand
repositories doesn't belong into it. There stays what a tick found that is new: only when Dagster has stored the cursor,
it has also asked for the runs, and the next tick writes it down.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TypeVar

import dagster as dg

from roadmap_pipeline.orchestration.events import Cursor, Seen
from roadmap_pipeline.webhooks.changes import ChangeKind

T = TypeVar("T")

_PREFIX = "roadmap/seen"


class SeenEvents:
    """The memory of one sensor. ``begun_at``: when its cursor began; what an earlier one has seen counts no more."""

    def __init__(self, instance: dg.DagsterInstance, kind: ChangeKind, begun_at: float) -> None:
        self._storage = instance.daemon_cursor_storage
        self._kind = kind
        self._begun_at = begun_at

    def knowing(self, cursor: Cursor, repositories: Collection[str]) -> Cursor:
        """Return the cursor with what is known of these repositories beside what it holds itself."""
        seen, noted = dict(cursor.seen), dict(cursor.noted)
        for repo, (events, note) in self._read([one for one in repositories if one not in cursor.seen]).items():
            if events is not None:
                seen[repo] = events
            if note is not None:
                noted.setdefault(repo, note)
        return replace(cursor, seen=seen, noted=noted)

    def keep(self, cursor: Cursor, leaving: Collection[str] = ()) -> Cursor:
        """Write down what the cursor knows of repositories, and return it with those of ``leaving`` alone."""
        texts = {
            self._key(repo): self._text(cursor.seen.get(repo), cursor.noted.get(repo))
            for repo in {*cursor.seen, *cursor.noted}.difference(leaving)
        }
        known = self._storage.get_cursor_values(set(texts)) if texts else {}
        if changed := {key: text for key, text in texts.items() if known.get(key) != text}:
            self._storage.set_cursor_values(changed)
        return replace(cursor, seen=_only(cursor.seen, leaving), noted=_only(cursor.noted, leaving))

    def _read(self, repositories: Collection[str]) -> dict[str, tuple[Seen | None, float | None]]:
        keys = {self._key(repo): repo for repo in repositories}
        found = {}
        for key, text in (self._storage.get_cursor_values(set(keys)) if keys else {}).items():
            begun_at, seen, note = json.loads(text)
            if begun_at == self._begun_at:
                found[keys[key]] = None if seen is None else Seen(seen[0], tuple(seen[1]), seen[2]), note
        return found

    def _text(self, seen: Seen | None, note: float | None) -> str:
        events = None if seen is None else [seen.at, seen.run_keys, seen.etag]
        return json.dumps([self._begun_at, events, note], separators=(",", ":"))

    def _key(self, repo: str) -> str:
        return f"{_PREFIX}:{self._kind}:{repo}"


def _only(kept: Mapping[str, T], repositories: Collection[str]) -> dict[str, T]:
    return {repo: one for repo, one in kept.items() if repo in repositories}
